import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageRoot } from '../../src/native/load-binding.ts';
import { runOrThrow } from './child-process.ts';

/** What the module calls of a child process shall do. */
export interface SlowSyscalls {
  /** Duration of each call in milliseconds. */
  readonly milliseconds: number;
  /** Answer as the kernel gives it, or one made of the arguments (see slow-syscall.c); default: the kernel's own. */
  readonly result?: number | 'size' | 'byte';
  /** Lets every start of a detached thread fail. */
  readonly noThreads?: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-shim-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let built: Promise<string> | undefined;

/** The environment for a child whose module calls are slow; `alsoPreload` comes first. */
export async function slowSyscalls(
  wanted: SlowSyscalls,
  alsoPreload: readonly string[] = [],
): Promise<Record<string, string>> {
  built ??= build();
  return {
    LD_PRELOAD: [...alsoPreload, await built].join(':'),
    KMODCTL_TEST_SYSCALL_MS: String(wanted.milliseconds),
    ...(wanted.result !== undefined && { KMODCTL_TEST_SYSCALL_RESULT: String(wanted.result) }),
    ...(wanted.noThreads === true && { KMODCTL_TEST_NO_THREADS: '1' }),
  };
}

async function build(): Promise<string> {
  const library = join(folder, 'slow-syscall.so');
  const source = join(packageRoot(), 'test', 'native', 'slow-syscall.c');
  await runOrThrow('cc', [
    '-shared',
    '-fPIC',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    library,
    source,
    '-ldl',
  ]);
  return library;
}
