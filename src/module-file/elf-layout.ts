import { elfError, hex } from './elf-damage.ts';

const IDENT_SIZE = 16;
const MAGIC = 0x7f454c46;
const SHN_XINDEX = 0xffff;

/**
 * Longest name that is read, in bytes. The kernel's own limit is 512. Without one, a small file whose symbols all share
 * a long name would take hours.
 */
export const LONGEST_NAME = 4096;

/** No module comes near. What is made of more could be too much for the memory. */
const MOST_SECTIONS = 2 ** 20;

/** Section types that matter here (`sh_type`). */
export const SHT_NULL = 0;
export const SHT_NOBITS = 8;
export const SHT_SYMTAB_SHNDX = 18;

/** Section flags that matter here (`sh_flags`). */
export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;

/** A part of the file, `end` exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Header and section table of an ELF file, checked once and then read in place: nothing is copied, and no object is
 * made for a section. Both classes, both byte orders, any machine, and more than 65279 sections.
 *
 * What kmod refuses is refused; sections with a bad name or a range outside the file are passed over, as kmod does.
 * The difference: a section without data in the file (NOBITS) has none here, and section data over the file's own
 * headers is an error.
 */
export class ElfLayout {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly path: string;
  readonly is64: boolean;
  readonly littleEndian: boolean;
  /** `e_machine`, for example 62 for x86-64. */
  readonly machine: number;
  /** Number of entries of the section table, the unused entry 0 included. */
  readonly sectionCount: number;
  /** Data of the section-name string table. It ends with a NUL. */
  readonly nameTable: ByteRange;
  readonly #content: Buffer;
  readonly #tableStart: number;
  readonly #entrySize: number;

  /**
   * @param bytes the unpacked file
   * @param path for messages
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` that names byte offset, field and what was found, with kmod's `errno`
   */
  constructor(bytes: Uint8Array, path: string) {
    this.bytes = bytes;
    this.path = path;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    checkIdent(this.view, path);
    this.is64 = bytes[4] === 2;
    this.littleEndian = bytes[5] === 1;
    const headerSize = this.is64 ? 64 : 52;
    this.#entrySize = this.is64 ? 64 : 40;
    if (bytes.length <= headerSize)
      throw elfError(path, {
        offset: bytes.length,
        field: 'the ELF header',
        fault: `is cut off: it takes ${headerSize} bytes and the file has ${bytes.length}`,
      });
    this.machine = this.#u16(18);
    const entrySizeAt = this.is64 ? 58 : 46;
    const entrySize = this.#u16(entrySizeAt);
    if (entrySize !== this.#entrySize)
      throw elfError(path, {
        offset: entrySizeAt,
        field: 'e_shentsize',
        fault: `is ${entrySize}, a section header of this class has ${this.#entrySize} bytes`,
      });
    this.#tableStart = this.is64 ? this.u64(40) : this.u32(32);
    this.sectionCount = this.#countSections(entrySizeAt + 2);
    this.nameTable = this.#findNameTable(entrySizeAt + 4);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, this.littleEndian);
  }

  /** Exact up to 2^53, rounded above: nothing of that size can be inside a file. */
  u64(offset: number): number {
    const first = this.view.getUint32(offset, this.littleEndian);
    const second = this.view.getUint32(offset + 4, this.littleEndian);
    return this.littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
  }

  /** Where the header of a section stands. `index` must be below {@link sectionCount}. */
  headerOffset(index: number): number {
    return this.#tableStart + index * this.#entrySize;
  }

  type(index: number): number {
    return this.u32(this.headerOffset(index) + 4);
  }

  /** `sh_offset`, unchecked. */
  dataOffset(index: number): number {
    const at = this.headerOffset(index);
    return this.is64 ? this.u64(at + 24) : this.u32(at + 16);
  }

  /** `sh_size`, unchecked. */
  dataSize(index: number): number {
    const at = this.headerOffset(index);
    return this.is64 ? this.u64(at + 32) : this.u32(at + 20);
  }

  /** `sh_link`: the number of the section that belongs to this one. */
  link(index: number): number {
    return this.u32(this.headerOffset(index) + (this.is64 ? 40 : 24));
  }

  /** Whether a section has this name, given with a NUL behind it. */
  hasName(index: number, name: Uint8Array): boolean {
    const start = this.nameStart(index);
    if (start === -1) return false;
    // The name table ends with a NUL, so a comparison that stops at the first difference stays inside of it.
    for (let at = 0; at < name.length; at++) if (this.bytes[start + at] !== name[at]) return false;
    return true;
  }

  /** Where the name of a section begins in the file; -1 when its offset lies outside the name table. */
  nameStart(index: number): number {
    const start = this.nameTable.start + this.u32(this.headerOffset(index));
    return start < this.nameTable.end ? start : -1;
  }

  /**
   * Where the text that begins at a place ends; -1 when it does not before `limit`, or is longer than {@link LONGEST_NAME}.
   */
  terminatorAt(start: number, limit: number): number {
    const { bytes } = this;
    const end = Math.min(limit, start + LONGEST_NAME, bytes.length);
    for (let at = start; at < end; at++) if (bytes[at] === 0) return at;
    return -1;
  }

  /** A part of the file as text, one character for each byte. */
  text(start: number, end: number): string {
    return this.#content.toString('latin1', start, end);
  }

  /** True when the data of a section lies inside the file. A NOBITS section has none and is always inside. */
  isInside(index: number): boolean {
    return (
      this.type(index) === SHT_NOBITS || this.dataOffset(index) + this.dataSize(index) <= this.bytes.length
    );
  }

  /** The data of a section; undefined when there is no such section, none in the file, or a part of it is missing. */
  dataRange(index: number): ByteRange | undefined {
    if (index === 0 || index >= this.sectionCount || this.type(index) === SHT_NOBITS) return undefined;
    const start = this.dataOffset(index);
    const end = start + this.dataSize(index);
    return end <= this.bytes.length ? { start, end } : undefined;
  }

  /** As {@link dataRange}, but undefined also for data at byte 0, which kmod takes for no data. */
  usableRange(index: number): ByteRange | undefined {
    const range = this.dataRange(index);
    return range === undefined || range.start === 0 ? undefined : range;
  }

  /** Where `sh_offset` of a section stands, for messages. */
  dataOffsetField(index: number): number {
    return this.headerOffset(index) + (this.is64 ? 24 : 16);
  }

  /**
   * Refuses section data that lies over the ELF header or the section table. No linker writes that.
   *
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
   */
  refuseOverlap(index: number): void {
    const start = this.dataOffset(index);
    const size = this.dataSize(index);
    const tableEnd = this.#tableStart + this.sectionCount * this.#entrySize;
    const overHeader = start < (this.is64 ? 64 : 52);
    const overTable = start < tableEnd && start + size > this.#tableStart;
    if ((!overHeader && !overTable) || size === 0) return;
    const type = this.type(index);
    if (type === SHT_NOBITS || type === SHT_NULL || start + size > this.bytes.length) return;
    throw elfError(this.path, {
      offset: this.dataOffsetField(index),
      field: `sh_offset of section ${index}`,
      fault: `is ${hex(start)}, and the section's ${size} bytes lie over the file's ${overHeader ? 'ELF header' : 'section table'}`,
    });
  }

  #u16(offset: number): number {
    return this.view.getUint16(offset, this.littleEndian);
  }

