const CHUNK = 65_536;

/** Output of texts that hold one character for each byte. It is written in large chunks. */
export class ByteOutput {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #chunk = Buffer.alloc(CHUNK);
  #length = 0;

  /** @param write must be done with the bytes when it returns */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  add(text: string): void {
    if (this.#length + text.length > CHUNK) this.flush();
    if (text.length > CHUNK) this.#write(Buffer.from(text, 'latin1'));
    else this.#length += this.#chunk.write(text, this.#length, 'latin1');
  }

  /** Writes what is collected; before anything goes out by another way. */
  flush(): void {
    if (this.#length > 0) this.#write(this.#chunk.subarray(0, this.#length));
    this.#length = 0;
  }
}
