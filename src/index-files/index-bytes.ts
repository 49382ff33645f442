import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';

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
  let descriptor: number;
  try {
    // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadableError(path, error);
  }
  try {
    return readWhole(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(descriptor: number, path: string): Buffer {
  const status = fstatSync(descriptor);
  if (!status.isFile()) throw unreadableError(path, 'it is not a regular file');
  if (status.size > MAX_INDEX_SIZE)
    throw unreadableError(path, `it has ${status.size} bytes, an index has at most ${MAX_INDEX_SIZE}`);
  const bytes = Buffer.allocUnsafeSlow(status.size);
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
