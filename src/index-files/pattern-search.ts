import { matchesPatternBytes } from './alias-pattern.ts';
import type { IndexContent } from './index-content.ts';
import {
  type CorruptError,
  type IndexValue,
  loadNode,
  loadValue,
  MAX_KEY_LENGTH,
  NodeReader,
} from './index-node.ts';
import { TextPositions } from './text-positions.ts';

const VALUES = 0x4000_0000;
const CHILDREN = 0x2000_0000;
const OFFSET_MASK = 0x0fff_ffff;
const HEADER_SIZE = 12;

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;

/** Numbers of a frame: arcs (first, last, next), place of their offset words, positions (low, high, open). */
const FRAME = 7;

/** Searches are not nested, so one memory serves all. */
const positions = new TextPositions();
let frames = new Int32Array(64 * FRAME);

/**
 * Searches an index whose keys are patterns, on the bytes of its file. Where kmod compares the request with every key
 * below a wildcard, this follows the keys' common beginnings together, and leaves a branch when no position of the
 * request fits it. Matches are found in kmod's order nevertheless, which decides between equal priorities.
 */
export class PatternSearch {
  readonly #content: IndexContent;
  readonly #bytes: Buffer;
  readonly #corrupt: CorruptError;
  /** In depmod's files the priority is the module's number: its name is made once. */
  readonly #textOfPriority = new Map<number, string>();
  #budget = 0;
  /** Bytes of whole keys that may still be compared. */
  #comparisons = 0;
  #reader: NodeReader | undefined;
  #found: IndexValue[] = [];
  #depth = 0;
  /** Of the node that was read last. */
  #firstChild = 1;
  #lastChild = 0;
  #childWords = 0;
  #valueWords = 0;

  constructor(content: IndexContent, corrupt: CorruptError) {
    this.#content = content;
    this.#bytes = content.bytes;
    this.#corrupt = corrupt;
  }

  /** The values of all matching keys, ascending by priority; of equal priorities the one found last comes first. */
  search(root: number, request: string): readonly IndexValue[] {
    const found: IndexValue[] = [];
    this.#found = found;
    this.#reader = undefined;
    // In a sound file a search sees each byte at most twice: once literally, once below a wildcard.
    this.#budget = 4 * this.#bytes.length + 64;
    // Keys are about as long together as the file that holds them.
    this.#comparisons = 16 * this.#bytes.length + 65_536;
    positions.load(request);
    this.#searchLiterally(root);
    return found.length < 2 ? found : found.reverse().sort((a, b) => a.priority - b.priority);
  }

