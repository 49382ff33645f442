import { closeSync, readSync } from 'node:fs';

import { openPresent, unreadableError } from './index-bytes.ts';

/** What is read at a time. A search comes through a few hundred bytes at a dozen places. */
const PIECE = 4096;

/**
 * The content of an index file. Either all of it is there, or it is read in pieces, when a search comes there first: a single
 * search needs a hundredth of the megabyte that such a file has, and fresh memory is what takes time.
 *
 * Whoever looks at {@link bytes} says before what it is about to look at. Nothing is checked here: what lies behind the end
 * of the file is passed over.
 */
export class IndexContent {
  /** Of the file's size. What was not asked for is not there, but may be anything. */
  readonly bytes: Buffer;
  readonly #path: string;
  readonly #hasPiece: Uint8Array;
  #descriptor: number | undefined;
  #isWhole: boolean;

  private constructor(bytes: Buffer, path: string, descriptor: number | undefined) {
    this.bytes = bytes;
    this.#path = path;
    this.#descriptor = descriptor;
    this.#isWhole = descriptor === undefined;
    this.#hasPiece = new Uint8Array(descriptor === undefined ? 0 : Math.ceil(bytes.length / PIECE));
  }

  /** Content that is there. */
  static whole(bytes: Buffer): IndexContent {
    return new IndexContent(bytes, '', undefined);
  }

  /**
   * The content of a file, which stays open. Undefined when there is none.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
   */
  static open(path: string): IndexContent | undefined {
    const file = openPresent(path);
    if (file === undefined) return undefined;
    return new IndexContent(Buffer.allocUnsafeSlow(file.size), path, file.descriptor);
  }

  /** Whether all of it is there, and the other methods have nothing to do. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Sees to it that the bytes from `start` up to `end` are there. */
  load(start: number, end: number): void {
    if (this.#isWhole) return;
    const last = Math.min(end, this.bytes.length) - 1;
    for (let piece = Math.floor(start / PIECE); piece * PIECE <= last; piece++)
      if (this.#hasPiece[piece] === 0) this.#readPiece(piece);
  }

  /** Sees to it that a text is there with the NUL that ends it. Gives the place of the NUL, or the file's end. */
  loadText(start: number): number {
    const { bytes } = this;
    for (let from = start; from < bytes.length;) {
      const end = Math.min(bytes.length, (Math.floor(from / PIECE) + 1) * PIECE);
      this.load(from, end);
      const nul = bytes.subarray(from, end).indexOf(0);
      if (nul !== -1) return from + nul;
      from = end;
    }
    return bytes.length;
  }

  /** Reads what is not there yet, and closes the file. */
  loadAll(): void {
    this.load(0, this.bytes.length);
    this.#isWhole = true;
    this.close();
  }

  /** Closes the file. What is not there by then cannot be had. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #readPiece(piece: number): void {
    const { bytes } = this;
    const end = Math.min(bytes.length, (piece + 1) * PIECE);
    for (let place = piece * PIECE; place < end;) {
      const count = this.#readSome(place, end);
      if (count === 0) throw unreadableError(this.#path, 'it has become shorter');
      place += count;
    }
    this.#hasPiece[piece] = 1;
  }

  #readSome(place: number, end: number): number {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw unreadableError(this.#path, 'it has been closed');
    try {
      return readSync(descriptor, this.bytes, place, end - place, place);
    } catch (error) {
      throw unreadableError(this.#path, error);
    }
  }
}
