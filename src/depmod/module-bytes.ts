import { readSync } from 'node:fs';

const FIRST_SIZE = 4 << 20;
const LARGEST_PART = 1 << 28;

/** Whether numbers in memory are laid out as in the module files of nearly all machines. */
export const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Parts of one file after the other in memory that is used again and again. The file is in memory already, or is read
 * part by part as somebody asks for it.
 */
export class ModuleBytes {
  /** Views of the same memory; a call of {@link place} may replace them. */
  u8: Uint8Array = new Uint8Array(0);
  u16: Uint16Array = new Uint16Array(0);
  u32: Uint32Array = new Uint32Array(0);
  /** Bytes of the file. */
  size = 0;
  #own = new ArrayBuffer(FIRST_SIZE);
  #descriptor = -1;
  /** Where the part that is read next goes. */
  #free = 0;
  /** Three numbers for each part: where it begins and ends in the file, where it begins in memory. */
  readonly #parts: number[] = [];

  /** Turns to an open file. */
  useFile(descriptor: number, size: number): void {
    this.#view(this.#own);
    this.#descriptor = descriptor;
    this.size = size;
    this.#free = 0;
    this.#parts.length = 0;
  }

  /** Turns to a file that is in memory as a whole. Its first byte must be at a multiple of 8. */
  useImage(image: Uint8Array): void {
    this.#view(image.buffer as ArrayBuffer);
    this.#descriptor = -1;
    this.size = image.length;
    this.#parts.length = 0;
    this.#parts.push(0, image.length, image.byteOffset);
  }

  /**
   * The place in memory of a part of the file, which is read if it is not there yet; -1 for one that reaches out of the
   * file. The place is a multiple of 8 where the offset is one.
   */
  place(offset: number, length: number): number {
    const parts = this.#parts;
    for (let index = 0; index < parts.length; index += 3) {
      const start = parts[index] as number;
      if (offset >= start && offset + length <= (parts[index + 1] as number))
        return (parts[index + 2] as number) + offset - start;
    }
    return this.#read(offset, length);
  }

  #read(offset: number, length: number): number {
    if (this.#descriptor === -1 || offset + length > this.size || length > LARGEST_PART) return -1;
    const place = this.#free + ((offset - this.#free) & 7);
    if (place + length > this.#own.byteLength) {
      const larger = new ArrayBuffer((place + length) * 2);
      new Uint8Array(larger).set(this.u8);
      this.#own = larger;
      this.#view(larger);
    }
    if (readSync(this.#descriptor, this.u8, place, length, offset) !== length) return -1;
    this.#parts.push(offset, offset + length, place);
    this.#free = place + length;
    return place;
  }

  #view(memory: ArrayBuffer): void {
    if (this.u8.buffer === memory) return;
    this.u8 = new Uint8Array(memory);
    this.u16 = new Uint16Array(memory, 0, memory.byteLength >> 1);
    this.u32 = new Uint32Array(memory, 0, memory.byteLength >> 2);
  }
}
