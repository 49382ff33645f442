import type { SymbolNames } from '../module-file/symbol-names.ts';
import type { ContributionTable } from './contribution-table.ts';
import type { ModuleBytes } from './module-bytes.ts';
import { hasPrefix, type QuickSections } from './quick-sections.ts';

const SYMBOL_SIZE = 24;
const VERSION_SIZE = 64;
const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;
const STB_WEAK = 2;
const EM_SPARC = 2;
const EM_SPARCV9 = 43;
const MACHINE_OFFSET = 18;
const UNDERSCORE = 0x5f;
const LETTER_C = 0x63;
const LETTER_K = 0x6b;
const CRC_PREFIX = Buffer.from('__crc_');
const ENTRY_PREFIX = Buffer.from('__ksymtab_');

/** Reads exported and needed symbols of the modules that {@link QuickSections} has found to be of the usual form. */
export class QuickSymbols {
  readonly #bytes: ModuleBytes;
  readonly #sections: QuickSections;
  readonly #names: SymbolNames;
  readonly #compat: boolean;
  /** Number of the module that is being read; it marks what in the arrays below is its own. */
  #module = 0;
  /** By symbol: the last module with a version of it, with an undefined symbol of it, with an export entry or a CRC for it. */
  #versioned = new Uint32Array(1 << 15);
  #needed = new Uint32Array(1 << 15);
  #entered = new Uint32Array(1 << 15);
  #exported = new Uint32Array(1 << 15);
  /** By symbol: the CRC in the last module with a version of it. */
  #crcs = new Uint32Array(1 << 15);
  /** The symbols with a version in their order. */
  #versions = new Uint32Array(1 << 10);
  #versionCount = 0;
  #entryCount = 0;
  /** Symbols with an export entry and a CRC. */
  #pairCount = 0;

  constructor(bytes: ModuleBytes, sections: QuickSections, names: SymbolNames, compat: boolean) {
    this.#bytes = bytes;
    this.#sections = sections;
    this.#names = names;
    this.#compat = compat;
  }

