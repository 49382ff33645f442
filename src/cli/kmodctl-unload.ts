import { planRemoval, rmmodSync, type UnloadResult } from '../api/unload.ts';
import type { Subcommand } from './kmodctl-options.ts';
import { modulesText, stepRow } from './kmodctl-load.ts';
import { textTable } from './text-table.ts';

/** `kmodctl unload`. */
export const unloadSubcommand: Subcommand = {
  options: ['dry-run', 'force', 'keep-dependencies', 'release', 'root'],
  help: `Usage: kmodctl unload [options] NAME...
Unloads modules, what they alone needed, and their soft dependencies as far as nothing uses them.
  -n, --dry-run            only look
      --keep-dependencies  unload only the modules named
  -f, --force              unload in spite of users or a missing exit function; may crash the machine
  -d, --root DIR           folder that holds lib/modules
  -S, --release NAME       kernel release
`,
  run({ has, operands, place }, io) {
    if (operands.length === 0) {
      io.stderr('kmodctl unload: which modules? Give their names.\n');
      return 1;
    }
    const planOptions = { ...place, dependencies: !has('keep-dependencies'), force: has('force') };
    const { skipped } = planRemoval(operands, planOptions);
    const result = rmmodSync(operands, { ...planOptions, dryRun: has('dry-run'), syscalls: io.syscalls });
    const kept = skipped.map(({ module, reason }) => [module, 'kept', '', reason]);
    io.stdout(textTable([...result.steps.map(stepRow), ...kept], [2]) + summary(result, has('dry-run')));
    return 0;
  },
};

function summary({ modules, durationMs }: UnloadResult, isDryRun: boolean): string {
  const count = modulesText(modules.length);
  return isDryRun ? `Would unload ${count}.\n` : `Unloaded ${count} in ${durationMs.toFixed(0)} ms.\n`;
}
