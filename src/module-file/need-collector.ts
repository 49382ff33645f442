import { elfError } from './elf-damage.ts';
import type { ByteRange, ElfLayout } from './elf-layout.ts';
import { SHN_UNDEF, STB_WEAK, type SymbolTable } from './elf-symbol-table.ts';
import type { ModuleSections } from './module-sections.ts';
import type { SymbolNames } from './symbol-names.ts';
import { refuseMultitude } from './symbol-version.ts';

const RECORD_SIZE = 64;
const EM_SPARC = 2;
const EM_SPARCV9 = 43;
const STT_REGISTER = 13;

/**
 * Finds the symbols that a module needs: its undefined symbols, then those that only its list of versions names, such
 * as `module_layout`.
 */
export class NeedCollector {
  readonly #names: SymbolNames;
  readonly #compat: boolean;
  symbols = new Uint32Array(256);
  crcs = new Uint32Array(256);
  weak = new Uint8Array(256);
  count = 0;
  // The versions of this module in file order.
  #versionNames = new Uint32Array(256);
  #versionCrcs = new Uint32Array(256);
  #versionCount = 0;
  // By name: the first version of that name in this module, and whether a symbol used it. Valid where the stamp is this module's.
  #firstVersion = new Uint32Array(1 << 13);
  #stamps = new Uint32Array(1 << 13);
  #used = new Uint8Array(1 << 13);
  #stamp = 0;

  constructor(names: SymbolNames, compat: boolean) {
    this.#names = names;
    this.#compat = compat;
  }

  /**
   * Fills {@link symbols}, {@link crcs}, {@link weak} and {@link count}.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
   */
  collect(layout: ElfLayout, table: SymbolTable, sections: ModuleSections): void {
    this.count = 0;
    this.#versionCount = 0;
    this.#stamp++;
    const { extendedCrcs, extendedNames, versions } = sections;
    if (extendedCrcs !== undefined && extendedNames !== undefined && !this.#compat)
      this.#readExtendedVersions(layout, extendedCrcs, extendedNames);
    else if (versions !== undefined) this.#readVersions(layout, versions);
    this.#readSymbols(layout, table);
    for (let place = 0; place < this.#versionCount; place++) {
      const name = this.#versionNames[place] as number;
      if (this.#used[name] === 1 && this.#firstVersion[name] === place) continue;
      this.#add(name, this.#versionCrcs[place] as number, 0);
    }
  }

  #readSymbols({ machine }: ElfLayout, table: SymbolTable): void {
    const { bytes, count } = table;
    const hasRegisters = machine === EM_SPARC || machine === EM_SPARCV9;
    for (let index = 1; index < count; index++) {
      if (table.section(index) !== SHN_UNDEF) continue;
      if (hasRegisters && table.type(index) === STT_REGISTER) continue;
      const start = table.nameStart(index);
      if (start === -1) throw table.badName(index);
      if (bytes[start] === 0) continue;
      const name = this.#names.internTerminated(bytes, start, table.nameLimit(start));
      if (name === -1) throw table.badName(index);
      let crc = 0;
      if (this.#stamps[name] === this.#stamp) {
        this.#used[name] = 1;
        crc = this.#versionCrcs[this.#firstVersion[name] as number] as number;
      }
      this.#add(name, crc, table.binding(index) === STB_WEAK ? 1 : 0);
    }
  }

  #readVersions(layout: ElfLayout, { start, end }: ByteRange): void {
    if ((end - start) % RECORD_SIZE !== 0)
      throw elfError(layout.path, {
        offset: start,
        field: 'the section __versions',
        fault: `has ${end - start} bytes, no multiple of ${RECORD_SIZE}`,
      });
    refuseMultitude(layout, (end - start) / RECORD_SIZE);
    const nameAt = layout.is64 ? 8 : 4;
    const crcAt = layout.is64 && !layout.littleEndian ? 4 : 0;
    for (let at = start; at < end; at += RECORD_SIZE) {
      const name = this.#names.internTerminated(layout.bytes, at + nameAt, at + RECORD_SIZE);
      if (name === -1)
        throw elfError(layout.path, {
          offset: at + nameAt,
          field: `the name of record ${(at - start) / RECORD_SIZE} of __versions`,
          fault: 'does not end with a NUL',
        });
      this.#addVersion(name, layout.u32(at + crcAt));
    }
  }

  #readExtendedVersions(layout: ElfLayout, crcs: ByteRange, names: ByteRange): void {
    if ((crcs.end - crcs.start) % 4 !== 0)
      throw elfError(layout.path, {
        offset: crcs.start,
        field: 'the section __version_ext_crcs',
        fault: `has ${crcs.end - crcs.start} bytes, no multiple of 4`,
      });
    refuseMultitude(layout, (crcs.end - crcs.start) / 4);
    let start = names.start;
    for (let at = crcs.start; at < crcs.end; at += 4) {
      const name = this.#names.internTerminated(layout.bytes, start, names.end);
      if (name === -1)
        throw elfError(layout.path, {
          offset: start,
          field: 'the section __version_ext_names',
          fault: `ends before the name of CRC ${(at - crcs.start) / 4}`,
        });
      while (layout.bytes[start] !== 0) start++;
      start++;
      this.#addVersion(name, layout.u32(at));
    }
  }

  #addVersion(name: number, crc: number): void {
    const place = this.#versionCount++;
    if (place === this.#versionNames.length) {
      this.#versionNames = doubled(this.#versionNames);
      this.#versionCrcs = doubled(this.#versionCrcs);
    }
    this.#versionNames[place] = name;
    this.#versionCrcs[place] = crc;
    if (name >= this.#stamps.length) this.#enlargeNameArrays(name);
    if (this.#stamps[name] === this.#stamp) return;
    this.#stamps[name] = this.#stamp;
    this.#firstVersion[name] = place;
    this.#used[name] = 0;
  }

  #add(name: number, crc: number, weak: 0 | 1): void {
    const place = this.count++;
    if (place === this.symbols.length) {
      this.symbols = doubled(this.symbols);
      this.crcs = doubled(this.crcs);
      const weakBefore = this.weak;
      this.weak = new Uint8Array(2 * place);
      this.weak.set(weakBefore);
    }
    this.symbols[place] = name;
    this.crcs[place] = crc;
    this.weak[place] = weak;
  }

  #enlargeNameArrays(name: number): void {
    while (this.#stamps.length <= name) {
      this.#stamps = doubled(this.#stamps);
      this.#firstVersion = doubled(this.#firstVersion);
    }
    const used = this.#used;
    this.#used = new Uint8Array(this.#stamps.length);
    this.#used.set(used);
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}