  /** Adds the symbols of a module. False where anything is unusual. */
  read(table: ContributionTable): boolean {
    this.#module++;
    this.#versionCount = 0;
    this.#entryCount = 0;
    this.#pairCount = 0;
    if (!this.#readVersions() || !this.#readSymbols(table)) return false;
    const module = this.#module;
    for (let index = 0; index < this.#versionCount; index++) {
      const symbol = this.#versions[index] as number;
      if (this.#needed[symbol] !== module) table.addNeed(symbol, this.#crcs[symbol] as number, 0);
    }
    return true;
  }

  #readVersions(): boolean {
    const { offset, size } = this.#sections.versions;
    if (size === 0) return true;
    const start = this.#bytes.place(offset, size);
    if (start === -1 || size % VERSION_SIZE !== 0 || start % 8 !== 0) return false;
    const { u8, u32 } = this.#bytes;
    const module = this.#module;
    if (size / VERSION_SIZE > this.#versions.length)
      this.#versions = new Uint32Array((size / VERSION_SIZE) * 2);
    for (let record = start; record < start + size; record += VERSION_SIZE) {
      const symbol = this.#names.internTerminated(u8, record + 8, record + VERSION_SIZE);
      if (symbol === -1) return false;
      if (symbol >= this.#versioned.length) this.#widen(symbol);
      if (this.#versioned[symbol] === module) return false; // two versions of one symbol
      this.#versioned[symbol] = module;
      this.#crcs[symbol] = u32[record >> 2] as number;
      this.#versions[this.#versionCount++] = symbol;
    }
    return true;
  }

  #readSymbols(table: ContributionTable): boolean {
    const { symbols, symbolNames } = this.#sections;
    const bytes = this.#bytes;
    const start = bytes.place(symbols.offset, symbols.size);
    const names = bytes.place(symbolNames.offset, symbolNames.size);
    const machine = bytes.u16[(bytes.place(0, 20) + MACHINE_OFFSET) >> 1];
    if (start === -1 || names === -1 || symbols.size === 0 || symbolNames.size === 0) return false;
    if (symbols.size % SYMBOL_SIZE !== 0 || start % 8 !== 0) return false;
    if (machine === EM_SPARC || machine === EM_SPARCV9) return false;
    const { u8, u32 } = bytes;
    const namesEnd = names + symbolNames.size;
    if (u8[namesEnd - 1] !== 0) return false;
    const end = (start + symbols.size) >> 2;
    for (let entry = (start + SYMBOL_SIZE) >> 2; entry < end; entry += SYMBOL_SIZE / 4) {
      const name = names + (u32[entry] as number);
      if (name >= namesEnd) return false;
      if ((u32[entry + 1] as number) >>> 16 === SHN_UNDEF) {
        if (u8[name] === 0) continue;
        if (u8[name] === UNDERSCORE && hasPrefix(u8, name, CRC_PREFIX)) return false;
        this.#addNeed(table, this.#names.internTerminated(u8, name, namesEnd), u32[entry + 1] as number);
      } else if (u8[name] === UNDERSCORE && u8[name + 1] === UNDERSCORE) {
        const third = u8[name + 2];
        if (third === LETTER_C && hasPrefix(u8, name, CRC_PREFIX)) {
          const symbol = this.#names.internTerminated(u8, name + CRC_PREFIX.length, namesEnd);
          if (!this.#addExport(table, symbol, entry)) return false;
        } else if (third === LETTER_K && hasPrefix(u8, name, ENTRY_PREFIX)) {
          this.#enter(this.#names.internTerminated(u8, name + ENTRY_PREFIX.length, namesEnd));
        }
      }
    }
    return this.#readExportNames(table);
  }

  #addNeed(table: ContributionTable, symbol: number, info: number): void {
    const module = this.#module;
    if (symbol >= this.#needed.length) this.#widen(symbol);
    this.#needed[symbol] = module;
    const crc = this.#versioned[symbol] === module ? (this.#crcs[symbol] as number) : 0;
    table.addNeed(symbol, crc, ((info >>> 4) & 15) === STB_WEAK ? 1 : 0);
  }

  #addExport(table: ContributionTable, symbol: number, entry: number): boolean {
    const { u32 } = this.#bytes;
    const section = (u32[entry + 1] as number) >>> 16;
    let crc = u32[entry + 2] as number;
    if (u32[entry + 3] !== 0) return false;
    if (section !== SHN_ABS) {
      const place = this.#sections.placeOfNumber(section, crc);
      if (place === -1 || u32 !== this.#bytes.u32) return false;
      crc = u32[place >> 2] as number;
    }
    table.addExport(symbol, crc);
    const module = this.#module;
    if (symbol >= this.#exported.length) this.#widen(symbol);
    if (this.#exported[symbol] === module) return true;
    this.#exported[symbol] = module;
    if (this.#entered[symbol] === module) this.#pairCount++;
    return true;
  }

  #enter(symbol: number): void {
    if (symbol >= this.#entered.length) this.#widen(symbol);
    if (this.#entered[symbol] === this.#module) return;
    this.#entered[symbol] = this.#module;
    this.#entryCount++;
    if (this.#exported[symbol] === this.#module) this.#pairCount++;
  }

  // What is exported without a CRC, in the order of the names' own section.
  #readExportNames(table: ContributionTable): boolean {
    const { offset, size } = this.#sections.exportNames;
    const withCrc = table.exportsOfModule;
    if (withCrc > 0 || size === 0) return this.#compat || this.#entryCount === this.#pairCount;
    const start = this.#bytes.place(offset, size);
    const { u8 } = this.#bytes;
    if (start === -1 || u8[start + size - 1] !== 0) return false;
    for (let position = start; position < start + size; position++) {
      if (u8[position] === 0) continue;
      const symbol = this.#names.internTerminated(u8, position, start + size);
      while (u8[position] !== 0) position++;
      table.addExport(symbol, 0);
    }
    return true;
  }

  #widen(symbol: number): void {
    const widened = (array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(symbol * 2);
      larger.set(array);
      return larger;
    };
    this.#versioned = widened(this.#versioned);
    this.#needed = widened(this.#needed);
    this.#entered = widened(this.#entered);
    this.#exported = widened(this.#exported);
    this.#crcs = widened(this.#crcs);
  }
}
