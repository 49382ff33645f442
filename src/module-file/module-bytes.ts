import { closeSync, constants as fs, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type * as Promises from 'node:fs/promises';

import { KmodError } from '../errors/kmod-error.ts';
import { filePath } from '../native/byte-text.ts';
import { tellingParts } from './partial-module.ts';

/** To load it takes a while, and the tools do without. */
const promises = (): typeof Promises => process.getBuiltinModule('node:fs/promises');

// Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
const FLAGS = fs.O_RDONLY | fs.O_NONBLOCK;

/**
 * The bytes of a module file as they are on the disk.
 *
 * @param limit in bytes
 * @throws KmodError `ERR_KMOD_MODULE_FILE` for a file that cannot be read or is not a regular one, `ERR_KMOD_TOO_LARGE`
 */
export async function readModuleBytes(path: string, limit: number): Promise<Buffer> {
  try {
    const file = await promises().open(filePath(path), FLAGS);
    try {
      requireModuleFile(await file.stat(), path, limit);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

/** {@link readModuleBytes}, blocking. */
export function readModuleBytesSync(path: string, limit: number): Buffer {
  try {
    const descriptor = openSync(filePath(path), FLAGS);
    try {
      requireModuleFile(fstatSync(descriptor), path, limit);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * As {@link readModuleBytes}, but of a large plain file only the parts that tell about the module (`tellingParts`): the
 * rest is zeros.
 */
export async function readTellingBytes(path: string, limit: number): Promise<Buffer> {
  try {
    const file = await promises().open(filePath(path), FLAGS);
    try {
      const status = await file.stat();
      requireModuleFile(status, path, limit);
      const bytes = Buffer.alloc(status.size);
      const parts = tellingParts(bytes);
      for (let part = parts.next(); ; part = parts.next()) {
        if (part.done === true) return part.value ? bytes : await file.readFile();
        const { start, end } = part.value;
        for (let at = start; at < end;) {
          const { bytesRead } = await file.read(bytes, at, end - at, at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readError(path, error);
  }
}

/** {@link readTellingBytes}, blocking. */
export function readTellingBytesSync(path: string, limit: number): Buffer {
  try {
    const descriptor = openSync(filePath(path), FLAGS);
    try {
      const status = fstatSync(descriptor);
      requireModuleFile(status, path, limit);
      const bytes = Buffer.alloc(status.size);
      const parts = tellingParts(bytes);
      for (let part = parts.next(); ; part = parts.next()) {
        if (part.done === true) return part.value ? bytes : readFileSync(descriptor);
        const { start, end } = part.value;
        for (let at = start; at < end;) {
          const count = readSync(descriptor, bytes, at, end - at, at);
          if (count === 0) break;
          at += count;
        }
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw readError(path, error);
  }
}

function requireModuleFile(status: { isFile(): boolean; size: number }, path: string, limit: number): void {
  if (!status.isFile())
    throw new KmodError('ERR_KMOD_MODULE_FILE', `${path} is not a regular file, so it is no module.`, {
      path,
      errno: -22,
    });
  if (status.size > limit)
    throw new KmodError(
      'ERR_KMOD_TOO_LARGE',
      `The module file ${path} has ${status.size} bytes, more than the limit of ${limit}.`,
      { path },
    );
}

function readError(path: string, cause: unknown): Error {
  if (cause instanceof KmodError) return cause;
  const { message, errno, syscall } = cause as NodeJS.ErrnoException;
  return new KmodError('ERR_KMOD_MODULE_FILE', `The module file ${path} cannot be read: ${message}`, {
    path,
    cause,
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
  });
}
