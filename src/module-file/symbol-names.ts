/**
 * Symbol names, each held once and known by its number: 0, 1, 2 … in the order of first appearance.
 *
 * A tree of 4000 modules names symbols 500,000 times and has 20,000 of them, so a name is looked up by its bytes where
 * it stands in the file, without a string being made of it.
 */
export class SymbolNames {
  // Large enough for the tree of a distribution's kernel: 21,000 names.
  #slots = new Int32Array(1 << 17);
  #hashes = new Uint32Array(1 << 15);
  // Name n has the bytes from starts[n] to starts[n + 1].
  #starts = new Uint32Array((1 << 15) + 1);
  #bytes = new Uint8Array(1 << 20);
  #count = 0;
  // Differs from process to process, so that no file can be made whose names collide.
  // Not imported: to load node:crypto takes longer than most runs that end up not needing this.
  readonly #seed = process.getBuiltinModule('node:crypto').randomBytes(4).readUInt32LE();

  /** How many names there are. */
  get size(): number {
    return this.#count;
  }

  /** The number of the name that ends at the first NUL behind `start`; -1 when there is none before `limit`. */
  internTerminated(bytes: Uint8Array, start: number, limit: number): number {
    let hash = this.#seed;
    let end = start;
    for (; ; end++) {
      if (end >= limit) return -1;
      const byte = bytes[end] as number;
      if (byte === 0) break;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    return this.#find(bytes, start, end, mix(hash));
  }

  /** The number of the name with the bytes from `start` to `end`. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.#seed;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    return this.#find(bytes, start, end, mix(hash));
  }

  /** The name as latin1 text: one character for each byte. */
  text(number: number): string {
    return this.#buffer().toString('latin1', this.#starts[number], this.#starts[number + 1]);
  }

  /** All names by number, as {@link text} gives them. */
  texts(): string[] {
    // One long string cut into pieces is several times faster than a call into native code for each name.
    const starts = this.#starts;
    const all = this.#buffer().toString('latin1', 0, starts[this.#count]);
    return Array.from({ length: this.#count }, (_, number) => all.slice(starts[number], starts[number + 1]));
  }

  /** All bytes of all names, and where each begins; `starts` has one entry more than there are names. Copies. */
  packed(): { bytes: Uint8Array<ArrayBuffer>; starts: Uint32Array<ArrayBuffer> } {
    const starts = this.#starts.slice(0, this.#count + 1);
    return { bytes: this.#bytes.slice(0, starts[this.#count]), starts };
  }

  #buffer(): Buffer {
    return Buffer.from(this.#bytes.buffer);
  }

  #find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = (slots[slot] as number) - 1;
      if (found === -1) return this.#add(bytes, start, end, hash, slot);
      if (this.#hashes[found] === hash && this.#equals(found, bytes, start, end)) return found;
    }
  }

  #equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const held = this.#bytes;
    const first = this.#starts[number] as number;
    const length = end - start;
    if ((this.#starts[number + 1] as number) - first !== length) return false;
    for (let at = 0; at < length; at++) if (held[first + at] !== bytes[start + at]) return false;
    return true;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const number = this.#count++;
    if (number === this.#hashes.length) {
      this.#hashes = enlarged(this.#hashes, new Uint32Array(2 * number));
      this.#starts = enlarged(this.#starts, new Uint32Array(2 * number + 1));
    }
    const at = this.#starts[number] as number;
    const next = at + end - start;
    if (next > this.#bytes.length)
      this.#bytes = enlarged(this.#bytes, new Uint8Array(Math.max(next, 2 * this.#bytes.length)));
    this.#bytes.set(bytes.subarray(start, end), at);
    this.#starts[number + 1] = next;
    this.#hashes[number] = hash;
    this.#slots[slot] = number + 1;
    if (2 * this.#count > this.#slots.length) this.#rehash();
    return number;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number++) {
      let slot = (this.#hashes[number] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (once ^ (once >>> 12)) >>> 0;
}

function enlarged<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
