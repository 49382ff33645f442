import type * as Zlib from 'node:zlib';

import { dataError, tooLargeError, type UnpackSubject } from './unpack-failure.ts';

/** Not imported: it takes 2 ms to load, and few runs of a tool need it. */
const zlib = (): typeof Zlib => process.getBuiltinModule('node:zlib');

/** Unpacks gzip data of one or several members. Zero bytes may follow (padding), anything else is an error. */
export function gunzipSync(bytes: Uint8Array, subject: UnpackSubject): Buffer {
  try {
    return zlib().gunzipSync(bytes, gunzipOptions(bytes, subject));
  } catch (error) {
    throw gzipError(error, subject);
  }
}

/** {@link gunzipSync} in libuv's thread pool. */
export async function gunzip(bytes: Uint8Array, subject: UnpackSubject): Promise<Buffer> {
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      zlib().gunzip(bytes, gunzipOptions(bytes, subject), (error, unpacked) => {
        if (error === null) resolve(unpacked);
        else reject(error);
      });
    });
  } catch (error) {
    throw gzipError(error, subject);
  }
}

// A member ends with its size: one chunk of that size saves putting many small ones together. The claim is believed as
// far as it is likely.
function gunzipOptions(bytes: Uint8Array, { limit }: UnpackSubject): Zlib.ZlibOptions {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const claimed = bytes.length < 4 ? 0 : view.getUint32(bytes.length - 4, true);
  const likely = Math.min(claimed + 1, bytes.length * 8, 16 * 1024 * 1024);
  const chunkSize = Math.max(likely, 64 * 1024);
  return { maxOutputLength: limit, chunkSize };
}

// Only zlib's words tell some of the cases apart. "incorrect header check" cannot be about the first member: its magic
// is known to be right.
function gzipError(error: unknown, subject: UnpackSubject): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLargeError(subject);
  if (code === 'Z_BUF_ERROR') return dataError(subject, 'ends early: the file is incomplete', error);
  if (message === 'incorrect header check')
    return dataError(subject, 'is complete, but something else follows it', error);
  if (code?.startsWith('Z_') === true) return dataError(subject, `is damaged (${message})`, error);
  return error as Error;
}
