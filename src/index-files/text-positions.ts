const STAR = 0x2a;
const QUESTION = 0x3f;

/** Bytes that fit into the memory which is kept from one search to the next. */
const USUAL_LENGTH = 1024;

const singleElement = new Uint8Array(1);

/**
 * Where in a request a pattern may go on, when what came before has matched: a set of positions, all of them from one
 * on after a star. It follows many patterns with a common beginning at once. Sets are on a stack: the steps of a branch
 * leave the sets of the nodes above as they are.
 */
export class TextPositions {
  text = new Uint8Array(USUAL_LENGTH);
  /** Bytes of `text` that belong to the request. */
  length = 0;
  /** After a star, the first of the positions; otherwise -1, and the positions stand from `low` to `high`. */
  open = -1;
  low = 0;
  high = 0;
  stack = new Int32Array(2 * USUAL_LENGTH);

  /** Takes a request, and the position in front of it. */
  load(request: string): void {
    if (request.length > this.text.length) this.text = new Uint8Array(2 * request.length);
    const { text } = this;
    for (let index = 0; index < request.length; index++) {
      const code = request.charCodeAt(index);
      if (code >= 0x80) {
        this.text = Buffer.from(request);
        this.length = this.text.length;
        return;
      }
      text[index] = code;
    }
    this.length = request.length;
  }

  /** Makes the set one position, at the bottom of the stack. */
  start(position: number): void {
    this.reserve(1);
    this.stack[0] = position;
    this.low = 0;
    this.high = 1;
    this.open = -1;
  }

  /** Makes room for any number of steps with sets that are put at `place` or below. */
  reserve(place: number): void {
    const needed = place + this.length + 1;
    if (needed <= this.stack.length) return;
    const larger = new Int32Array(2 * needed);
    larger.set(this.stack);
    this.stack = larger;
  }

  /** Whether a pattern that ends here has matched. */
  isAtEnd(): boolean {
    return this.open >= 0 || this.stack[this.high - 1] === this.length;
  }

  /**
   * Passes over one element of the pattern other than a bracket or a backslash. The new set is put at `place`, which is
   * `low` where the old one is needed no more, and `high` otherwise; there must be room for it.
   *
   * @returns false when no position is left
   */
  step(element: number, place: number): boolean {
    if (element === STAR) {
      // The earliest has all that the others have.
      if (this.open < 0) this.open = this.stack[this.low] as number;
      this.low = place;
      this.high = place;
      return true;
    }
    if (this.open < 0) return this.#stepSet(element, place);
    if (element === QUESTION) return ++this.open <= this.length;
    singleElement[0] = element;
    return this.stepOpen(singleElement, 0, 1, place);
  }

  /** After a star: passes over a text that ends the pattern. */
  stepToEnd(bytes: Uint8Array, start: number, end: number): boolean {
    const { text, length } = this;
    const shift = length - end;
    if (start + shift < this.open) return false;
    for (let at = start; at < end; at++) if (text[at + shift] !== bytes[at]) return false;
    this.stack[this.low] = length;
    this.high = this.low + 1;
    this.open = -1;
    return true;
  }

  /** After a star: passes over a text that another star follows, where the first place of the text is the best. */
  stepToStar(bytes: Uint8Array, start: number, end: number): boolean {
    const { text } = this;
    const size = end - start;
    const first = bytes[start];
    const last = this.length - size;
    for (let position = this.open; position <= last; position++) {
      if (text[position] !== first) continue;
      let same = 1;
      while (same < size && text[position + same] === bytes[start + same]) same++;
      if (same < size) continue;
      this.open = position + size;
      return true;
    }
    return false;
  }

  /** The lowest byte from `from` on that comes next at one of the positions; 256 when there is none. */
  nextByte(from: number): number {
    const { text, stack, length, high } = this;
    let lowest = 256;
    for (let index = this.low; index < high; index++) {
      const position = stack[index] as number;
      if (position === length) break;
      const byte = text[position] as number;
      if (byte >= from && byte < lowest) lowest = byte;
    }
    return lowest;
  }

  #stepSet(element: number, place: number): boolean {
    const { text, length, stack, high } = this;
    let end = place;
    for (let index = this.low; index < high; index++) {
      const position = stack[index] as number;
      if (position < length && (element === QUESTION || text[position] === element))
        stack[end++] = position + 1;
    }
    this.low = place;
    this.high = end;
    return end > place;
  }

  /** After a star: finds all places of a text that is not the last of the pattern. */
  stepOpen(bytes: Uint8Array, start: number, end: number, place = this.low): boolean {
    const { text, stack } = this;
    const size = end - start;
    const first = bytes[start];
    const last = this.length - size;
    let high = place;
    for (let position = this.open; position <= last; position++) {
      if (text[position] !== first) continue;
      let same = 1;
      while (same < size && text[position + same] === bytes[start + same]) same++;
      if (same === size) stack[high++] = position + size;
    }
    this.open = -1;
    this.low = place;
    this.high = high;
    return high > place;
  }
}
