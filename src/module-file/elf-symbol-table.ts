import type { KmodError } from '../errors/kmod-error.ts';
import { elfError } from './elf-damage.ts';
import { type ByteRange, type ElfLayout, LONGEST_NAME } from './elf-layout.ts';
import type { ModuleSections } from './module-sections.ts';

/** Special section numbers of symbols. */
export const SHN_UNDEF = 0;
export const SHN_ABS = 0xfff1;
const SHN_XINDEX = 0xffff;

/** The binding of a symbol that may be missing. */
export const STB_WEAK = 2;

/** No module comes near. What is made of more could be too much for the memory. */
const MOST_SYMBOLS = 2 ** 22;

/** The symbol table of an ELF file, read in place. Entry 0 is unused. */
export class SymbolTable {
  readonly bytes: Uint8Array;
  /** Number of entries, the unused entry 0 included. */
  readonly count: number;
  /** The string table that the names are in. */
  readonly names: ByteRange;
  readonly #layout: ElfLayout;
  readonly #start: number;
  readonly #entrySize: number;
  readonly #infoAt: number;
  readonly #sectionAt: number;
  readonly #farSections: ByteRange | undefined;

  private constructor(layout: ElfLayout, symbols: ByteRange, names: ByteRange, far: ByteRange | undefined) {
    this.bytes = layout.bytes;
    this.names = names;
    this.#layout = layout;
    this.#start = symbols.start;
    this.#entrySize = entrySize(layout);
    this.#infoAt = layout.is64 ? 4 : 12;
    this.#sectionAt = layout.is64 ? 6 : 14;
    this.count = Math.floor((symbols.end - symbols.start) / this.#entrySize);
    this.#farSections = far;
  }

  /**
   * The table; undefined when the file has none, or no names for it.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` when its size is no multiple of an entry's, or beyond all reason
   */
  static of(layout: ElfLayout, sections: ModuleSections): SymbolTable | undefined {
    const { symbols, symbolNames, symbolSections } = sections;
    if (symbols === undefined || symbolNames === undefined) return undefined;
    const size = symbols.end - symbols.start;
    if (size % entrySize(layout) !== 0)
      throw elfError(layout.path, {
        offset: symbols.start,
        field: 'the section .symtab',
        fault: `has ${size} bytes, no multiple of ${entrySize(layout)}`,
      });
    if (size / entrySize(layout) > MOST_SYMBOLS)
      throw elfError(layout.path, {
        offset: symbols.start,
        field: 'the section .symtab',
        fault: `has ${size / entrySize(layout)} symbols, more than the ${MOST_SYMBOLS} that are read`,
      });
    return new SymbolTable(layout, symbols, symbolNames, symbolSections);
  }

  /** Where the name of a symbol begins in the file; -1 when its offset lies outside the string table. */
  nameStart(index: number): number {
    const start = this.names.start + this.#layout.u32(this.#entry(index));
    return start < this.names.end ? start : -1;
  }

  /**
   * The name of a symbol, one character for each byte.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
   */
  name(index: number): string {
    const start = this.nameStart(index);
    const end = start === -1 ? -1 : this.#layout.terminatorAt(start, this.names.end);
    if (end === -1) throw this.badName(index);
    return this.#layout.text(start, end);
  }

  /** Where a name that begins at a place has to have ended. */
  nameLimit(start: number): number {
    return Math.min(this.names.end, start + LONGEST_NAME);
  }

  /** The numbers of the symbols that are in no section, ascending: few of the tens of thousands that a large module has. */
  undefinedSymbols(): readonly number[] {
    const { view, littleEndian } = this.#layout;
    const found: number[] = [];
    const size = this.#entrySize;
    let at = this.#entry(1) + this.#sectionAt;
    for (let index = 1; index < this.count; index++, at += size)
      if (view.getUint16(at, littleEndian) === SHN_UNDEF) found.push(index);
    return found;
  }

  /** `st_shndx`: the number of a section or a special one, as it stands in the entry. */
  section(index: number): number {
    return this.#layout.view.getUint16(this.#entry(index) + this.#sectionAt, this.#layout.littleEndian);
  }

  /** As {@link section}, with a number that did not fit taken from where it stands; undefined when it stands nowhere. */
  farSection(index: number): number | undefined {
    const near = this.section(index);
    if (near !== SHN_XINDEX) return near;
    const far = this.#farSections;
    if (far === undefined || far.start + 4 * index + 4 > far.end) return undefined;
    return this.#layout.u32(far.start + 4 * index);
  }

  binding(index: number): number {
    return (this.bytes[this.#entry(index) + this.#infoAt] ?? 0) >> 4;
  }

  type(index: number): number {
    return (this.bytes[this.#entry(index) + this.#infoAt] ?? 0) & 15;
  }

  /** `st_value`; exact up to 2^53. */
  value(index: number): number {
    const at = this.#entry(index);
    return this.#layout.is64 ? this.#layout.u64(at + 8) : this.#layout.u32(at + 4);
  }

  /** The error for a symbol whose name lies outside the string table or has no end. */
  badName(index: number): Error {
    return elfError(this.#layout.path, {
      offset: this.#entry(index),
      field: `st_name of symbol ${index}`,
      fault: `is ${this.#layout.u32(this.#entry(index))}, and .strtab has ${this.names.end - this.names.start} bytes with no complete name of at most ${LONGEST_NAME} bytes there`,
    });
  }

  #entry(index: number): number {
    return this.#start + index * this.#entrySize;
  }
}

function entrySize(layout: ElfLayout): number {
  return layout.is64 ? 24 : 16;
}

/** The error for a file whose symbols are asked for and which has none. */
export function noSymbolTable({ path, bytes }: ElfLayout): KmodError {
  return elfError(path, {
    offset: bytes.length,
    field: 'the file',
    fault: 'ends without a usable .symtab and .strtab, so what the module needs is unknown',
  });
}
