import { basename } from 'node:path';

import type { CliIo } from './cli-io.ts';
import { runKmodctl, tools } from './kmodctl.ts';

/**
 * The whole program.
 *
 * @param argv as `process.argv`: the interpreter, the program's file, its arguments. The file's name decides which
 *   program this is
 * @returns the exit code
 */
export function run(argv: readonly string[], io: CliIo): number | Promise<number> {
  const program = basename(argv[1] ?? '');
  const rest = argv.slice(2);
  const tool = Object.hasOwn(tools, program) ? tools[program] : undefined;
  return tool === undefined ? runKmodctl(rest, io) : tool(rest, io, program);
}

export { moduleCalls } from '../native/real-calls.ts';
export { startedWithoutDescriptors } from '../native/standard-descriptors.ts';
export { writeSystemLog } from '../native/system-log.ts';
