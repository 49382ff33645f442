import { resolve } from 'node:path';

import type { PlanOptions } from '../api/load.ts';
import type { CliIo } from './cli-io.ts';
import type { KmodctlOptionId } from './kmodctl-option-texts.ts';
import { type SubcommandArguments, namedConfiguration, requireCompat } from './kmodctl-options.ts';

/** Options of subcommands that plan a load. */
export const planningOptionIds: readonly KmodctlOptionId[] = [
  'config',
  'modules-conf',
  'ignore-commands',
  'use-blacklist',
  'compat',
];

/** What they mean to the library. */
export function planningOptions(given: SubcommandArguments, io: CliIo): PlanOptions {
  const { has, value } = given;
  requireCompat(given);
  const config = namedConfiguration(given, io);
  return {
    ...(config.length > 0 && { config }),
    ...(has('modules-conf') && { modulesConf: modulesConfOf(value('modules-conf'), io) }),
    // As with modprobe, the folder of the modules does not move those of the configuration.
    configRoot: io.root ?? '/',
    compat: has('compat'),
    ignoreCommands: has('ignore-commands'),
    blacklist: has('use-blacklist') ? 'asked' : 'aliases',
  };
}

function modulesConfOf(file: string | undefined, { workingDirectory }: CliIo): string | true {
  return file === undefined || file === '' ? true : resolve(workingDirectory, file);
}
