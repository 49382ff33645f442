import type { ModuleBytes } from './module-bytes.ts';

/** A file of at most this size is read at once. */
const SMALL_FILE = 24 << 10;
const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
/** How much before the section table is read with it: the sections' names are usually there. */
const NAMES_GUESS = 2048;

const MAGIC = 0x464c457f;
const SHN_LORESERVE = 0xff00;
const SHT_NULL = 0;
const SHT_NOBITS = 8;

const LETTER_K = 0x6b;
const LETTER_M = 0x6d;
const LETTER_S = 0x73;
const LETTER_V = 0x76;
const UNDERSCORE = 0x5f;

/** The names of the sections in `#all`, then those of which the general reader knows more. */
const names = [
  '.modinfo',
  '.symtab',
  '.strtab',
  '__versions',
  '__ksymtab_strings',
  '__version_ext_crcs',
  '__version_ext_names',
].map((name) => Buffer.from(`${name}\0`));

/** Where a section's data is in the file; size 0 for a section that is missing. */
export interface SectionPart {
  offset: number;
  size: number;
}

/** The sections that depmod reads, of one module after the other. */
export class QuickSections {
  readonly modinfo: SectionPart = { offset: 0, size: 0 };
  readonly versions: SectionPart = { offset: 0, size: 0 };
  readonly symbols: SectionPart = { offset: 0, size: 0 };
  readonly symbolNames: SectionPart = { offset: 0, size: 0 };
  readonly exportNames: SectionPart = { offset: 0, size: 0 };
  readonly #all: readonly SectionPart[] = [
    this.modinfo,
    this.symbols,
    this.symbolNames,
    this.versions,
    this.exportNames,
  ];
  readonly #bytes: ModuleBytes;
  #count = 0;
  #tableOffset = 0;
  /** Place of the section table in 32-bit words. */
  #table = 0;

  constructor(bytes: ModuleBytes) {
    this.#bytes = bytes;
  }

  /** Finds the sections of a 64-bit little-endian file. False where anything is unusual. */
  find(): boolean {
    const bytes = this.#bytes;
    if (bytes.size <= HEADER_SIZE) return false;
    const header = bytes.place(0, bytes.size <= SMALL_FILE ? bytes.size : HEADER_SIZE);
    if (header === -1) return false;
    const { u8, u16, u32 } = bytes;
    const word = header >> 2;
    const half = header >> 1;
    if (u32[word] !== MAGIC || u8[header + 4] !== 2 || u8[header + 5] !== 1) return false;
    this.#tableOffset = u32[word + 10] as number;
    this.#count = u16[half + 30] as number;
    const namesIndex = u16[half + 31] as number;
    if (u32[word + 11] !== 0 || u16[half + 29] !== SECTION_SIZE || this.#tableOffset % 8 !== 0) return false;
    if (namesIndex === 0 || namesIndex >= this.#count || namesIndex >= SHN_LORESERVE) return false;
    const start = Math.max(0, this.#tableOffset - NAMES_GUESS);
    const end = this.#tableOffset + this.#count * SECTION_SIZE;
    const place = bytes.place(start, end - start);
    if (place === -1 || this.#tableOffset === 0) return false;
    this.#table = (place + this.#tableOffset - start) >> 2;
    return this.#findByName(namesIndex);
  }

  /** Place in memory of a 32-bit number of a section, -1 where anything is unusual. */
  placeOfNumber(section: number, offset: number): number {
    if (section >= this.#count) return -1;
    const { u32 } = this.#bytes;
    const entry = this.#table + section * 16;
    const size = u32[entry + 8] as number;
    if (u32[entry + 1] === SHT_NOBITS || u32[entry + 7] !== 0 || u32[entry + 9] !== 0 || offset + 4 > size)
      return -1;
    const place = this.#bytes.place(u32[entry + 6] as number, size);
    return place === -1 || (place + offset) % 4 !== 0 ? -1 : place + offset;
  }

  #findByName(namesIndex: number): boolean {
    const bytes = this.#bytes;
    const entry = this.#table + namesIndex * 16;
    const namesOffset = bytes.u32[entry + 6] as number;
    const namesSize = bytes.u32[entry + 8] as number;
    if (bytes.u32[entry + 1] === SHT_NOBITS || bytes.u32[entry + 7] !== 0 || bytes.u32[entry + 9] !== 0)
      return false;
    const start = bytes.place(namesOffset, namesSize);
    const { u8, u32 } = bytes;
    if (start === -1 || namesSize === 0 || u8[start + namesSize - 1] !== 0) return false;
    for (const part of this.#all) part.offset = part.size = 0;
    const tableEnd = this.#tableOffset + this.#count * SECTION_SIZE;
    for (let place = this.#table + 16; place < this.#table + this.#count * 16; place += 16) {
      const type = u32[place + 1] as number;
      const offset = u32[place + 6] as number;
      const size = u32[place + 8] as number;
      // Outside the first 4 GiB, over the file's headers, reaching out of the file: for the general reader.
      if (u32[place + 7] !== 0 || u32[place + 9] !== 0) return false;
      if (
        size !== 0 &&
        type !== SHT_NOBITS &&
        type !== SHT_NULL &&
        (offset < HEADER_SIZE ||
          offset + size > bytes.size ||
          (offset < tableEnd && offset + size > this.#tableOffset))
      )
        return false;
      const name = u32[place] as number;
      if (name >= namesSize) return false;
      const which = this.#which(u8, start + name);
      if (which === -1) continue;
      const part = this.#all[which];
      if (part === undefined || part.size !== 0 || type === SHT_NOBITS || type === SHT_NULL || size === 0)
        return false;
      part.offset = offset;
      part.size = size;
    }
    return this.#areApart();
  }

  // -1 for any other section, OTHER for one that only the general reader knows.
  #which(u8: Uint8Array, start: number): number {
    // Most names differ from all that are wanted in their second or third byte.
    const second = u8[start + 1];
    const third = u8[start + 2];
    if (second === LETTER_M || second === LETTER_S) return matchAny(u8, start, 0, 3);
    if (second === UNDERSCORE && (third === LETTER_K || third === LETTER_V))
      return matchAny(u8, start, 3, names.length);
    return -1;
  }

  #areApart(): boolean {
    for (const one of this.#all)
      for (const other of this.#all)
        if (one !== other && one.offset < other.offset + other.size && other.offset < one.offset + one.size)
          return false;
    return true;
  }
}

function matchAny(u8: Uint8Array, start: number, first: number, last: number): number {
  for (let which = first; which < last; which++)
    if (hasPrefix(u8, start, names[which] as Uint8Array)) return which;
  return -1;
}

/** Whether the bytes from `start` begin with these. */
export function hasPrefix(u8: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let index = 0; index < prefix.length; index++) if (u8[start + index] !== prefix[index]) return false;
  return true;
}
