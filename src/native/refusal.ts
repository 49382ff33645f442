import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

import { KmodError } from '../errors/kmod-error.ts';
import { ModuleSystemError } from '../errors/system-error.ts';

const EBADF = -9;
const ENOMEM = -12;
const EMFILE = -24;
const ETXTBSY = -26;
const ENOSYS = -38;

/** What a module call was about, for the error that it may end in. */
export interface CallSubject {
  /** File of the module. */
  readonly path?: string | undefined;
  /** Kernel name of the module. */
  readonly module?: string | undefined;
}

/** A module call that did not answer 0. */
export interface Refusal extends CallSubject {
  readonly syscall: 'init_module' | 'finit_module' | 'delete_module';
  /** The raw result, not 0. */
  readonly result: number;
  /** Descriptor given to finit_module. */
  readonly fd?: number;
}

/** The error for a refusal. What an errno hides is looked up here, after the failure, so that success costs nothing. */
export function refusalError(refusal: Refusal): Error {
  if (refusal.result === ENOSYS) return missingCallError(refusal);
  return new ModuleSystemError({ ...refusal, hint: descriptorHint(refusal) });
}

/**
 * Waits for a call on its own thread; answers its raw result.
 *
 * @throws ModuleSystemError where the call could not be started; its `syscall` is the one that failed in its place
 */
export async function startedCall(answer: Promise<number> | number): Promise<number> {
  if (typeof answer !== 'number') return answer;
  const [syscall, lack] =
    answer === EMFILE
      ? ['fcntl', 'no file descriptor is free for a duplicate (ulimit -n)']
      : answer === ENOMEM
        ? ['malloc', 'there is no memory for a copy of the image']
        : ['pthread_create', 'no thread can be started for it (ulimit -u, or pids.max of the cgroup)'];
  throw new ModuleSystemError({
    syscall: syscall ?? '',
    result: answer,
    hint: `the module call was not made, ${lack}`,
  });
}

// ENOSYS has three causes: a kernel without modules, one without unloading, and a sandbox that hides the call.
function missingCallError({ syscall, result, path, module }: Refusal): Error {
  const details = { errno: result, syscall, ...(path && { path }), ...(module && { module }) };
  if (existsSync('/proc/self') && !existsSync('/proc/modules'))
    return new KmodError(
      'ERR_KMOD_NO_MODULE_SUPPORT',
      `The running kernel (${release()}) has no support for loadable modules: ${syscall} answers ENOSYS and /proc/modules does not exist. It was built with CONFIG_MODULES=n; nothing can be loaded or unloaded on it.`,
      details,
    );
  if (syscall === 'delete_module' && existsSync('/proc/modules'))
    return new KmodError(
      'ERR_KMOD_NO_UNLOAD_SUPPORT',
      `The running kernel (${release()}) cannot unload modules: delete_module answers ENOSYS. It was built with CONFIG_MODULE_UNLOAD=n, or a sandbox hides the call.`,
      details,
    );
  return new ModuleSystemError({
    syscall,
    result,
    path,
    module,
    hint: 'the kernel is too old for this call, or a sandbox (seccomp, gVisor) hides it',
  });
}

// The kernel has one errno for a closed, a write-only and an O_PATH descriptor; /proc tells them apart.
function descriptorHint({ syscall, result, fd }: Refusal): string | undefined {
  if (syscall !== 'finit_module' || fd === undefined) return undefined;
  if (result === ETXTBSY)
    return 'the file is open for writing somewhere (this descriptor, if it was opened O_RDWR, counts too); open it read-only';
  if (result !== EBADF) return undefined;
  const flags = descriptorFlags(fd);
  if (flags === undefined) return `file descriptor ${fd} is not open`;
  const O_PATH = 0o10000000;
  if (flags & O_PATH) return `file descriptor ${fd} was opened with O_PATH; open the file with O_RDONLY`;
  if ((flags & 0o3) === 1)
    return `file descriptor ${fd} is open for writing only; open the file with O_RDONLY`;
  return undefined;
}

function descriptorFlags(fd: number): number | undefined {
  try {
    const match = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
    return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 8);
  } catch {
    return undefined;
  }
}
