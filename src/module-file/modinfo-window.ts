import { readSync } from 'node:fs';

/** The parts of a module file that modinfo wants. Views on memory that the next file takes over. */
export interface ModinfoParts {
  /** Data of `.modinfo`. */
  readonly modinfo: Buffer;
  /** Data of `.note.gnu.build-id`; empty without that section. */
  readonly buildIdNote: Buffer;
  /** The end of the file, behind its section table. */
  readonly end: Buffer;
}

/** Bytes from the beginning: the header, and where linkers put the notes. */
const HEAD_SIZE = 512;
/** Bytes before the section table, where linkers put the names of the sections. */
const NAMES_SIZE = 2048;
const TAIL_SIZE = 65_536;
const MODINFO_SIZE = 65_536;

const HEADER_SIZE = 64;
const ENTRY_SIZE = 64;
const MOST_SECTIONS = 0xff00;
const ELF64_LITTLE_ENDIAN = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
const DOT = 0x2e;
const NOBITS = 8;

interface Section {
  readonly offset: number;
  readonly size: number;
}

/**
 * Reads what modinfo wants from a plain module file without reading all of it: some kilobytes at its beginning and its
 * end, and the section itself. Of the 400 MB of a distribution's modules that is a tenth.
 *
 * It takes only files that are as linkers write them for 64-bit little-endian machines, and leaves all others, the
 * damaged ones first of all, to the reader of whole files.
 */
export class ModinfoWindow {
  readonly #head = Buffer.alloc(HEAD_SIZE);
  readonly #tail = Buffer.alloc(TAIL_SIZE);
  readonly #modinfo = Buffer.alloc(MODINFO_SIZE);
  #tailStart = 0;
  #fileSize = 0;

  /** The first bytes of an open file; {@link parts} goes on from there. Fewer than 512 when the file is as short. */
  head(descriptor: number): Buffer {
    return this.#head.subarray(0, readAt(descriptor, this.#head, 0, HEAD_SIZE));
  }

  /**
   * @param head what {@link head} gave for the same file
   * @returns undefined for a file that has to be read as a whole
   */
  parts(descriptor: number, head: Buffer, fileSize: number): ModinfoParts | undefined {
    if (head.length < HEADER_SIZE || ELF64_LITTLE_ENDIAN.some((byte, index) => head[index] !== byte))
      return undefined;
    const table = word64(head, 40);
    const count = head.readUInt16LE(60);
    const namesIndex = head.readUInt16LE(62);
    const tableEnd = table + count * ENTRY_SIZE;
    this.#tailStart = Math.max(0, table - NAMES_SIZE);
    this.#fileSize = fileSize;
    const tailSize = fileSize - this.#tailStart;
    if (head.readUInt16LE(58) !== ENTRY_SIZE || table < HEADER_SIZE || tableEnd > fileSize) return undefined;
    if (count === 0 || count >= MOST_SECTIONS || namesIndex === 0 || namesIndex >= count) return undefined;
    if (tailSize > TAIL_SIZE || readAt(descriptor, this.#tail, this.#tailStart, tailSize) < tailSize)
      return undefined;
    return this.#findParts(descriptor, { table, count, namesIndex });
  }

  #findParts(
    descriptor: number,
    { table, count, namesIndex }: { table: number; count: number; namesIndex: number },
  ): ModinfoParts | undefined {
    const first = table - this.#tailStart;
    const names = this.#sectionAt(first + namesIndex * ENTRY_SIZE);
    const namesStart = (names?.offset ?? 0) - this.#tailStart;
    const namesEnd = namesStart + (names?.size ?? 0);
    // The names have to be there, and to end.
    if (names === undefined || namesStart < 0 || this.#tail[namesEnd - 1] !== 0) return undefined;
    let modinfo: Section | undefined;
    let note: Section | undefined;
    for (let index = 1; index < count; index++) {
      const entry = first + index * ENTRY_SIZE;
      const nameStart = namesStart + this.#tail.readUInt32LE(entry);
      if (nameStart >= namesEnd) return undefined;
      if (modinfo === undefined && this.#hasName(nameStart, '.modinfo')) {
        modinfo = this.#sectionAt(entry);
        if (modinfo === undefined) return undefined;
      } else if (note === undefined && this.#hasName(nameStart, '.note.gnu.build-id')) {
        note = this.#sectionAt(entry);
        if (note === undefined) return undefined;
      }
    }
    if (modinfo === undefined || modinfo.offset < HEADER_SIZE || modinfo.size > MODINFO_SIZE)
      return undefined;
    if (readAt(descriptor, this.#modinfo, modinfo.offset, modinfo.size) < modinfo.size) return undefined;
    return {
      modinfo: this.#modinfo.subarray(0, modinfo.size),
      buildIdNote: note === undefined ? Buffer.alloc(0) : readNote(descriptor, note, this.#head),
      end: this.#tail.subarray(first + count * ENTRY_SIZE, this.#fileSize - this.#tailStart),
    };
  }

  /** A section with data inside the file. */
  #sectionAt(entry: number): Section | undefined {
    const [offset, size] = [word64(this.#tail, entry + 24), word64(this.#tail, entry + 32)];
    const type = this.#tail.readUInt32LE(entry + 4);
    return type !== NOBITS && size > 0 && offset + size <= this.#fileSize ? { offset, size } : undefined;
  }

  #hasName(start: number, name: string): boolean {
    if (this.#tail[start] !== DOT || this.#tail[start + 1] !== name.charCodeAt(1)) return false;
    const end = start + name.length;
    return this.#tail[end] === 0 && this.#tail.toString('latin1', start, end) === name;
  }
}

function readNote(descriptor: number, { offset, size }: Section, head: Buffer): Buffer {
  if (offset + size <= head.length) return head.subarray(offset, offset + size);
  const note = Buffer.alloc(Math.min(size, HEAD_SIZE));
  return note.subarray(0, readAt(descriptor, note, offset, note.length));
}

function readAt(descriptor: number, into: Buffer, start: number, size: number): number {
  let length = 0;
  while (length < size) {
    const count = readSync(descriptor, into, length, size - length, start + length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** Exact up to 2^53, rounded above: no file is as large. */
function word64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}
