import { type ElfLayout, LONGEST_NAME, SHT_NOBITS } from './elf-layout.ts';

/** One entry of an ELF file's section table. */
export interface ElfSection {
  /** Place in the section table; the first real section has 1. */
  readonly index: number;
  /** Empty when {@link problem} says that the file has no name for it. */
  readonly name: string;
  /** `sh_type`, for example 1 for PROGBITS, 8 for NOBITS. */
  readonly type: number;
  /** `sh_flags`, the lower 53 bits. */
  readonly flags: number;
  /** Place of the data in the file, in bytes. */
  readonly offset: number;
  /** In bytes; the size in memory for NOBITS, which has no data in the file. */
  readonly size: number;
  /** `sh_link`: the number of the section that belongs to this one. */
  readonly link: number;
  /** `sh_info`: for relocations the section that they are for. */
  readonly info: number;
  /** Why the section is not used; null for a sound one. */
  readonly problem: string | null;
}

/** Reads one entry of the table; `index` must be in the table. */
export function readElfSection(layout: ElfLayout, index: number): ElfSection {
  const at = layout.headerOffset(index);
  const start = layout.nameStart(index);
  const end = start === -1 ? -1 : layout.terminatorAt(start, layout.nameTable.end);
  const type = layout.type(index);
  const offset = layout.dataOffset(index);
  const size = layout.dataSize(index);
  let problem: string | null = null;
  if (start === -1) problem = `its name begins at byte ${layout.u32(at)} of the names, behind their end`;
  else if (end === -1) problem = `its name is longer than ${LONGEST_NAME} bytes`;
  else if (!layout.isInside(index))
    problem = `its ${size} bytes at byte ${offset} reach behind the end of the file (${layout.bytes.length} bytes)`;
  return {
    index,
    name: end === -1 ? '' : layout.text(start, end),
    type,
    flags: layout.is64 ? layout.u64(at + 8) : layout.u32(at + 8),
    offset,
    size,
    link: layout.link(index),
    info: layout.u32(at + (layout.is64 ? 44 : 28)),
    problem,
  };
}

/** True for a section whose data is in the file. */
export function hasData({ type, problem, index, offset }: ElfSection): boolean {
  return index > 0 && offset > 0 && type !== SHT_NOBITS && problem === null;
}