  #countSections(countAt: number): number {
    const { path, bytes } = this;
    const start = this.#tableStart;
    const tableAt = this.is64 ? 40 : 32;
    const behind = `is ${hex(start)}, and the file has ${bytes.length} bytes`;
    if (start === 0)
      throw elfError(path, { offset: tableAt, field: 'e_shoff', fault: 'is 0: there are no sections' });
    let count = this.#u16(countAt);
    if (start + Math.max(count, 1) * this.#entrySize > bytes.length)
      throw elfError(path, {
        offset: tableAt,
        field: 'e_shoff',
        fault: `${behind}: the table of ${count} sections reaches behind its end`,
      });
    if (count > 0) return count;
    // The number did not fit its field and stands in the first entry.
    count = this.dataSize(0);
    if (count === 0)
      throw elfError(path, { offset: countAt, field: 'e_shnum', fault: 'is 0: there are no sections' });
    if (count > MOST_SECTIONS || start + count * this.#entrySize > bytes.length)
      throw elfError(path, {
        offset: start + (this.is64 ? 32 : 20),
        field: 'sh_size of section 0',
        fault: `gives ${count} sections, and at most ${MOST_SECTIONS} are read in a file that has room for them (${bytes.length} bytes)`,
      });
    return count;
  }

  #findNameTable(indexAt: number): ByteRange {
    let offset = indexAt;
    let field = 'e_shstrndx';
    let index = this.#u16(indexAt);
    if (index === SHN_XINDEX) {
      offset = this.#tableStart + (this.is64 ? 40 : 24);
      field = 'sh_link of section 0';
      index = this.link(0);
    }
    const refuse = (fault: string): Error => elfError(this.path, { offset, field, fault });
    if (index === 0 || index >= this.sectionCount)
      throw refuse(
        `is ${index}, and the table has ${this.sectionCount} sections: there are no section names`,
      );
    const range = this.dataRange(index);
    const ownName = this.u32(this.headerOffset(index));
    offset = this.dataOffsetField(index);
    field = `sh_offset of section ${index}, the section names,`;
    if (range === undefined)
      throw refuse(
        `is ${hex(this.dataOffset(index))} with ${this.dataSize(index)} bytes, outside of the file's ${this.bytes.length} bytes`,
      );
    if (range.start === range.end) throw refuse('belongs to a section of no bytes');
    if (ownName >= range.end - range.start)
      throw refuse(
        `leads to ${range.end - range.start} bytes, and its own name is to be at ${ownName} of them`,
      );
    if (this.bytes[range.end - 1] !== 0) throw refuse('leads to names whose last one has no end');
    return range;
  }
}

function checkIdent(view: DataView, path: string): void {
  const size = view.byteLength;
  if (size <= IDENT_SIZE)
    throw elfError(
      path,
      { offset: size, field: 'the ELF header', fault: `is cut off: the file has only ${size} bytes` },
      // kmod cannot map an empty file, which is another error than a short one.
      size === 0 ? 'EINVAL' : 'ENOEXEC',
    );
  const magic = view.getUint32(0);
  if (magic !== MAGIC) {
    const fault = `is ${hex(magic)}, not ${hex(MAGIC)}: it is no ELF file`;
    throw elfError(path, { offset: 0, field: 'the magic number', fault }, 'ENOEXEC');
  }
  const elfClass = view.getUint8(4);
  if (elfClass !== 1 && elfClass !== 2)
    throw elfError(path, {
      offset: 4,
      field: 'EI_CLASS',
      fault: `is ${elfClass}, neither 1 (32-bit) nor 2 (64-bit)`,
    });
  const order = view.getUint8(5);
  if (order !== 1 && order !== 2)
    throw elfError(path, {
      offset: 5,
      field: 'EI_DATA',
      fault: `is ${order}, neither 1 (little-endian) nor 2 (big-endian)`,
    });
}
