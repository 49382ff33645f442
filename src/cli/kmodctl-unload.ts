import { planRemoval, rmmodSync, type UnloadResult } from '../api/unload.ts';
import { jsonDocument } from './json-output.ts';
import { type Subcommand, UsageError } from './kmodctl-options.ts';
import { modulesText, stepTable } from './kmodctl-load.ts';

/** `kmodctl unload`. */
export const unloadSubcommand: Subcommand = {
  options: ['dry-run', 'force', 'keep-dependencies', 'release', 'root', 'json', 'color'],
  manual: {
    purpose: 'unload modules, and what they alone needed',
    usage: ['[options] NAME...'],
    about:
      'Unloads modules, what they alone needed, and their soft dependencies as far as nothing uses them.',
    operands: 'loaded',
  },
  run({ has, operands, place, paint }, io) {
    if (operands.length === 0) throw new UsageError('which modules? Give their names.');
    const planOptions = { ...place, dependencies: !has('keep-dependencies'), force: has('force') };
    const { skipped } = planRemoval(operands, planOptions);
    const result = rmmodSync(operands, { ...planOptions, dryRun: has('dry-run'), syscalls: io.syscalls });
    if (has('json')) {
      io.stdout(jsonDocument('unload', { dryRun: has('dry-run'), ...result, kept: skipped }));
      return 0;
    }
    const kept = skipped.map(({ module, reason }) => [module, 'kept', '', reason]);
    io.stdout(stepTable(result.steps, paint, kept) + summary(result, has('dry-run')));
    return 0;
  },
};

function summary({ modules, durationMs }: UnloadResult, isDryRun: boolean): string {
  const count = modulesText(modules.length);
  return isDryRun ? `Would unload ${count}.\n` : `Unloaded ${count} in ${durationMs.toFixed(0)} ms.\n`;
}
