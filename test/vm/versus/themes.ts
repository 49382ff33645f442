import type { Theme } from './scenario.ts';
import { aliases } from './scenarios/aliases.ts';
import { blacklist } from './scenarios/blacklist.ts';
import { commands } from './scenarios/commands.ts';
import { configuration } from './scenarios/configuration.ts';
import { files } from './scenarios/files.ts';
import { loading } from './scenarios/loading.ts';
import { parameters } from './scenarios/parameters.ts';
import { removal } from './scenarios/removal.ts';
import { rollback } from './scenarios/rollback.ts';
import { softDependencies } from './scenarios/soft-dependencies.ts';
import { unloading } from './scenarios/unloading.ts';

/** All scenarios. */
export const themes: readonly Theme[] = [
  loading,
  parameters,
  softDependencies,
  aliases,
  blacklist,
  commands,
  configuration,
  files,
  unloading,
  removal,
  rollback,
];
