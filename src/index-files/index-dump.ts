import {
  CHILDREN,
  type CorruptError,
  HEADER_SIZE,
  MAX_KEY_LENGTH,
  OFFSET_MASK,
  PREFIX,
  VALUES,
} from './index-node.ts';

const CHUNK = 65_536;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Where an index is, and what to do with its lines. */
export interface IndexDumpTask {
  /** The whole file. */
  readonly bytes: Buffer;
  /** Offset word of the root. */
  readonly root: number;
  /** What each line begins with. */
  readonly lead: string;
  /** Takes pieces of the lines, and must be done with them when it returns. */
  readonly write: (bytes: Uint8Array) => void;
  readonly corrupt: CorruptError;
}

/** Writes each value of an index as a line, its key in front of it, in the order of the trie. */
export function dumpIndex(task: IndexDumpTask): void {
  new IndexDump(task).run(task.root);
}

/** Works on bytes alone, because an index has tens of thousands of values, and all are wanted at once. */
class IndexDump {
  readonly #bytes: Buffer;
  readonly #corrupt: CorruptError;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #out = Buffer.allocUnsafeSlow(CHUNK);
  #length = 0;
  #key = new Uint8Array(256);
  #keyLength = 0;
  /** In a sound file each byte is met once; what has met many more than that is running in circles. */
  #budget: number;
  // One entry for each node on the way from the root: place of the next child's word, the end of these words, the arc of
  // the last one, and the length of the node's key.
  readonly #places: number[] = [];
  readonly #ends: number[] = [];
  readonly #lasts: number[] = [];
  readonly #keyLengths: number[] = [];

  constructor({ bytes, lead, write, corrupt }: IndexDumpTask) {
    this.#bytes = bytes;
    this.#write = write;
    this.#corrupt = corrupt;
    this.#budget = 4 * bytes.length + 64;
    for (const byte of Buffer.from(lead)) this.#appendToKey(byte, 0);
  }

  /** Writes the node that an offset word leads to, and all below it. */
  run(root: number): void {
    this.#enter(root);
    for (let top = this.#places.length - 1; top >= 0; top = this.#places.length - 1) {
      const end = this.#ends[top] as number;
      const place = this.#nextWord(this.#places[top] as number, end);
      if (place === end) {
        this.#leave();
        continue;
      }
      this.#places[top] = place + 4;
      this.#keyLength = this.#keyLengths[top] as number;
      this.#appendToKey((this.#lasts[top] as number) + 1 - (end - place) / 4, place);
      this.#enter(this.#bytes.readUInt32BE(place));
    }
    this.#flush();
  }

  #enter(word: number): void {
    const bytes = this.#bytes;
    let at = word & OFFSET_MASK;
    if (at === 0) return;
    if (at < HEADER_SIZE) throw this.#corrupt(at, 'a node lies within the header');
    if (at > bytes.length) throw this.#corrupt(at, 'a node lies behind the end of the file');
    const start = at;
    if (word & PREFIX) {
      const end = this.#endOf(at);
      for (; at < end; at++) this.#appendToKey(bytes[at] as number, at);
      at++;
    }
    let last = 0;
    let words = at;
    if (word & CHILDREN) {
      if (at + 2 > bytes.length) throw this.#corrupt(at, 'the file ends within a node');
      const first = bytes[at] as number;
      last = bytes[at + 1] as number;
      if (first > last || last > 127)
        throw this.#corrupt(at, `the range of children ${first} to ${last} is not possible`);
      words = at + 2;
      at = words + 4 * (last - first + 1);
      if (at > bytes.length) throw this.#corrupt(words, 'the children reach behind the end of the file');
    }
    const end = at;
    if (word & VALUES) at = this.#writeValues(at);
    this.#spend(at - start + 1, start);
    this.#places.push(words);
    this.#ends.push(end);
    this.#lasts.push(last);
    this.#keyLengths.push(this.#keyLength);
  }

  /** The place of the first word that leads somewhere; most do not. */
  #nextWord(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start;
    while (
      at < end &&
      bytes[at + 3] === 0 &&
      bytes[at + 2] === 0 &&
      bytes[at + 1] === 0 &&
      !((bytes[at] as number) & 0x0f)
    )
      at += 4;
    return at;
  }

  #leave(): void {
    this.#places.pop();
    this.#ends.pop();
    this.#lasts.pop();
    this.#keyLengths.pop();
  }

  /** @returns the place behind the values */
  #writeValues(place: number): number {
    const bytes = this.#bytes;
    if (place + 4 > bytes.length) throw this.#corrupt(place, 'the file ends within a number');
    const count = bytes.readUInt32BE(place);
    let at = place + 4;
    // A value has at least a priority and a final NUL.
    if (count > (bytes.length - at) / 5)
      throw this.#corrupt(place, `${count} values do not fit into the rest of the file`);
    for (let index = 0; index < count; index++) {
      const end = this.#endOf(at + 4);
      this.#writeLine(at + 4, end);
      at = end + 1;
    }
    return at;
  }

  #writeLine(start: number, end: number): void {
    const length = this.#keyLength + end - start + 2;
    if (length > CHUNK - this.#length) {
      this.#flush();
      if (length > CHUNK) {
        this.#writeLongLine(start, end);
        return;
      }
    }
    const out = this.#out;
    const key = this.#key;
    const bytes = this.#bytes;
    const keyLength = this.#keyLength;
    let to = this.#length;
    for (let index = 0; index < keyLength; index++) out[to++] = key[index] as number;
    out[to++] = SPACE;
    for (let index = start; index < end; index++) out[to++] = bytes[index] as number;
    out[to++] = NEWLINE;
    this.#length = to;
  }

  #writeLongLine(start: number, end: number): void {
    this.#write(
      Buffer.concat([
        this.#key.subarray(0, this.#keyLength),
        Buffer.of(SPACE),
        this.#bytes.subarray(start, end),
        Buffer.of(NEWLINE),
      ]),
    );
  }

  #flush(): void {
    if (this.#length > 0) this.#write(this.#out.subarray(0, this.#length));
    this.#length = 0;
  }

  #appendToKey(byte: number, place: number): void {
    if (this.#keyLength === this.#key.length) {
      if (this.#keyLength > MAX_KEY_LENGTH)
        throw this.#corrupt(place, `a key is longer than ${MAX_KEY_LENGTH} bytes`);
      const larger = new Uint8Array(2 * this.#key.length);
      larger.set(this.#key);
      this.#key = larger;
    }
    this.#key[this.#keyLength++] = byte;
  }

  #endOf(start: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = start;
    while (at < length && bytes[at] !== 0) at++;
    if (at >= length) throw this.#corrupt(start, 'a text has no end before the end of the file');
    return at;
  }

  #spend(bytes: number, offset: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw this.#corrupt(offset, 'its nodes refer to each other in circles');
  }
}
