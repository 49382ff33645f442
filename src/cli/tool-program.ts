/**
 * The whole program as far as one tool goes. Each tool is a bundle of its own (`vm/bundle-cli.mjs` makes them), because to
 * compile the rest would take longer than most runs.
 */
import { basename } from 'node:path';

import type { CliIo, Command } from './cli-io.ts';

/** As `run` of `main.ts`, for a link with the tool's name and for the command of that name. */
export function toolProgram(
  name: string,
  command: Command,
): (argv: readonly string[], io: CliIo) => number | Promise<number> {
  return (argv, io) => command(argv.slice(basename(argv[1] ?? '') === name ? 2 : 3), io, name);
}

export { moduleCalls } from '../native/real-calls.ts';
export { startedWithoutDescriptors } from '../native/standard-descriptors.ts';
export { writeSystemLog } from '../native/system-log.ts';
