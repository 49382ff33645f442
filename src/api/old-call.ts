import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';

/** Who gave the answer to an old call: the kernel's own call, or this package from /proc and /sys. */
export type AnswerSource = 'kernel' | 'emulated';

/**
 * Makes an old call where there is one. ENOSYS, which is what each kernel since 2.6 answers, means that there is none, and
 * so does EPERM for calls that need no privilege: then a filter of system calls answered. Of another `root` than `/`
 * the running kernel cannot tell.
 *
 * @returns undefined where there is no such call
 */
export function answerOfKernel<Answer>(
  location: KernelLocation,
  call: () => Answer,
  needsPrivilege = false,
): Answer | undefined {
  if ((location.root ?? '/') !== '/') return undefined;
  try {
    return call();
  } catch (error) {
    if (!(error instanceof ModuleSystemError)) throw error;
    if (error.code === 'ENOSYS' || (error.code === 'EPERM' && !needsPrivilege)) return undefined;
    throw error;
  }
}
