import type { KmodError } from '../errors/kmod-error.ts';
import type { ContributionSink } from '../module-file/contribution-sink.ts';
import {
  type ContributionColumns,
  ROW_EXPORTS,
  ROW_FILE,
  ROW_NEEDS,
  ROW_TEXTS,
  ROW_WIDTH,
  textKinds,
} from './contribution-columns.ts';

/** A part of a module file that could not be read. */
export interface PartProblem {
  readonly part: 'exports' | 'needs';
  readonly error: KmodError;
}

/**
 * Writes {@link ContributionColumns}. A module is added between {@link begin} and {@link commit}; one that turns out to
 * be unreadable is left out by {@link begin} being called again.
 */
export class ContributionTable implements ContributionSink {
  /** Of the module that is being added. */
  problems: PartProblem[] = [];
  #rowCount = 0;
  #rows = new Uint32Array(ROW_WIDTH * 8192);
  #exportCount = 0;
  #exports = new Uint32Array(1 << 15);
  #exportCrcs = new Uint32Array(1 << 15);
  #needCount = 0;
  #needs = new Uint32Array(1 << 18);
  #needCrcs = new Uint32Array(1 << 18);
  #needWeak = new Uint8Array(1 << 18);
  readonly #texts = [new Uint8Array(1 << 20), new Uint8Array(1 << 12), new Uint8Array(1 << 12)];
  readonly #textLengths = [0, 0, 0];
  readonly #textCounts = [0, 0, 0];
  #start = { exportCount: 0, needCount: 0, textLengths: [0, 0, 0] };

  /** Forgets what was added since the last {@link commit}. */
  begin(): void {
    this.problems = [];
    this.#exportCount = this.#start.exportCount;
    this.#needCount = this.#start.needCount;
    for (let kind = 0; kind < textKinds.length; kind++) {
      this.#textLengths[kind] = this.#start.textLengths[kind] ?? 0;
      this.#textCounts[kind] = 0;
    }
  }

  /** Ends a module; `file` is its number in the list of files. */
  commit(file: number): void {
    const place = this.#rowCount * ROW_WIDTH;
    if (place === this.#rows.length) this.#rows = grown(this.#rows, place + ROW_WIDTH);
    this.#rows[place + ROW_FILE] = file;
    this.#rows[place + ROW_EXPORTS] = this.#exportCount - this.#start.exportCount;
    this.#rows[place + ROW_NEEDS] = this.#needCount - this.#start.needCount;
    for (let kind = 0; kind < textKinds.length; kind++)
      this.#rows[place + ROW_TEXTS + kind] = this.#textCounts[kind] ?? 0;
    this.#rowCount++;
    this.#start = {
      exportCount: this.#exportCount,
      needCount: this.#needCount,
      textLengths: [...this.#textLengths],
    };
  }

  alias(text: string): void {
    this.#addLatin1(0, text);
  }

  softDependency(text: string): void {
    this.#addLatin1(1, text);
  }

  weakDependency(text: string): void {
    this.#addLatin1(2, text);
  }

  exports(symbols: Uint32Array, crcs: Uint32Array, count: number): void {
    const start = this.#exportCount;
    if (start + count > this.#exports.length) {
      this.#exports = grown(this.#exports, start + count);
      this.#exportCrcs = grown(this.#exportCrcs, start + count);
    }
    for (let index = 0; index < count; index++) {
      this.#exports[start + index] = symbols[index] as number;
      this.#exportCrcs[start + index] = crcs[index] as number;
    }
    this.#exportCount += count;
  }

  needs(symbols: Uint32Array, crcs: Uint32Array, weak: Uint8Array, count: number): void {
    const start = this.#needCount;
    if (start + count > this.#needs.length) {
      this.#needs = grown(this.#needs, start + count);
      this.#needCrcs = grown(this.#needCrcs, start + count);
      this.#needWeak = grown(this.#needWeak, start + count);
    }
    for (let index = 0; index < count; index++) {
      this.#needs[start + index] = symbols[index] as number;
      this.#needCrcs[start + index] = crcs[index] as number;
      this.#needWeak[start + index] = weak[index] as number;
    }
    this.#needCount += count;
  }

  /** How many exports the module that is being added has so far. */
  get exportsOfModule(): number {
    return this.#exportCount - this.#start.exportCount;
  }

  addExport(symbol: number, crc: number): void {
    const place = this.#exportCount++;
    if (place === this.#exports.length) {
      this.#exports = grown(this.#exports, place + 1);
      this.#exportCrcs = grown(this.#exportCrcs, place + 1);
    }
    this.#exports[place] = symbol;
    this.#exportCrcs[place] = crc;
  }

  /** @param weak 1 where the symbol may be missing, else 0 */
  addNeed(symbol: number, crc: number, weak: number): void {
    const place = this.#needCount++;
    if (place === this.#needs.length) {
      this.#needs = grown(this.#needs, place + 1);
      this.#needCrcs = grown(this.#needCrcs, place + 1);
      this.#needWeak = grown(this.#needWeak, place + 1);
    }
    this.#needs[place] = symbol;
    this.#needCrcs[place] = crc;
    this.#needWeak[place] = weak;
  }

  /** Adds the bytes from `start` to `end`, none of them 0, as a text of a kind: a place in {@link textKinds}. */
  addText(kind: number, source: Uint8Array, start: number, end: number): void {
    const bytes = this.#roomForText(kind, end - start);
    let place = this.#textLengths[kind] as number;
    for (let index = start; index < end; index++) bytes[place++] = source[index] as number;
    this.#endText(kind, bytes, place);
  }

  problem(part: 'exports' | 'needs', error: KmodError): void {
    this.problems.push({ part, error });
  }

  /** What was added so far: views that are valid until more is added. */
  columns(): ContributionColumns {
    return {
      rows: this.#rows.subarray(0, this.#rowCount * ROW_WIDTH),
      exports: this.#exports.subarray(0, this.#exportCount),
      exportCrcs: this.#exportCrcs.subarray(0, this.#exportCount),
      needs: this.#needs.subarray(0, this.#needCount),
      needCrcs: this.#needCrcs.subarray(0, this.#needCount),
      needWeak: this.#needWeak.subarray(0, this.#needCount),
      texts: this.#texts.map((bytes, kind) => bytes.subarray(0, this.#textLengths[kind])),
    };
  }

  #addLatin1(kind: number, text: string): void {
    const bytes = this.#roomForText(kind, text.length);
    let place = this.#textLengths[kind] as number;
    for (let index = 0; index < text.length; index++) bytes[place++] = text.charCodeAt(index);
    this.#endText(kind, bytes, place);
  }

  #roomForText(kind: number, length: number): Uint8Array {
    const bytes = this.#texts[kind] as Uint8Array<ArrayBuffer>;
    const needed = (this.#textLengths[kind] as number) + length + 1;
    if (needed <= bytes.length) return bytes;
    return (this.#texts[kind] = grown(bytes, needed));
  }

  #endText(kind: number, bytes: Uint8Array, place: number): void {
    bytes[place] = 0;
    this.#textLengths[kind] = place + 1;
    this.#textCounts[kind] = (this.#textCounts[kind] as number) + 1;
  }
}

/** A copy of at least twice the length, and at least of `needed` elements. */
function grown<T extends Uint8Array | Uint32Array>(array: T, needed: number): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(array.length * 2, needed));
  larger.set(array);
  return larger;
}
