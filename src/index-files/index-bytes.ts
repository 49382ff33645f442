import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { filePath } from '../native/byte-text.ts';

/** Offsets in an index have 28 bits: nothing beyond this can be reached. */
export const MAX_INDEX_SIZE = 2 ** 28;

/**
 * The bytes of an index file. Undefined when there is none: depmod leaves a file of no bytes where it had no input,
 * so an empty one counts as absent.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE` for a file that cannot be read, is not a regular one or is too large
 */
export function readIndexBytes(path: string): Buffer | undefined {
  const bytes = readPresentBytes(path);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

/** {@link readIndexBytes} where a file of no bytes is one: only an absent file is undefined. */
export function readPresentBytes(path: string): Buffer | undefined {
  const file = openPresent(path);
  if (file === undefined) return undefined;
  try {
    return readWhole(file, path);
  } finally {
    closeSync(file.descriptor);
  }
}

/** An index file that is open for reading. */
export interface OpenIndex {
  readonly descriptor: number;
  /** In bytes. */
  readonly size: number;
}

/**
 * Opens an index file. Undefined when there is none.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE` for a file that cannot be opened, is not a regular one or is too large
 */
export function openPresent(path: string): OpenIndex | undefined {
  let descriptor: number;
  try {
    // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
    descriptor = openSync(filePath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw unreadableError(path, error);
  }
  const status = fstatSync(descriptor);
  if (status.isFile() && status.size <= MAX_INDEX_SIZE) return { descriptor, size: status.size };
  closeSync(descriptor);
  throw unreadableError(
    path,
    status.isFile()
      ? `it has ${status.size} bytes, an index has at most ${MAX_INDEX_SIZE}`
      : 'it is not a regular file',
  );
}

/** Whether an error says that there is no file of that name, nor can be one. */
export function isNoFile(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

function readWhole({ descriptor, size }: OpenIndex, path: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  let length = 0;
  try {
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
    }
  } catch (error) {
    throw unreadableError(path, error);
  }
  return bytes.subarray(0, length);
}

/** The error `ERR_KMOD_INDEX_UNREADABLE`. */
export function unreadableError(path: string, reason: unknown): KmodError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new KmodError('ERR_KMOD_INDEX_UNREADABLE', `The index file ${path} cannot be read: ${text}`, {
    path,
    ...(reason instanceof Error && { cause: reason }),
  });
}
