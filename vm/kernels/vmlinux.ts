import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { asCacheError, noRoomError } from '../packages/cache-failure.ts';
import { partialName } from '../packages/cache-directory.ts';
import { runTool } from '../packages/tool-process.ts';
import { findKernelPayload, imageError, isArm64Image, isElf, type KernelPayload } from './kernel-image.ts';

/**
 * Writes the uncompressed kernel of an image file to `target`, complete or not at all. A guest that is not
 * accelerated would take seconds for the decompression.
 *
 * @throws VmError `ERR_KMOD_VM_KERNEL` if the image is not one; `ERR_KMOD_VM_PACKAGES` if xz or zstd is missing
 */
export async function extractVmlinux(source: string, target: string, signal?: AbortSignal): Promise<void> {
  const image = await readFile(source).catch((error: unknown) => {
    throw imageError(source, (error as Error).message, error);
  });
  const payload = findKernelPayload(image, source);
  const partial = partialName(target);
  try {
    await decompress(image.subarray(payload.offset, payload.offset + payload.length), payload, {
      source,
      partial,
      signal,
    });
    await requireKernel(partial, source);
    await rename(partial, target);
  } catch (error) {
    throw asCacheError(error, target);
  } finally {
    await rm(partial, { force: true });
  }
}

interface Decompression {
  readonly source: string;
  readonly partial: string;
  readonly signal: AbortSignal | undefined;
}

async function decompress(
  bytes: Buffer,
  { compression }: KernelPayload,
  { source, partial, signal }: Decompression,
): Promise<void> {
  if (compression === 'none') return writeFile(partial, bytes);
  if (compression === 'gzip') return writeFile(partial, gunzip(bytes, source));
  // The kernel's build appends the unpacked size (4 bytes, little-endian), which is no part of the stream.
  const size = bytes.readUInt32LE(bytes.length - 4);
  const packed = `${partial}.${compression}`;
  try {
    await writeFile(packed, bytes.subarray(0, -4));
    const [input, output] = await Promise.all([open(packed), open(partial, 'w')]);
    try {
      const run = await runTool(compression, ['-dcq'], { input: input.fd, output: output.fd, signal });
      if (/No space left/.test(run.stderr)) throw noRoomError(partial);
      if (run.exitCode !== 0) throw imageError(source, `${compression} says: ${run.stderr.trim()}`);
      const unpacked = (await output.stat()).size;
      if (unpacked !== size) throw imageError(source, `it unpacks to ${unpacked} bytes instead of ${size}`);
    } finally {
      await Promise.all([input.close(), output.close()]);
    }
  } finally {
    await rm(packed, { force: true });
  }
}

function gunzip(bytes: Buffer, source: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw imageError(source, `gzip says: ${(error as Error).message}`, error);
  }
}

async function requireKernel(path: string, source: string): Promise<void> {
  const handle = await open(path);
  try {
    const start = Buffer.alloc(64);
    await handle.read(start, 0, start.length, 0);
    if (!isElf(start) && !isArm64Image(start)) throw imageError(source, 'what it holds is no kernel');
  } finally {
    await handle.close();
  }
}
