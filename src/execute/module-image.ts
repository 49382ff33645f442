import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { filePath } from '../native/byte-text.ts';
import { DEFAULT_UNPACK_LIMIT, unpack, unpackSync } from '../native/decompression.ts';
import type { Run } from './effect.ts';

/** A module file that is open: what is checked of it is what will be loaded, whatever becomes of its path. */
export interface OpenModuleFile {
  readonly path: string;
  readonly descriptor: number;
}

/**
 * Opens a module file. The caller closes it.
 *
 * @throws Error of node:fs
 */
export function openModuleFile(path: string): OpenModuleFile {
  // A FIFO put in the file's place must not hang the run; regular files do not care about O_NONBLOCK.
  return { path, descriptor: openSync(filePath(path), constants.O_RDONLY | constants.O_NONBLOCK) };
}

/** Closes it. */
export function closeModuleFile({ descriptor }: OpenModuleFile): void {
  closeSync(descriptor);
}

/**
 * The whole file as it is on the disk.
 *
 * @throws Error of node:fs
 */
export function fileBytes({ descriptor }: OpenModuleFile): Buffer {
  const bytes = Buffer.allocUnsafeSlow(fstatSync(descriptor).size);
  let done = 0;
  while (done < bytes.length) {
    const length = readSync(descriptor, bytes, done, bytes.length - done, done);
    if (length === 0) break; // it has become shorter
    done += length;
  }
  return bytes.subarray(0, done);
}

/**
 * The module in a file, unpacked where it is compressed; not in the calling thread where that can be helped.
 *
 * @throws Error of node:fs; KmodError `ERR_KMOD_COMPRESSED_DATA`, `ERR_KMOD_TOO_LARGE`, `ERR_KMOD_COMPRESSION_LIBRARY`,
 *   `ERR_KMOD_NATIVE_LOAD`, `ERR_KMOD_PLATFORM`
 */
export function* unpackedImage(file: OpenModuleFile): Run<Buffer> {
  const bytes = fileBytes(file);
  let image = bytes;
  yield {
    kind: 'call',
    invoke: async () => {
      image = await unpack(bytes, file.path, DEFAULT_UNPACK_LIMIT);
    },
    invokeSync: () => {
      image = unpackSync(bytes, file.path, DEFAULT_UNPACK_LIMIT);
    },
  };
  return image;
}
