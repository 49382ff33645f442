import type { IndexContent } from './index-content.ts';

// An offset word of a node: what the node has, and where it is.
export const PREFIX = 0x8000_0000;
export const VALUES = 0x4000_0000;
export const CHILDREN = 0x2000_0000;
export const OFFSET_MASK = 0x0fff_ffff;
export const HEADER_SIZE = 12;

/** depmod's keys are file names and aliases; nothing real comes near. */
export const MAX_KEY_LENGTH = 65_536;

/** Makes the error for damage at a byte of the file. */
export type CorruptError = (offset: number, reason: string) => Error;

/** One value of an index; lower priorities come first. */
export interface IndexValue {
  readonly value: string;
  readonly priority: number;
}

/** One node, with its place of children and values in the file. */
export interface IndexNode {
  /** Bytes that follow the arc to this node. */
  readonly prefix: Buffer;
  /** Lowest and highest byte with an arc; `firstChild > lastChild` when there is none. */
  readonly firstChild: number;
  readonly lastChild: number;
  /** Place of the offset word of `firstChild`. */
  readonly childWords: number;
  readonly hasValues: boolean;
  /** Place of the number of values. */
  readonly valueWords: number;
}

/** Where a walk begins: at a node, some bytes into its prefix, with bytes that the keys are to begin with. */
export interface WalkStart {
  readonly node: IndexNode;
  readonly skip: number;
  readonly lead: readonly number[];
}

/** Has what is at a node read: its prefix, its arcs, the number of its values. */
export function loadNode(content: IndexContent, word: number): void {
  let place = word & OFFSET_MASK;
  if (word & PREFIX) place = content.loadText(place) + 1;
  if (word & CHILDREN) {
    content.load(place, place + 2);
    const [first = 0, last = 0] = content.bytes.subarray(place, place + 2);
    const end = place + 2 + 4 * Math.max(0, last - first + 1);
    content.load(place, end);
    place = end;
  }
  if (word & VALUES) content.load(place, place + 4);
}

/** Has a value read, its priority and its text. */
export function loadValue(content: IndexContent, place: number): void {
  content.load(place, place + 4);
  content.loadText(place + 4);
}

/**
 * Reads nodes for one search and keeps its account. In a sound file a search sees each byte at most twice (once
 * literally, once below a wildcard), so a search that has read more than that many is running in circles.
 */
export class NodeReader {
  readonly #content: IndexContent;
  readonly #bytes: Buffer;
  readonly #corrupt: CorruptError;
  #budget: number;

  constructor(content: IndexContent, corrupt: CorruptError) {
    this.#content = content;
    this.#bytes = content.bytes;
    this.#corrupt = corrupt;
    this.#budget = 4 * content.bytes.length + 64;
  }

  /** The node that an offset word leads to; undefined when it leads nowhere. */
  read(word: number): IndexNode | undefined {
    const offset = word & OFFSET_MASK;
    if (offset === 0) return undefined;
    if (offset < HEADER_SIZE) throw this.#corrupt(offset, 'a node lies within the header');
    if (offset > this.#bytes.length) throw this.#corrupt(offset, 'a node lies behind the end of the file');
    if (!this.#content.isWhole) loadNode(this.#content, word);
    let position = offset;
    let prefix = this.#bytes.subarray(0, 0);
    if (word & PREFIX) {
      prefix = this.#stringAt(position);
      position += prefix.length + 1;
    }
    let [firstChild, lastChild] = [1, 0];
    let childWords = position;
    if (word & CHILDREN) {
      firstChild = this.#byteAt(position);
      lastChild = this.#byteAt(position + 1);
      if (firstChild > lastChild || lastChild > 127)
        throw this.#corrupt(position, `the range of children ${firstChild} to ${lastChild} is not possible`);
      childWords = position + 2;
      position = childWords + 4 * (lastChild - firstChild + 1);
      if (position > this.#bytes.length)
        throw this.#corrupt(childWords, 'the children reach behind the end of the file');
    }
    this.#spend(position - offset + 1, offset);
    return {
      prefix,
      firstChild,
      lastChild,
      childWords,
      hasValues: (word & VALUES) !== 0,
      valueWords: position,
    };
  }

  /** The child at the arc of a byte, if there is one. */
  child(node: IndexNode, byte: number): IndexNode | undefined {
    if (byte < node.firstChild || byte > node.lastChild) return undefined;
    return this.read(this.#wordAt(node.childWords + 4 * (byte - node.firstChild)));
  }

  /** The node's values as they are in the file, which is ascending by priority. */
  values(node: IndexNode): readonly IndexValue[] {
    if (!node.hasValues) return [];
    const count = this.#wordAt(node.valueWords);
    let position = node.valueWords + 4;
    // A value has at least a priority and a final NUL.
    if (count > (this.#bytes.length - position) / 5)
      throw this.#corrupt(node.valueWords, `${count} values do not fit into the rest of the file`);
    const values: IndexValue[] = [];
    for (let index = 0; index < count; index++) {
      if (!this.#content.isWhole) loadValue(this.#content, position);
      const priority = this.#wordAt(position);
      const value = this.#stringAt(position + 4);
      position += 4 + value.length + 1;
      this.#spend(4 + value.length + 1, position);
      values.push({ value: value.toString(), priority });
    }
    return values;
  }

  /** A node and all below it, each with the key that leads to it from the start. The key is valid until the next step. */
  *walk(start: WalkStart): Generator<readonly [key: Buffer, node: IndexNode], void, undefined> {
    let key = Buffer.alloc(256);
    let length = 0;
    const append = (bytes: Uint8Array | readonly number[], offset: number): void => {
      if (length + bytes.length > MAX_KEY_LENGTH)
        throw this.#corrupt(offset, `a key is longer than ${MAX_KEY_LENGTH} bytes`);
      if (length + bytes.length > key.length) {
        const larger = Buffer.alloc(2 * (length + bytes.length));
        key.copy(larger, 0, 0, length);
        key = larger;
      }
      key.set(bytes, length);
      length += bytes.length;
    };
    append(start.lead, start.node.childWords);
    append(start.node.prefix.subarray(start.skip), start.node.childWords);
    yield [key.subarray(0, length), start.node];
    // A stack of our own: a damaged file may chain more nodes than the interpreter can nest calls.
    const path = [{ node: start.node, length, next: start.node.firstChild }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      if (top.next > top.node.lastChild) {
        path.pop();
        continue;
      }
      const byte = top.next++;
      const child = this.child(top.node, byte);
      if (child === undefined) continue;
      length = top.length;
      append([byte], child.childWords);
      append(child.prefix, child.childWords);
      yield [key.subarray(0, length), child];
      path.push({ node: child, length, next: child.firstChild });
    }
  }

  #spend(bytes: number, offset: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw this.#corrupt(offset, 'its nodes refer to each other in circles');
  }

  #byteAt(offset: number): number {
    const byte = this.#bytes[offset];
    if (byte === undefined) throw this.#corrupt(offset, 'the file ends within a node');
    return byte;
  }

  #wordAt(offset: number): number {
    if (offset + 4 > this.#bytes.length) throw this.#corrupt(offset, 'the file ends within a number');
    return this.#bytes.readUInt32BE(offset);
  }

  #stringAt(offset: number): Buffer {
    const end = this.#bytes.indexOf(0, offset);
    if (end === -1 || offset >= this.#bytes.length)
      throw this.#corrupt(offset, 'a text has no end before the end of the file');
    return this.#bytes.subarray(offset, end);
  }
}
