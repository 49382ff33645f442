import type { SymbolNames } from '../module-file/symbol-names.ts';
import { textKinds } from './contribution-columns.ts';
import type { ContributionTable } from './contribution-table.ts';
import { isLittleEndian, ModuleBytes } from './module-bytes.ts';
import { hasPrefix, QuickSections, type SectionPart } from './quick-sections.ts';
import { QuickSymbols } from './quick-symbols.ts';

/** Sections that are no further apart are read with what lies between them. */
const MAX_GAP = 32 << 10;

const keys = textKinds.map((kind) => Buffer.from(kind));

/**
 * Reads what depmod wants from module files of the usual form: 64 bits and little-endian, on a little-endian machine,
 * with nothing odd about it. No object and no string is made for anything in the file, and of an uncompressed file only the
 * parts that matter are read: together they are a sixth of it.
 *
 * All else it leaves to the general reader, by answering false. So it never has to explain an error, and where it
 * answers true both give the same.
 */
export class QuickReader {
  readonly #bytes = new ModuleBytes();
  readonly #sections = new QuickSections(this.#bytes);
  readonly #symbols: QuickSymbols;
  readonly #table: ContributionTable;

  /** @param names of the symbols of the table */
  constructor(table: ContributionTable, names: SymbolNames, compat: boolean) {
    this.#table = table;
    this.#symbols = new QuickSymbols(this.#bytes, this.#sections, names, compat);
  }

  /**
   * Adds the module in an open file of `size` bytes.
   *
   * @returns false for a file that has to be read otherwise; the table then has to begin the module anew
   */
  readFile(descriptor: number, size: number): boolean {
    if (!isLittleEndian) return false;
    this.#bytes.useFile(descriptor, size);
    return this.#read();
  }

  /** As {@link readFile} for a module that is in memory. */
  readImage(image: Uint8Array): boolean {
    if (!isLittleEndian || image.byteOffset % 8 !== 0) return false;
    this.#bytes.useImage(image);
    return this.#read();
  }

  #read(): boolean {
    const sections = this.#sections;
    if (!sections.find()) return false;
    this.#readTogether(sections.modinfo, sections.versions);
    this.#readTogether(sections.symbols, sections.symbolNames);
    return this.#readModinfo() && this.#symbols.read(this.#table);
  }

  #readTogether(one: SectionPart, other: SectionPart): void {
    if (one.size === 0 || other.size === 0) return;
    const start = Math.min(one.offset, other.offset);
    const end = Math.max(one.offset + one.size, other.offset + other.size);
    if (end - start <= one.size + other.size + MAX_GAP) this.#bytes.place(start, end - start);
  }

  #readModinfo(): boolean {
    const { offset, size } = this.#sections.modinfo;
    if (size === 0) return true;
    const start = this.#bytes.place(offset, size);
    if (start === -1) return false;
    const { u8 } = this.#bytes;
    const end = start + size;
    if (u8[end - 1] !== 0) return false;
    for (let position = start; position < end; position++) {
      const first = u8[position];
      if (first === 0) continue;
      let kind = -1;
      if (first === 0x61) kind = 0;
      else if (first === 0x73) kind = 1;
      else if (first === 0x77) kind = 2;
      let value = -1;
      if (kind !== -1) {
        const key = keys[kind] as Uint8Array;
        if (hasPrefix(u8, position, key)) {
          const next = u8[position + key.length];
          if (next === 0) return false; // a key without a value
          if (next === 0x3d) value = position + key.length + 1;
        }
      }
      while (u8[position] !== 0) position++;
      if (value !== -1) this.#table.addText(kind, u8, value, position);
    }
    return true;
  }
}
