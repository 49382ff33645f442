/**
 * The whole program as far as depmod goes: a bundle of its own. It runs at each boot and each installation of a kernel, and
 * to compile the rest would take a sixth of its time.
 */
import { basename } from 'node:path';

import type { CliIo } from './cli-io.ts';
import { runDepmod } from './depmod.ts';

/** As of `main.ts`, for a link named depmod and for the command of that name. */
export function run(argv: readonly string[], io: CliIo): number {
  const isLink = basename(argv[1] ?? '') === 'depmod';
  return runDepmod(argv.slice(isLink ? 2 : 3), io, 'depmod');
}

export { moduleCalls } from '../native/module-calls.ts';
export { startedWithoutDescriptors } from '../native/standard-descriptors.ts';
export { writeSystemLog } from '../native/system-log.ts';
