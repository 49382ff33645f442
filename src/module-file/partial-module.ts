import { type ByteRange, SHT_SYMTAB_SHNDX } from './elf-layout.ts';

/** Smaller files are read as a whole: that takes no longer. */
const SMALLEST = 2 ** 20;
const HEADER_SIZE = 64;
const ENTRY_SIZE = 64;
const MOST_SECTIONS = 0xff00;
/** Most bytes from the section table to the end of the file, where a signature is. */
const LONGEST_END = 2 ** 20;
const ELF64_LITTLE_ENDIAN = [0x7f, 0x45, 0x4c, 0x46, 2, 1];

const tellingNames = new Set([
  '.symtab',
  '.strtab',
  '.note.gnu.build-id',
  '.modinfo',
  '__ksymtab_strings',
  '__versions',
  '__version_ext_crcs',
  '__version_ext_names',
]);
const LONGEST_TELLING_NAME = 24;

/**
 * The parts of a large plain module file that tell about it: header, section table, symbols, names, what modpost writes,
 * and the end of the file with the signature. Left out are code, data and relocations: nine tenths of the file.
 *
 * Yields the ranges in turn, and wants each read into its place in `bytes` before it goes on.
 *
 * @param bytes as long as the file, and all zeros
 * @returns false for a file that has to be read as a whole, as all are that linkers do not write for 64-bit little-endian
 *   machines
 */
export function* tellingParts(bytes: Buffer): Generator<ByteRange, boolean, undefined> {
  if (bytes.length < SMALLEST) return false;
  yield { start: 0, end: HEADER_SIZE };
  if (ELF64_LITTLE_ENDIAN.some((byte, index) => bytes[index] !== byte)) return false;
  const table = word64(bytes, 40);
  const count = bytes.readUInt16LE(60);
  const tableEnd = table + count * ENTRY_SIZE;
  const names = table + bytes.readUInt16LE(62) * ENTRY_SIZE;
  if (bytes.readUInt16LE(58) !== ENTRY_SIZE || table < HEADER_SIZE || tableEnd > bytes.length) return false;
  if (count === 0 || count >= MOST_SECTIONS || bytes.length - table > LONGEST_END) return false;
  if (names >= tableEnd) return false;
  yield { start: table, end: bytes.length };
  const namesAt = word64(bytes, names + 24);
  const namesEnd = namesAt + word64(bytes, names + 32);
  if (namesEnd > table) return false;
  yield { start: namesAt, end: namesEnd };
  for (let index = 1; index < count; index++) {
    const at = table + index * ENTRY_SIZE;
    const start = word64(bytes, at + 24);
    const end = start + word64(bytes, at + 32);
    if (start < table && isTelling(bytes, at, namesAt)) yield { start, end: Math.min(end, table) };
  }
  return true;
}

function isTelling(bytes: Buffer, at: number, namesAt: number): boolean {
  if (bytes.readUInt32LE(at + 4) === SHT_SYMTAB_SHNDX) return true;
  const start = namesAt + bytes.readUInt32LE(at);
  const length = bytes.subarray(start, start + LONGEST_TELLING_NAME).indexOf(0);
  return length > 0 && tellingNames.has(bytes.toString('latin1', start, start + length));
}

/** Exact up to 2^53, rounded above: no file is as large. */
function word64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}
