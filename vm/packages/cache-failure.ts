import { VmError } from '../vm-error.ts';

/**
 * Explains a failure to write into the cache: no room (`ERR_KMOD_VM_NO_ROOM`) or no permission
 * (`ERR_KMOD_VM_PACKAGES`). Every other error is passed on as it is.
 */
export function asCacheError(error: unknown, directory: string): unknown {
  if (error instanceof VmError) return error;
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return noRoomError(directory, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return notWritableError(directory, error);
    default:
      return error;
  }
}

/** The cache's file system is full. */
export function noRoomError(directory: string, cause?: unknown): VmError {
  return new VmError(
    'ERR_KMOD_VM_NO_ROOM',
    `No room left in ${directory}. A kernel needs about 600 MB, the test modules' build root 500 MB: ` +
      'free some space, or set KMODCTL_CACHE to a folder that has it.',
    { cause },
  );
}

/** The cache's folder may not be written. */
export function notWritableError(directory: string, cause?: unknown): VmError {
  return new VmError(
    'ERR_KMOD_VM_PACKAGES',
    `No permission to write in ${directory}. Set KMODCTL_CACHE to a folder of your own.`,
    { cause },
  );
}
