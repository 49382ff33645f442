/**
 * Unpacks compressed files in memory: xz and zstd through the system's liblzma and libzstd, which are loaded when the
 * first such file is met, gzip through node:zlib.
 */
import { availableParallelism } from 'node:os';

import type { LibraryFormat, NativeDecoder } from './binding.ts';
import { detectCompression } from './compression-magic.ts';
import { statedContentSize } from './content-size.ts';
import { gunzip, gunzipSync } from './gzip.ts';
import { nativeBinding } from './load-binding.ts';
import {
  decodeError,
  decodeResult,
  libraryError,
  tooLargeError,
  type UnpackSubject,
} from './unpack-failure.ts';

/** Largest output taken unless the caller says otherwise, in bytes: 512 MiB. */
export const DEFAULT_UNPACK_LIMIT = 512 * 1024 * 1024;

const MIB = 1024 * 1024;
/** Most modules shrink to more than a sixth. */
const USUAL_RATIO = 6;
/** A larger output buffer than this is not kept for the next file. */
const MOST_KEPT = 64 * MIB;
/** A file that says that it has more is not believed before it is seen. */
const MOST_STATED = 64 * MIB;

const formats: Readonly<Record<'xz' | 'zstd', LibraryFormat>> = { xz: 1, zstd: 2 };

type LibrarySubject = UnpackSubject & { readonly compression: 'xz' | 'zstd' };

/**
 * Unpacks one file after the other in the calling thread, and keeps the libraries' state and the output's memory from
 * one to the next. Not to be shared between threads: each makes its own.
 */
export class Decompressor {
  readonly #limit: number;
  #decoder: NativeDecoder | undefined;
  #output: Buffer = Buffer.alloc(0);

  /** @param limit the largest output taken, in bytes; default {@link DEFAULT_UNPACK_LIMIT} */
  constructor(limit: number = DEFAULT_UNPACK_LIMIT) {
    this.#limit = limit;
  }

  /**
   * Unpacks a file; a file that is not compressed is answered as it is.
   *
   * @param path what to name in an error
   * @returns bytes that are valid until the next call: the output's memory is used again
   * @throws KmodError `ERR_KMOD_COMPRESSED_DATA`, `ERR_KMOD_TOO_LARGE`, `ERR_KMOD_COMPRESSION_LIBRARY`,
   *   `ERR_KMOD_NATIVE_LOAD`, `ERR_KMOD_PLATFORM`
   */
  unpack(bytes: Uint8Array, path: string): Buffer {
    const limit = this.#limit;
    const compression = detectCompression(bytes);
    if (compression === 'none') return uncompressed(bytes, path, limit);
    if (compression === 'gzip') return gunzipSync(bytes, { path, compression, limit });
    return this.#decode(ownMemory(bytes), { path, compression, limit });
  }

  /** Frees what is kept for the next file; bytes answered earlier stay valid. */
  release(): void {
    if (this.#decoder) nativeBinding().releaseDecoder(this.#decoder);
    this.#output = Buffer.alloc(0);
  }

  #decode(input: Uint8Array, subject: LibrarySubject): Buffer {
    const native = nativeBinding();
    this.#decoder ??= native.createDecoder() ?? undefined;
    if (!this.#decoder) throw decodeError(subject, { result: decodeResult.noMemory, position: 0 });
    // One byte more than the limit, to see whether there is one.
    const most = subject.limit + 1;
    this.#makeRoom(Math.min(most, Math.max(MIB, expectedSize(input, subject.compression))));
    let format: LibraryFormat | 0 = formats[subject.compression];
    let produced = 0;
    for (;;) {
      const answer = native.decode(this.#decoder, format, input, this.#output, produced, subject.limit);
      if (typeof answer === 'number') {
        if (answer > subject.limit) throw tooLargeError(subject);
        return this.#output.subarray(0, answer);
      }
      if (answer.result === decodeResult.libraryMissing) throw missingLibrary(subject);
      produced = this.#output.length;
      if (answer.result !== decodeResult.outputFull || produced >= most) throw decodeError(subject, answer);
      this.#grow(Math.min(most, produced * 2));
      format = 0;
    }
  }

  #makeRoom(wanted: number): void {
    const kept = this.#output.length;
    if (kept >= wanted && (kept <= MOST_KEPT || wanted > MOST_KEPT)) return;
    this.#output = Buffer.allocUnsafeSlow(wanted);
  }

  #grow(capacity: number): void {
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#output.copy(larger);
    this.#output = larger;
  }
}

/** One byte more than it says: a decoder whose output is full has not seen the end of the file yet. */
function expectedSize(input: Uint8Array, compression: LibrarySubject['compression']): number {
  const usual = input.length * USUAL_RATIO;
  const stated = statedContentSize(input, compression) ?? usual;
  return stated <= MOST_STATED ? stated + 1 : usual;
}

/** {@link Decompressor.unpack} for a single file, into memory of its own. */
export function unpackSync(bytes: Uint8Array, path: string, limit: number): Buffer {
  const decompressor = new Decompressor(limit);
  try {
    return decompressor.unpack(bytes, path);
  } finally {
    decompressor.release();
  }
}

/**
 * {@link unpackSync} on other threads, as many at a time as there are processors.
 *
 * `bytes` must not be changed before the promise is settled: they may be read only when another file is done.
 */
export async function unpack(bytes: Uint8Array, path: string, limit: number): Promise<Buffer> {
  const compression = detectCompression(bytes);
  if (compression === 'none') return uncompressed(bytes, path, limit);
  return await inTurn(async () => {
    if (compression === 'gzip') return await gunzip(bytes, { path, compression, limit });
    return await decodeOnThread(bytes, { path, compression, limit });
  });
}

async function decodeOnThread(bytes: Uint8Array, subject: LibrarySubject): Promise<Buffer> {
  const call = nativeBinding().unpackAsync(formats[subject.compression], bytes, subject.limit);
  if (call === decodeResult.libraryMissing) throw missingLibrary(subject);
  // No thread, or no memory for the copy: then here and now.
  if (typeof call === 'number') return unpackSync(bytes, subject.path, subject.limit);
  const answer = await call;
  if ('result' in answer) throw decodeError(subject, answer);
  return answer;
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= availableParallelism()) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift(); // takes this one's place, so `running` stays as it is
    if (next) next();
    else running--;
  }
}

function uncompressed(bytes: Uint8Array, path: string, limit: number): Buffer {
  if (bytes.length > limit) throw tooLargeError({ path, compression: 'none', limit });
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// The libraries read some bytes twice and trust that they have not changed: another thread must not be able to.
function ownMemory(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes);
}

function missingLibrary({ path, compression }: LibrarySubject): Error {
  const reason = nativeBinding().compressionLibrary(formats[compression]);
  return libraryError(path, compression, reason ?? 'it appeared only now; try again');
}
