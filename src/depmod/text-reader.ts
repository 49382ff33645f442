import { latin1 } from './packed-texts.ts';

const none: readonly string[] = [];

/** Hands out texts that stand one after the other, each with a NUL behind it. */
export class TextReader {
  readonly #all: string;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#all = latin1(bytes);
  }

  /** The next ones; there must be so many. */
  next(count: number): readonly string[] {
    if (count === 0) return none;
    const texts: string[] = [];
    while (texts.length < count) {
      const end = this.#all.indexOf('\0', this.#position);
      texts.push(this.#all.slice(this.#position, end));
      this.#position = end + 1;
    }
    return texts;
  }
}
