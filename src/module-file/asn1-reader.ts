/** Tags of ASN.1 elements, class and constructed bit included. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  context0: 0x80,
  constructed0: 0xa0,
  constructed1: 0xa1,
  constructed3: 0xa3,
} as const;

const INDEFINITE = 0x80;
const HIGH_TAG_NUMBER = 0x1f;
const MAX_LENGTH_BYTES = 4;

/** What {@link Asn1Reader} throws for bytes that are no DER of the expected form. */
export class Asn1Error extends Error {
  /** Byte at which the fault lies. */
  readonly offset: number;
  /** The bytes end before the element does. */
  readonly isTruncated: boolean;

  constructor(offset: number, reason: string, isTruncated = false) {
    super(`at byte ${offset}: ${reason}`);
    this.offset = offset;
    this.isTruncated = isTruncated;
  }
}
Object.defineProperty(Asn1Error.prototype, 'name', { value: 'Asn1Error', configurable: true });

/** One element: a tag and a range of bytes. */
export interface Asn1Element {
  readonly tag: number;
  /** Where the tag stands. */
  readonly start: number;
  /** Where the content begins. */
  readonly contentStart: number;
  /** Behind the content. */
  readonly end: number;
}

/**
 * Reads the elements of a range one after the other. Strict: definite lengths in their shortest form, one-byte tags, and
 * no element reaches out of the range. The caller decides what to descend into, so the depth is that of its own grammar.
 */
export class Asn1Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** True when there is nothing more. */
  get isAtEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** The tag of the next element; undefined at the end. */
  get nextTag(): number | undefined {
    return this.isAtEnd ? undefined : this.#bytes[this.#position];
  }

  /**
   * The next element, whatever it is.
   *
   * @throws Asn1Error
   */
  next(): Asn1Element {
    const start = this.#position;
    const tag = this.#byte(start);
    if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER)
      throw new Asn1Error(start, `the tag 0x${tag.toString(16)} has a second byte, which nothing here has`);
    const first = this.#byte(start + 1);
    let contentStart = start + 2;
    let length = first;
    if (first === INDEFINITE)
      throw new Asn1Error(start + 1, 'the length is indefinite, which DER does not allow');
    if (first > INDEFINITE) {
      const count = first - INDEFINITE;
      if (count > MAX_LENGTH_BYTES)
        throw new Asn1Error(start + 1, `the length has ${count} bytes, more than any file needs`);
      contentStart += count;
      length = 0;
      for (let at = start + 2; at < contentStart; at++) length = length * 256 + this.#byte(at);
      if (length < INDEFINITE || this.#bytes[start + 2] === 0)
        throw new Asn1Error(start + 1, 'the length is not in its shortest form');
    }
    const end = contentStart + length;
    if (end > this.#end)
      throw new Asn1Error(
        start,
        `an element of ${length} bytes reaches behind the end, ${this.#end - contentStart} bytes on`,
        true,
      );
    this.#position = end;
    return { tag, start, contentStart, end };
  }

  /**
   * The next element, which has to have this tag.
   *
   * @param what its name in messages
   * @throws Asn1Error
   */
  expect(tag: number, what: string): Asn1Element {
    const found = this.nextTag;
    if (found !== undefined && found !== tag)
      throw new Asn1Error(
        this.#position,
        `${what} has the tag 0x${found.toString(16)}, not 0x${tag.toString(16)}`,
      );
    if (found === undefined) throw new Asn1Error(this.#position, `${what} is missing`);
    return this.next();
  }

  /** The next element if it has this tag; otherwise undefined, and nothing is read. */
  take(tag: number): Asn1Element | undefined {
    return this.nextTag === tag ? this.next() : undefined;
  }

  /** Reads inside of an element. */
  inside({ contentStart, end }: Asn1Element): Asn1Reader {
    return new Asn1Reader(this.#bytes, contentStart, end);
  }

  /** An element's content, not copied. */
  content({ contentStart, end }: Asn1Element): Uint8Array {
    return this.#bytes.subarray(contentStart, end);
  }

  /** An element as it stands, tag and length included, not copied. */
  whole({ start, end }: Asn1Element): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  /**
   * Refuses anything behind what was read.
   *
   * @throws Asn1Error
   */
  expectEnd(what: string): void {
    if (!this.isAtEnd)
      throw new Asn1Error(this.#position, `${this.#end - this.#position} bytes follow ${what}`);
  }

  #byte(at: number): number {
    const byte = at < this.#end ? this.#bytes[at] : undefined;
    if (byte === undefined) throw new Asn1Error(at, 'the bytes end within the head of an element', true);
    return byte;
  }
}
