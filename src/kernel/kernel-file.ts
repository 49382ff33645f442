import { closeSync, openSync, readSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';

/** Which /proc and /sys to read. */
export interface KernelLocation {
  /** Folder that holds `proc` and `sys`. Default `/`. */
  readonly root?: string | undefined;
}

/** Path of a file below a root, for example `sys/module/compression`. */
export function kernelPath(location: KernelLocation, path: string): string {
  const root = location.root ?? '/';
  return root.endsWith('/') ? root + path : `${root}/${path}`;
}

/** A file's text and in how many pieces the kernel gave it out. */
export interface KernelText {
  readonly text: string;
  readonly pieces: number;
}

/** What an error of a file that went away looks like: before opening, and between opening and reading (sysfs; ESRCH: of a process). */
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ENAMETOOLONG', 'ESRCH']);

/**
 * Reads a file of /proc or /sys, whose size is not known beforehand. Undefined when it does not exist or vanishes.
 *
 * @throws KmodError `ERR_KMOD_PROC` when it exists but cannot be read
 */
export function readKernelText(path: string): KernelText | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      return readPieces(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (GONE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new KmodError('ERR_KMOD_PROC', `${path} cannot be read: ${(error as Error).message}`, {
      path,
      cause: error,
    });
  }
}

function readPieces(descriptor: number): KernelText {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.allocUnsafe(16_384);
    const length = readSync(descriptor, part, 0, part.length, null);
    if (length === 0) break;
    parts.push(part.subarray(0, length));
  }
  return { text: Buffer.concat(parts).toString('latin1'), pieces: parts.length };
}
