import { elfError } from './elf-damage.ts';
import type { ByteRange, ElfLayout } from './elf-layout.ts';
import { SHN_UNDEF, type SymbolTable } from './elf-symbol-table.ts';
import { symbolCrc } from './symbol-crc.ts';
import type { SymbolNames } from './symbol-names.ts';

const CRC_PREFIX = '__crc_'.length;
const ENTRY_PREFIX = '__ksymtab_'.length;

/**
 * Finds what a module exports, as kmod does: the symbols that have a CRC; without any CRC the strings of
 * `__ksymtab_strings`. Where only some have a CRC the others are added, those with an entry `__ksymtab_<name>`, unless
 * `compat` is set.
 *
 * The strings name the symbols' namespaces too, and kmod takes those for symbols. So does this: nothing ever asks for a
 * symbol of such a name, and kernels without CRCs would otherwise get another `modules.symbols` than from kmod.
 */
export class ExportCollector {
  readonly #names: SymbolNames;
  readonly #compat: boolean;
  symbols = new Uint32Array(64);
  crcs = new Uint32Array(64);
  count = 0;
  // Names with an entry in the export table, of this module only.
  #entries = new Uint32Array(64);
  #entryCount = 0;

  constructor(names: SymbolNames, compat: boolean) {
    this.#names = names;
    this.#compat = compat;
  }

  /**
   * Fills {@link symbols}, {@link crcs} and {@link count}.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
   */
  collect(layout: ElfLayout, table: SymbolTable | undefined, strings: ByteRange | undefined): void {
    this.count = 0;
    this.#entryCount = 0;
    if (table !== undefined) {
      const bad = this.#readSymbols(layout, table);
      if (bad !== -1 && !this.#compat) throw table.badName(bad);
      if (bad !== -1) this.count = 0;
    }
    if (this.count === 0 && strings !== undefined) this.#readStrings(layout, strings, undefined);
    else if (!this.#compat && this.#entryCount > this.count) this.#addEntries(layout, strings);
  }

  // Answers the number of a symbol whose name is broken, -1 for none.
  #readSymbols(layout: ElfLayout, table: SymbolTable): number {
    const { bytes, count } = table;
    for (let index = 1; index < count; index++) {
      const start = table.nameStart(index);
      if (start === -1) return index;
      if (bytes[start] !== UNDERSCORE || bytes[start + 1] !== UNDERSCORE) continue;
      const third = bytes[start + 2];
      if (third === LETTER_C) {
        if (!isCrcName(bytes, start)) continue;
        const name = this.#names.internTerminated(bytes, start + CRC_PREFIX, table.nameLimit(start));
        if (name === -1) return index;
        this.#add(name, symbolCrc(layout, table, index));
      } else if (third === LETTER_K && !this.#compat) {
        if (!isEntryName(bytes, start) || table.section(index) === SHN_UNDEF) continue;
        const name = this.#names.internTerminated(bytes, start + ENTRY_PREFIX, table.nameLimit(start));
        if (name === -1) return index;
        this.#addEntry(name);
      }
    }
    return -1;
  }

  // Exported names without a CRC, in the order of `__ksymtab_strings`, which is kmod's.
  #addEntries(layout: ElfLayout, strings: ByteRange | undefined): void {
    const missing = new Set(this.#entries.subarray(0, this.#entryCount));
    for (let place = 0; place < this.count; place++) missing.delete(this.symbols[place] as number);
    if (strings !== undefined && missing.size > 0) this.#readStrings(layout, strings, missing);
    for (const name of missing) this.#add(name, 0);
  }

  #readStrings({ bytes, path }: ElfLayout, strings: ByteRange, wanted: Set<number> | undefined): void {
    if (strings.start === strings.end) return;
    if (bytes[strings.end - 1] !== 0)
      throw elfError(path, {
        offset: strings.end - 1,
        field: 'the section __ksymtab_strings',
        fault: 'does not end with a NUL',
      });
    for (let at = strings.start; at < strings.end; at++) {
      if (bytes[at] === 0) continue;
      const name = this.#names.internTerminated(bytes, at, strings.end);
      while (bytes[at] !== 0) at++;
      if (wanted === undefined || wanted.delete(name)) this.#add(name, 0);
    }
  }

  #add(name: number, crc: number): void {
    if (this.count === this.symbols.length) {
      this.symbols = doubled(this.symbols);
      this.crcs = doubled(this.crcs);
    }
    this.symbols[this.count] = name;
    this.crcs[this.count++] = crc;
  }

  #addEntry(name: number): void {
    if (this.#entryCount === this.#entries.length) this.#entries = doubled(this.#entries);
    this.#entries[this.#entryCount++] = name;
  }
}

const UNDERSCORE = 0x5f;
const LETTER_C = 0x63;
const LETTER_K = 0x6b;

// "__crc_" and "__ksymtab_" from the fourth character on. A read behind the end of the file gives undefined.
function isCrcName(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 3] === 0x72 && bytes[at + 4] === 0x63 && bytes[at + 5] === UNDERSCORE;
}

const entryName = Buffer.from('__ksymtab_', 'latin1');

function isEntryName(bytes: Uint8Array, at: number): boolean {
  for (let place = 3; place < entryName.length; place++)
    if (bytes[at + place] !== entryName[place]) return false;
  return true;
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