  /** Follows the request through the keys up to their first wildcards. A backslash is nothing special there. */
  #searchLiterally(root: number): void {
    const bytes = this.#bytes;
    const { text, length } = positions;
    let position = 0;
    let word = root;
    while ((word & OFFSET_MASK) !== 0) {
      let place = this.#nodeOffset(word);
      if (word < 0) {
        for (let byte = bytes[place]; byte !== 0; byte = bytes[++place]) {
          if (byte === undefined) throw this.#corrupt(place, 'the file ends within a text');
          if (byte === STAR || byte === QUESTION || byte === OPEN) {
            positions.start(position);
            this.#passNode(word, place);
            this.#runFrames();
            return;
          }
          if (position === length || text[position] !== byte) return;
          position++;
        }
        place++;
      }
      this.#readArcs(word, place);
      const first = this.#firstChild;
      const last = this.#lastChild;
      const words = this.#childWords;
      const values = this.#valueWords;
      if (first <= OPEN && last >= STAR) {
        if (first <= STAR) this.#collectBelow(words + 4 * (STAR - first), STAR, position);
        if (first <= QUESTION && last >= QUESTION)
          this.#collectBelow(words + 4 * (QUESTION - first), QUESTION, position);
        if (last >= OPEN) this.#collectBelow(words + 4 * (OPEN - first), OPEN, position);
      }
      if (position === length) {
        if ((word & VALUES) !== 0) this.#addValues(values);
        return;
      }
      const byte = text[position++] as number;
      if (byte < first || byte > last) return;
      word = this.#wordAt(words + 4 * (byte - first));
    }
  }

  /** Collects what matches at and below the node that a wildcard leads to. */
  #collectBelow(place: number, wildcard: number, position: number): void {
    const word = this.#wordAt(place);
    if ((word & OFFSET_MASK) === 0) return;
    positions.start(position);
    this.#enter(word, wildcard, positions.high);
    this.#runFrames();
  }

  /** Goes through the nodes below, children by ascending arcs: a stack of our own, for a file may nest deeper than calls can. */
  #runFrames(): void {
    while (this.#depth > 0) {
      const frame = (this.#depth - 1) * FRAME;
      const arc = this.#nextArc(frame);
      if (arc === -1) {
        this.#depth--;
        continue;
      }
      frames[frame + 2] = arc + 1;
      const word = this.#wordAt((frames[frame + 3] as number) + 4 * (arc - (frames[frame] as number)));
      if ((word & OFFSET_MASK) !== 0) this.#enter(word, arc, positions.high);
    }
  }

  /** The next arc of a frame that a position may take, -1 when there is none. Makes the frame's positions current. */
  #nextArc(frame: number): number {
    const last = frames[frame + 1] as number;
    const next = frames[frame + 2] as number;
    positions.low = frames[frame + 4] as number;
    positions.high = frames[frame + 5] as number;
    positions.open = frames[frame + 6] as number;
    let arc = next;
    if (positions.open < 0) {
      arc = positions.nextByte(next);
      if (next <= STAR && STAR < arc) arc = STAR;
      else if (next <= QUESTION && QUESTION < arc) arc = QUESTION;
      else if (next <= OPEN && OPEN < arc) arc = OPEN;
      else if (next <= BACKSLASH && BACKSLASH < arc) arc = BACKSLASH;
    }
    return arc <= last ? arc : -1;
  }

  /** Takes an arc; its positions are put at `place`. */
  #enter(word: number, arc: number, place: number): void {
    if (arc === OPEN || arc === BACKSLASH) {
      this.#compareAll(word, 0, [arc]);
      return;
    }
    positions.reserve(place);
    if (positions.step(arc, place)) this.#passNode(word, this.#nodeOffset(word));
  }

  /** Passes over a node's prefix from `start` on. What then still has a position goes on to values and children. */
  #passNode(word: number, start: number): void {
    let place = start;
    if (word < 0) {
      const bytes = this.#bytes;
      for (let byte = bytes[place]; byte !== 0; byte = bytes[place]) {
        if (byte === undefined) throw this.#corrupt(place, 'the file ends within a text');
        if (byte === OPEN || byte === BACKSLASH) {
          this.#compareAll(word, place - (word & OFFSET_MASK), []);
          return;
        }
        const end = this.#passElements(word, place, byte);
        this.#spend(Math.abs(end) - place, place);
        if (end < 0) return;
        place = end;
      }
      place++;
    }
    this.#readArcs(word, place);
    const values = this.#valueWords;
    this.#spend(values - place + 1, place);
    if ((word & VALUES) !== 0 && positions.isAtEnd()) this.#addValues(values);
    if (this.#firstChild <= this.#lastChild) this.#pushFrame();
  }

  /** Passes over an element of a prefix, or several at once. Gives the place behind, negative when no position is left. */
  #passElements(word: number, place: number, byte: number): number {
    if (positions.open < 0 || byte === STAR || byte === QUESTION)
      return positions.step(byte, positions.low) ? place + 1 : -place - 1;
    const bytes = this.#bytes;
    let end = place;
    let behind = byte;
    while (behind !== 0 && isLiteral(behind)) behind = this.#byteAt(++end);
    if (behind === STAR) return positions.stepToStar(bytes, place, end) ? end + 1 : -end - 1;
    const isLast = behind === 0 && (word & CHILDREN) === 0;
    const hasPosition = isLast
      ? positions.stepToEnd(bytes, place, end)
      : positions.stepOpen(bytes, place, end);
    return hasPosition ? end : -end;
  }

  /** Compares every key that goes on at a bracket or backslash: `skip` bytes into the node's prefix, or at its arc. */
  #compareAll(word: number, skip: number, arc: readonly number[]): void {
    const { open, low, high, stack } = positions;
    const text = positions.text.subarray(0, positions.length);
    const starts = open >= 0 ? [open] : [...stack.subarray(low, high)];
    this.#reader ??= new NodeReader(this.#content, this.#corrupt);
    const node = this.#reader.read(word);
    if (node === undefined) return;
    const lead = open >= 0 ? [STAR, ...arc] : arc;
    for (const [pattern, { hasValues, valueWords }] of this.#reader.walk({ node, skip, lead })) {
      if (!hasValues) continue;
      this.#comparisons -= pattern.length;
      if (this.#comparisons < 0) throw this.#corrupt(valueWords, 'its keys are too long for its size');
      if (starts.some((start) => matchesPatternBytes(pattern, text, start))) this.#addValues(valueWords);
    }
  }

  #pushFrame(): void {
    if (this.#depth === MAX_KEY_LENGTH)
      throw this.#corrupt(this.#childWords, `a key is longer than ${MAX_KEY_LENGTH} bytes`);
    const frame = this.#depth++ * FRAME;
    if (frame === frames.length) {
      const larger = new Int32Array(2 * frame);
      larger.set(frames);
      frames = larger;
    }
    frames[frame] = this.#firstChild;
    frames[frame + 1] = this.#lastChild;
    frames[frame + 2] = this.#firstChild;
    frames[frame + 3] = this.#childWords;
    frames[frame + 4] = positions.low;
    frames[frame + 5] = positions.high;
    frames[frame + 6] = positions.open;
  }

  #addValues(start: number): void {
    const count = this.#wordAt(start) >>> 0;
    let place = start + 4;
    // A value has at least a priority and a final NUL.
    if (count > (this.#bytes.length - place) / 5)
      throw this.#corrupt(start, `${count} values do not fit into the rest of the file`);
    for (let index = 0; index < count; index++) {
      if (!this.#content.isWhole) loadValue(this.#content, place);
      const priority = this.#wordAt(place) >>> 0;
      let end = place + 4;
      while (this.#byteAt(end) !== 0) end++;
      this.#found.push({ value: this.#text(place + 4, end, priority), priority });
      this.#spend(end + 1 - place, place);
      place = end + 1;
    }
  }

  #text(start: number, end: number, priority: number): string {
    const known = this.#textOfPriority.get(priority);
    if (known !== undefined && isAt(known, this.#bytes, start, end)) return known;
    const text = this.#bytes.toString('utf8', start, end);
    this.#textOfPriority.set(priority, text);
    return text;
  }

  /** Reads the arcs of a node that `place` is in, behind its prefix. */
  #readArcs(word: number, place: number): void {
    this.#firstChild = 1;
    this.#lastChild = 0;
    this.#childWords = place;
    this.#valueWords = place;
    if ((word & CHILDREN) === 0) return;
    const first = this.#byteAt(place);
    const last = this.#byteAt(place + 1);
    if (first > last || last > 127)
      throw this.#corrupt(place, `the range of children ${first} to ${last} is not possible`);
    this.#firstChild = first;
    this.#lastChild = last;
    this.#childWords = place + 2;
    this.#valueWords = place + 2 + 4 * (last - first + 1);
    if (this.#valueWords > this.#bytes.length)
      throw this.#corrupt(place + 2, 'the children reach behind the end of the file');
  }

  #nodeOffset(word: number): number {
    const offset = word & OFFSET_MASK;
    if (offset < HEADER_SIZE) throw this.#corrupt(offset, 'a node lies within the header');
    if (offset > this.#bytes.length) throw this.#corrupt(offset, 'a node lies behind the end of the file');
    if (!this.#content.isWhole) loadNode(this.#content, word);
    return offset;
  }

  /** A number as the bits of a signed one. */
  #wordAt(place: number): number {
    const bytes = this.#bytes;
    if (place + 4 > bytes.length) throw this.#corrupt(place, 'the file ends within a number');
    return (
      ((bytes[place] as number) << 24) |
      ((bytes[place + 1] as number) << 16) |
      ((bytes[place + 2] as number) << 8) |
      (bytes[place + 3] as number)
    );
  }

  #byteAt(place: number): number {
    if (place >= this.#bytes.length) throw this.#corrupt(place, 'the file ends within a node');
    return this.#bytes[place] as number;
  }

  #spend(bytes: number, offset: number): void {
    this.#budget -= bytes;
    if (this.#budget < 0) throw this.#corrupt(offset, 'its nodes refer to each other in circles');
  }
}

function isLiteral(byte: number): boolean {
  return byte !== STAR && byte !== QUESTION && byte !== OPEN && byte !== BACKSLASH;
}

function isAt(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}
