import {
  readModuleBytes,
  readModuleBytesSync,
  readTellingBytes,
  readTellingBytesSync,
} from '../module-file/module-bytes.ts';
import { unpackModule, unpackModuleSync } from '../module-file/compression.ts';

/** Largest file that is read, in bytes, also unpacked. A kernel image with all its data stays below. */
const LARGEST_FILE = 256 * 2 ** 20;

/** Something that an inquiry waits for. */
export type Request =
  /** The bytes of a file; `part`: of a large plain module those that tell about it. */
  | { readonly kind: 'read' | 'part'; readonly path: string; readonly take: (bytes: Buffer) => void }
  /** The content of a compressed file; the bytes themselves where they are not compressed. */
  | {
      readonly kind: 'unpack';
      readonly path: string;
      readonly bytes: Buffer;
      readonly take: (bytes: Buffer) => void;
    }
  /** Lets the event loop go on: long work asks for it every few milliseconds. */
  | { readonly kind: 'pause' };

/**
 * Finding something out: yields requests, is resumed when they are met and gets their errors thrown in. Written once;
 * {@link inquire} lets the event loop go on, {@link inquireSync} does it all in place.
 */
export type Inquiry<Result> = Generator<Request, Result, undefined>;

/** Reads a file. */
export function* readFile(path: string): Inquiry<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  yield { kind: 'read', path, take: (read) => (bytes = read) };
  return bytes;
}

/** Of a large plain module the bytes that tell about it, zeros in place of the others. Other files are read as a whole. */
export function* readTellingParts(path: string): Inquiry<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  yield { kind: 'part', path, take: (read) => (bytes = read) };
  return bytes;
}

/** Unpacks the content of a file. */
export function* unpackBytes(packed: Buffer, path: string): Inquiry<Buffer> {
  let bytes: Buffer = packed;
  yield { kind: 'unpack', path, bytes: packed, take: (unpacked) => (bytes = unpacked) };
  return bytes;
}

/** Runs an inquiry without blocking the event loop. */
export async function inquire<Result>(inquiry: Inquiry<Result>): Promise<Result> {
  let next = inquiry.next();
  while (next.done !== true) {
    try {
      await meet(next.value);
    } catch (error) {
      next = inquiry.throw(error);
      continue;
    }
    next = inquiry.next();
  }
  return next.value;
}

/** {@link inquire}, blocking. */
export function inquireSync<Result>(inquiry: Inquiry<Result>): Result {
  let next = inquiry.next();
  while (next.done !== true) {
    try {
      meetSync(next.value);
    } catch (error) {
      next = inquiry.throw(error);
      continue;
    }
    next = inquiry.next();
  }
  return next.value;
}

async function meet(request: Request): Promise<void> {
  if (request.kind === 'read') request.take(await readModuleBytes(request.path, LARGEST_FILE));
  else if (request.kind === 'part') request.take(await readTellingBytes(request.path, LARGEST_FILE));
  else if (request.kind === 'unpack')
    request.take(await unpackModule(request.bytes, { path: request.path, limit: LARGEST_FILE }));
  else await new Promise<void>((resolve) => setImmediate(resolve));
}

function meetSync(request: Request): void {
  if (request.kind === 'read') request.take(readModuleBytesSync(request.path, LARGEST_FILE));
  else if (request.kind === 'part') request.take(readTellingBytesSync(request.path, LARGEST_FILE));
  else if (request.kind === 'unpack')
    request.take(unpackModuleSync(request.bytes, { path: request.path, limit: LARGEST_FILE }));
}
