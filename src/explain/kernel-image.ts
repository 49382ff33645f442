import { KmodError } from '../errors/kmod-error.ts';
import type { ExportedSymbol } from '../module-file/exported-symbol.ts';
import { ElfLayout } from '../module-file/elf-layout.ts';
import { readElfSection, hasData, type ElfSection } from '../module-file/elf-section.ts';
import { statusOf } from './file-status.ts';
import { type Inquiry, readFile, unpackBytes } from './inquiry.ts';

/** What the kernel's own image says. */
export interface KernelImage {
  readonly path: string;
  /** All that it exports, by name. */
  readonly exports: ReadonlyMap<string, ExportedSymbol>;
  /** Certificates (DER) that were built into it: keys that it trusts. */
  readonly certificates: readonly Buffer[];
}

/** To unpack an image takes a second; who asks about one module asks about others. */
let last: { readonly key: string; readonly image: KernelImage } | undefined;

const SETUP_SECTORS = 0x1f1;
const HEADER_MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const ENTRY_SIZE = 12;
const ENTRIES_BETWEEN_PAUSES = 400;

/**
 * Reads the image of a kernel release, `vmlinuz-RELEASE` in /boot or `vmlinuz` beside its modules: export tables with their
 * CRCs, and certificates. x86 only: images of other machines have no sections. Undefined where there is none that can be read.
 */
export function* kernelImage(
  release: string,
  root: string,
  moduleDirectory: string,
): Inquiry<KernelImage | undefined> {
  const places = [`${root}/boot/vmlinuz-${release}`, `${moduleDirectory}/vmlinuz`];
  for (const path of places) {
    const status = statusOf(path);
    if (status === undefined) continue;
    const key = `${path} ${status.mtimeMs} ${status.size}`;
    if (last?.key === key) return last.image;
    try {
      const layout = new ElfLayout(yield* unpackImage(path), path);
      const sections = namedSections(layout);
      const exports = yield* readExports(layout, sections);
      if (exports.size === 0) continue;
      const image = { path, exports, certificates: yield* readCertificates(layout, sections) };
      last = { key, image };
      return image;
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
    }
  }
  return undefined;
}

/** The ELF file in a bzImage; the file itself where it is none. */
function* unpackImage(path: string): Inquiry<Buffer> {
  const bytes = yield* readFile(path);
  if (bytes.length < 0x260 || bytes.toString('latin1', HEADER_MAGIC, HEADER_MAGIC + 4) !== 'HdrS')
    return bytes;
  const start = ((bytes[SETUP_SECTORS] || 4) + 1) * 512 + bytes.readUInt32LE(PAYLOAD_OFFSET);
  // Behind the compressed data stands the size of the content.
  const end = start + bytes.readUInt32LE(PAYLOAD_LENGTH) - 4;
  return yield* unpackBytes(bytes.subarray(start, Math.max(start, end)), path);
}

function namedSections(layout: ElfLayout): ReadonlyMap<string, ElfSection> {
  const sections = new Map<string, ElfSection>();
  for (let index = 1; index < layout.sectionCount; index++) {
    const section = readElfSection(layout, index);
    if (hasData(section)) sections.set(section.name, section);
  }
  return sections;
}

/** `sh_addr`: where a section is in the kernel's memory. */
function addressOf(layout: ElfLayout, { index }: ElfSection): bigint {
  return layout.view.getBigUint64(layout.headerOffset(index) + 16, layout.littleEndian);
}

// An entry has three distances from itself: to the value, to the name, and to the name of the namespace.
function* readExports(
  layout: ElfLayout,
  sections: ReadonlyMap<string, ElfSection>,
): Inquiry<ReadonlyMap<string, ExportedSymbol>> {
  const exports = new Map<string, ExportedSymbol>();
  const strings = sections.get('__ksymtab_strings');
  if (strings === undefined || !layout.is64) return exports;
  const stringsAt = addressOf(layout, strings);
  const text = (tableAddress: bigint, at: number, tableOffset: number): string | null => {
    const distance = layout.view.getInt32(at, layout.littleEndian);
    if (distance === 0) return null;
    const place = Number(tableAddress + BigInt(at - tableOffset) + BigInt(distance) - stringsAt);
    if (place < 0 || place >= strings.size) return null;
    const start = strings.offset + place;
    const end = layout.terminatorAt(start, strings.offset + strings.size);
    return end === -1 ? null : layout.text(start, end);
  };
  for (const gplOnly of [false, true]) {
    const suffix = gplOnly ? '_gpl' : '';
    const table = sections.get(`__ksymtab${suffix}`);
    const crcs = sections.get(`__kcrctab${suffix}`);
    if (table === undefined) continue;
    const tableAddress = addressOf(layout, table);
    for (let place = 0; place < Math.floor(table.size / ENTRY_SIZE); place++) {
      if (place % ENTRIES_BETWEEN_PAUSES === 0) yield { kind: 'pause' };
      const at = table.offset + place * ENTRY_SIZE;
      const name = text(tableAddress, at + 4, table.offset);
      if (name === null) continue;
      const crc =
        crcs !== undefined && place * 4 + 4 <= crcs.size ? layout.u32(crcs.offset + place * 4) : null;
      exports.set(name, { name, crc, gplOnly, namespace: text(tableAddress, at + 8, table.offset) || null });
    }
  }
  return exports;
}

/** What begins the body of an X.509 certificate of version 3. */
const VERSION_3 = Buffer.from('a003020102', 'hex');
const BEFORE_VERSION = 8;
const SCANNED_AT_ONCE = 2 ** 20;

// They lie one behind the other in the data that the kernel gives up after its start.
function* readCertificates(
  layout: ElfLayout,
  sections: ReadonlyMap<string, ElfSection>,
): Inquiry<readonly Buffer[]> {
  const section = sections.get('.init.data');
  if (section === undefined) return [];
  const data = Buffer.from(layout.bytes.buffer, layout.bytes.byteOffset + section.offset, section.size);
  const found: Buffer[] = [];
  for (let from = 0; from < data.length; from += SCANNED_AT_ONCE) {
    yield { kind: 'pause' };
    const end = Math.min(data.length, from + SCANNED_AT_ONCE + VERSION_3.length - 1);
    const part = data.subarray(from, end);
    for (let at = part.indexOf(VERSION_3); at !== -1; at = part.indexOf(VERSION_3, at + 1)) {
      const certificate = certificateAt(data, from + at - BEFORE_VERSION);
      if (certificate !== undefined) found.push(certificate);
    }
  }
  return found;
}

/** A certificate that begins here: a sequence in a sequence, both with lengths of two bytes. */
function certificateAt(data: Buffer, start: number): Buffer | undefined {
  if (start < 0 || data.readUInt16BE(start) !== 0x3082 || data.readUInt16BE(start + 4) !== 0x3082)
    return undefined;
  const length = 4 + data.readUInt16BE(start + 2);
  return start + length <= data.length ? Buffer.from(data.subarray(start, start + length)) : undefined;
}
