import { type BigIntStats, statSync } from 'node:fs';

import { treeCalls } from '../native/tree-calls.ts';

/** Numbers of a stamp: size in bytes, time of the last change of the content and of the inode in ns, inode number. */
export const STAMP_WIDTH = 4;
const MTIME = 1;
const CTIME = 2;
const INODE = 3;

/** The size that stands for a file that cannot be looked at. */
const NO_SIZE = -1n;

const COARSEST_CLOCK = 2_100_000_000n;

/**
 * What tells one state of a file from another, for each of the files that the paths lead to. The inode's time is among
 * it because a program can set the other time at will.
 */
export function stampFiles(files: readonly string[]): BigInt64Array {
  const stamps = new BigInt64Array(files.length * STAMP_WIDTH);
  const calls = treeCalls();
  if (calls !== undefined) calls.stampFiles(Buffer.from(`${files.join('\0')}\0`), stamps);
  else for (const [index, path] of files.entries()) stampFile(path, stamps, index * STAMP_WIDTH);
  return stamps;
}

function stampFile(path: string, stamps: BigInt64Array, place: number): void {
  stamps[place] = NO_SIZE;
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
  } catch {
    return; // whoever reads the file meets the error again
  }
  stamps[place] = stats.size;
  stamps[place + MTIME] = stats.mtimeNs;
  stamps[place + CTIME] = stats.ctimeNs;
  stamps[place + INODE] = stats.ino;
}

/** The stamps at these places, one after the other. */
export function stampsAt(stamps: BigInt64Array, places: Uint32Array): BigInt64Array {
  const width = STAMP_WIDTH * 2;
  const source = wordsOf(stamps);
  const result = new Uint32Array(places.length * width);
  for (let index = 0; index < places.length; index++) {
    const start = (places[index] as number) * width;
    for (let word = 0; word < width; word++) result[index * width + word] = source[start + word] as number;
  }
  return new BigInt64Array(result.buffer);
}

/** The same memory as pairs of 32 bits: to look at a number of 64 bits makes an object. */
export function wordsOf(stamps: BigInt64Array): Uint32Array {
  return new Uint32Array(stamps.buffer, stamps.byteOffset, stamps.length * 2);
}

/** The size in bytes, -1 of a file that cannot be looked at. */
export function sizeOfStamp(stamps: BigInt64Array, index: number): number {
  return Number(stamps[index * STAMP_WIDTH] ?? NO_SIZE);
}

/**
 * Whether a later change of the file is sure to be seen in its stamp. A file that was changed just now is not: it may
 * be changed again without its time, which advances in steps of up to two seconds on some file systems, moving on.
 *
 * @param now in ns since 1970, from before the file was read
 */
export function isSettled(stamps: BigInt64Array, index: number, now: bigint): boolean {
  const place = index * STAMP_WIDTH;
  const limit = now - COARSEST_CLOCK;
  return (stamps[place + MTIME] ?? now) < limit && (stamps[place + CTIME] ?? now) < limit;
}
