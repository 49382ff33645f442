import { closeSync, constants, openSync, readSync } from 'node:fs';

import type { KmodErrorCode } from '../errors/error-codes.ts';
import type { InsertCall } from './plan.ts';

const MAGIC_LENGTH = 6;

const magics: readonly (readonly [compression: string, magic: readonly number[]])[] = [
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['gzip', [0x1f, 0x8b]],
];

/** The call for a file, and what is in its way, if anything. */
export interface CallChoice {
  readonly call: InsertCall;
  readonly obstacle?: {
    readonly code: KmodErrorCode;
    readonly reason: string;
    readonly errno: number | null;
  };
}

/**
 * Chooses the call by the file's first bytes; its name does not count.
 *
 * @param readKernelCompression tells what the running kernel can unpack by itself: `xz`, `zstd`, `gzip` or undefined.
 *   Asked only for a compressed file
 */
export function chooseCall(path: string, readKernelCompression: () => string | undefined): CallChoice {
  let start: Buffer;
  try {
    start = readStart(path);
  } catch (error) {
    const { message, errno = null } = error as NodeJS.ErrnoException & { errno?: number };
    return fileObstacle(`The module file ${path} cannot be read: ${message}. Run depmod.`, errno);
  }
  if (start.length < MAGIC_LENGTH)
    return fileObstacle(`The module file ${path} has only ${start.length} bytes and is none.`, null);
  const compression = magics.find(([, magic]) => magic.every((byte, index) => start[index] === byte))?.[0];
  if (compression === undefined) return { call: 'finit' };
  const kernelCompression = readKernelCompression();
  if (compression === kernelCompression) return { call: 'finit-compressed' };
  const ability =
    kernelCompression === undefined
      ? 'the running kernel unpacks no module files by itself (/sys/module/compression does not exist)'
      : `the running kernel unpacks only ${kernelCompression}`;
  return {
    call: 'init',
    obstacle: {
      code: 'ERR_KMOD_COMPRESSION',
      errno: null,
      reason: `${path} is compressed with ${compression}, and ${ability}. Unpack the file, or use a tree of uncompressed modules.`,
    },
  };
}

function fileObstacle(reason: string, errno: number | null): CallChoice {
  return { call: 'finit', obstacle: { code: 'ERR_KMOD_MODULE_FILE', reason, errno } };
}

function readStart(path: string): Buffer {
  // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const start = Buffer.alloc(MAGIC_LENGTH);
    return start.subarray(0, readSync(descriptor, start, 0, MAGIC_LENGTH, 0));
  } finally {
    closeSync(descriptor);
  }
}
