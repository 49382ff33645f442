/** Makes further module files out of built ones. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A module under another name of the same length, in its symbols and aliases too.
 *
 * @throws Error when the name does not occur
 */
export function renamedModule(bytes: Buffer, from: string, to: string): Buffer {
  return patched(bytes, from, to);
}

/** A file in which each occurrence of a text is replaced by one of the same length. */
export function patched(bytes: Buffer, from: string, to: string): Buffer {
  const result = Buffer.from(bytes);
  let count = 0;
  for (let place = result.indexOf(from); place >= 0; place = result.indexOf(from, place + 1), count++)
    result.write(to, place, 'latin1');
  if (count === 0 || from.length !== to.length) throw new Error(`"${from}" to "${to}": ${count} places`);
  return result;
}

/** A file's content without debugging symbols, where the host can take them away: they are nine tenths of it. */
export function withoutDebugging(path: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-strip-'));
  try {
    const { status } = spawnSync('strip', ['--strip-debug', '-o', join(folder, 'module.ko'), path]);
    return readFileSync(status === 0 ? join(folder, 'module.ko') : path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Packed by xz. The kernel unpacks files with `crc32` or none only.
 *
 * @param filters options for filters that come before the compression; default none
 */
export function packedByXz(bytes: Buffer, check: 'crc32' | 'crc64', filters: readonly string[] = []): Buffer {
  const options = ['-c', `--check=${check}`, ...filters, '--lzma2=dict=1MiB'];
  const { status, stdout, stderr } = spawnSync('xz', options, { input: bytes, maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`xz: ${stderr.toString()}`);
  return stdout;
}

const BLOCK = 128 * 1024;

/** A zstd frame that tells its content's size and stores it as it is, which every version of zstd reads. */
export function storedAsZstd(bytes: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(0xfd2fb528, 0);
  // One segment, whose size takes eight bytes.
  head.writeUInt8(0xe0, 4);
  head.writeBigUInt64LE(BigInt(bytes.length), 5);
  const parts: Buffer[] = [head];
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const block = bytes.subarray(start, start + BLOCK);
    const isLast = start + BLOCK >= bytes.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}
