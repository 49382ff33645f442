import { planRemoval, type PlanRemovalOptions, rmmodSync, type UnloadResult } from '../api/unload.ts';
import type { CliIo } from './cli-io.ts';
import { jsonDocument } from './json-output.ts';
import { unloadSentence } from './kmod-sentence.ts';
import { type Subcommand, type SubcommandArguments, UsageError } from './kmodctl-options.ts';
import { modulesText, stepTable } from './kmodctl-load.ts';
import { planningOptions } from './planning-options.ts';

/** `kmodctl unload`. */
export const unloadSubcommand: Subcommand = {
  options: [
    'dry-run',
    'force',
    'keep-dependencies',
    'remove-holders',
    'wait',
    'config',
    'modules-conf',
    'ignore-commands',
    'compat',
    'quiet',
    'release',
    'root',
    'json',
    'color',
  ],
  manual: {
    purpose: 'unload modules, and what they alone needed',
    usage: ['[options] NAME...'],
    about:
      'Unloads modules, what they alone needed, and their soft dependencies as far as nothing uses them.',
    operands: 'loaded',
  },
  run(given, io) {
    const { has, operands, paint } = given;
    if (operands.length === 0) throw new UsageError('which modules? Give their names.');
    const planOptions = removalOptions(given, io);
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
  kmodSentence: unloadSentence,
};

/** What the command line says about a removal. */
export function removalOptions(given: SubcommandArguments, io: CliIo): PlanRemovalOptions {
  const { has, value, place } = given;
  const wait = value('wait') ?? '0';
  if (!/^\d+$/.test(wait)) throw new UsageError(`--wait takes a number of milliseconds, not '${wait}'`);
  const { config, configRoot, compat, ignoreCommands, modulesConf } = planningOptions(given, io);
  return {
    ...place,
    config,
    modulesConf,
    configRoot,
    compat,
    ignoreCommands,
    dependencies: !has('keep-dependencies'),
    removeHolders: has('remove-holders'),
    waitMs: Number(wait),
    force: has('force'),
  };
}

function summary({ modules, durationMs }: UnloadResult, isDryRun: boolean): string {
  const count = modulesText(modules.length);
  return isDryRun ? `Would unload ${count}.\n` : `Unloaded ${count} in ${durationMs.toFixed(0)} ms.\n`;
}
