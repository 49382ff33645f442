import type { NativeTexts } from '../../src/native/binding.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';

/** What input-reader.h says of the inputs of native targets. A character of a text stands for one byte. */
export class InputReader {
  readonly #data: Buffer;
  #place = 0;
  #pool: readonly string[] = [];

  constructor(data: Buffer) {
    this.#data = data;
  }

  byte(): number {
    return this.#data[this.#place++] ?? 0;
  }

  /** Bytes of which the first says how many there are, fewer than `limit`. */
  bytes(limit: number): string {
    const length = this.byte() % limit;
    const bytes = this.#data.toString('latin1', this.#place, this.#place + length);
    this.#place += bytes.length;
    return bytes;
  }

  /** Texts that all that follows refers to. */
  readPool(): void {
    this.#pool = this.#several(this.byte() % 64, () => this.bytes(48));
  }

  text(): string {
    const place = this.byte();
    return this.#pool[place % this.#pool.length] ?? '';
  }

  texts(limit: number): readonly string[] {
    return this.#several(this.byte() % limit, () => this.text());
  }

  /** Packed, and only the first `count` of them. */
  packed(limit: number, count = limit): NativeTexts {
    return firstTexts(packTexts(this.texts(limit)), count);
  }

  words(): Uint32Array {
    return Uint32Array.from(this.#several(this.byte(), () => this.#word()));
  }

  #word(): number {
    const byte = this.byte();
    return byte < 0xf0 ? byte : byte < 0xf8 ? 0x8000_0000 + byte : 0xffff_ff00 + byte;
  }

  #several<Value>(count: number, read: () => Value): readonly Value[] {
    return Array.from({ length: count }, read);
  }
}

/** The first ones alone, in the same memory. */
export function firstTexts({ bytes, starts }: NativeTexts, count: number): NativeTexts {
  return { bytes, starts: starts.subarray(0, count + 1) };
}

/** Bytes with their number in front. */
export function countedBytes(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);
}

/** A pool of texts as {@link InputReader.readPool} wants it. */
export function poolInput(pool: readonly string[]): Buffer {
  return Buffer.concat([Buffer.of(pool.length), ...pool.map(countedBytes)]);
}
