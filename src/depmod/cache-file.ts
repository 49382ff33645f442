import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

import { makeFolders } from '../native/make-folders.ts';

/** Put in by the bundler; absent when the single files run. */
declare const KMODCTL_VERSION: string | undefined;

/** A cache of another version of this package is none. */
export const cacheVersion = typeof KMODCTL_VERSION === 'string' ? KMODCTL_VERSION : '';

/** Raise it whenever the same module file gives another contribution than before, or the arrays are others. */
const FORMAT = 2;
const MAGIC = 0x6b6d6463;
const HEADER_WORDS = 8;
const HEADER_SIZE = HEADER_WORDS * 4;
const LARGEST_FILE = 1 << 30;

/** An array of a block. */
export type CacheArray = Uint8Array | Uint32Array | BigInt64Array;

/** Kinds of the arrays of a block: bytes for each element. */
export type ElementSize = 1 | 4 | 8;

/** What a cache file holds. */
export interface CacheContent {
  readonly blocks: readonly (readonly CacheArray[])[];
  /** Whether a further block may follow: nothing else does. */
  readonly isSound: boolean;
}

/**
 * The blocks of a cache file, each a list of arrays; the views are on one buffer.
 *
 * Answers what is sound, and only that: a file of somebody else or that others may write, of another version or byte
 * order, is nothing, and from the first damaged block on the rest is nothing.
 */
export function readBlocks(file: string, kinds: readonly ElementSize[]): CacheContent {
  const content = readOwnFile(file);
  const blocks: CacheArray[][] = [];
  if (content === undefined) return { blocks, isSound: false };
  let start = 0;
  while (start + HEADER_SIZE <= content.length) {
    const [magic, checksum, length = 0, format] = new Uint32Array(content.buffer, start, HEADER_WORDS);
    const end = start + HEADER_SIZE + length;
    if (magic !== MAGIC || format !== FORMAT || length % 8 !== 0 || end > content.length) break;
    if (crc32(content.subarray(start + 8, end)) !== checksum) break;
    const arrays = readArrays(content.buffer, start + HEADER_SIZE, end, kinds);
    if (arrays === undefined) break;
    blocks.push(arrays);
    start = end;
  }
  return { blocks, isSound: start === content.length && start > 0 };
}

function readArrays(
  buffer: ArrayBuffer,
  start: number,
  end: number,
  kinds: readonly ElementSize[],
): CacheArray[] | undefined {
  const headEnd = start + roundUp(kinds.length * 4);
  if (headEnd > end) return undefined;
  const lengths = new Uint32Array(buffer, start, kinds.length);
  const arrays: CacheArray[] = [];
  let place = headEnd;
  for (const [index, size] of kinds.entries()) {
    const length = lengths[index] ?? 0;
    if (place + length * size > end) return undefined;
    if (size === 1) arrays.push(new Uint8Array(buffer, place, length));
    else if (size === 4) arrays.push(new Uint32Array(buffer, place, length));
    else arrays.push(new BigInt64Array(buffer, place, length));
    place += roundUp(length * size);
  }
  return arrays;
}

function readOwnFile(file: string): Buffer<ArrayBuffer> | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    const isOwn = stats.isFile() && stats.uid === process.geteuid?.() && (stats.mode & 0o022) === 0;
    if (!isOwn || stats.size > LARGEST_FILE) return undefined;
    const content = Buffer.from(new ArrayBuffer(stats.size));
    return content.subarray(0, readSync(descriptor, content, 0, stats.size, 0));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Replaces a cache file. Nothing is said when that fails: the next run then has more to do. */
export function writeBlocks(file: string, blocks: readonly (readonly CacheArray[])[]): void {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    makeFolders(dirname(file), 0o700);
    writeNew(temporary, Buffer.concat(blocks.map(encodeBlock)));
    renameSync(temporary, file);
  } catch {
    removeQuietly(temporary);
  }
}

/** Even `force` has errors: where the folder may not be entered, or is none. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // as in writeBlocks
  }
}

/** Adds blocks to a cache file. One write to the end: of two programs that add at a time neither harms the other. */
export function appendBlocks(file: string, blocks: readonly (readonly CacheArray[])[]): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
    writeSync(descriptor, Buffer.concat(blocks.map(encodeBlock)));
  } catch {
    // as in writeBlocks
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function writeNew(file: string, content: Buffer): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (let written = 0; written < content.length;) written += writeSync(descriptor, content, written);
  } finally {
    closeSync(descriptor);
  }
}

function encodeBlock(arrays: readonly CacheArray[]): Buffer {
  const head = roundUp(arrays.length * 4);
  const length = arrays.reduce((sum, array) => sum + roundUp(array.byteLength), head);
  const block = Buffer.from(new ArrayBuffer(HEADER_SIZE + length));
  const lengths = new Uint32Array(block.buffer, HEADER_SIZE, arrays.length);
  let place = HEADER_SIZE + head;
  for (const [index, array] of arrays.entries()) {
    lengths[index] = array.length;
    block.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), place);
    place += roundUp(array.byteLength);
  }
  const header = new Uint32Array(block.buffer, 0, HEADER_WORDS);
  header.set([MAGIC, 0, length, FORMAT]);
  header[1] = crc32(block.subarray(8));
  return block;
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}
