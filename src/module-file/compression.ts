/** Module files are compressed as a whole, by one of three tools; which one is told by the first bytes. */
import { constants } from 'node:buffer';

import { requireInteger, requireOptions, requireString } from '../errors/argument.ts';
import { DEFAULT_UNPACK_LIMIT, unpack, unpackSync } from '../native/decompression.ts';

export { type Compression, detectCompression } from '../native/compression-magic.ts';

/** For {@link unpackModule} and {@link unpackModuleSync}. */
export interface UnpackOptions {
  /** File that the bytes are from; named in errors. */
  readonly path: string;
  /** Largest result, in bytes; default 512 MiB. What would be larger is an error, and no more memory is taken. */
  readonly limit?: number | undefined;
}

/**
 * Unpacks a module file in the calling thread.
 *
 * @param bytes the whole file
 * @returns the unpacked file, or `bytes` itself where it is not compressed
 * @throws TypeError or RangeError for wrong arguments; KmodError `ERR_KMOD_COMPRESSED_DATA` (damaged, incomplete, or
 *   something follows it), `ERR_KMOD_TOO_LARGE`, `ERR_KMOD_COMPRESSION_LIBRARY` (liblzma or libzstd is missing), and for
 *   xz and zstd `ERR_KMOD_NATIVE_LOAD` and `ERR_KMOD_PLATFORM`
 */
export function unpackModuleSync(bytes: Buffer, options: UnpackOptions): Buffer {
  const { path, limit } = requireUnpackOptions(options);
  return unpackSync(bytes, path, limit);
}

/** {@link unpackModuleSync} off the calling thread. `bytes` must not be changed before the promise is settled. */
export async function unpackModule(bytes: Buffer, options: UnpackOptions): Promise<Buffer> {
  const { path, limit } = requireUnpackOptions(options);
  return await unpack(bytes, path, limit);
}

function requireUnpackOptions(options: UnpackOptions): { readonly path: string; readonly limit: number } {
  requireOptions('options', options, { path: 'string', limit: 'number' });
  const path = requireString('options.path', options.path);
  // A Buffer of limit + 1 bytes must be possible, to see whether the limit is exceeded.
  const limit = requireInteger('options.limit', options.limit ?? DEFAULT_UNPACK_LIMIT, 1, LARGEST_LIMIT);
  return { path, limit };
}

const LARGEST_LIMIT = Math.min(constants.MAX_LENGTH, 2 ** 40) - 1;
