/**
 * The whole program as far as one tool goes. Each tool is a bundle of its own (`vm/bundle-cli.mjs` makes them), because to
 * compile the rest would take longer than most runs.
 */
import { basename } from 'node:path';

import {
  deleteModule,
  deleteModuleSync,
  finitModule,
  finitModuleSync,
  initModule,
  initModuleSync,
  type ModuleCalls,
} from '../native/module-calls.ts';
import type { CliIo, Command } from './cli-io.ts';

/** As `run` of `main.ts`, for a link with the tool's name and for the command of that name. */
export function toolProgram(
  name: string,
  command: Command,
): (argv: readonly string[], io: CliIo) => number | Promise<number> {
  return (argv, io) => command(argv.slice(basename(argv[1] ?? '') === name ? 2 : 3), io, name);
}

/** Put together here, so that the calls themselves can be in a part of the bundle that a dry run does not read. */
export const moduleCalls: ModuleCalls = {
  initModule,
  initModuleSync,
  finitModule,
  finitModuleSync,
  deleteModule,
  deleteModuleSync,
};
export { startedWithoutDescriptors } from '../native/standard-descriptors.ts';
export { writeSystemLog } from '../native/system-log.ts';
