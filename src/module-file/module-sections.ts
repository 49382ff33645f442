import { elfError, hex } from './elf-damage.ts';
import { type ByteRange, type ElfLayout, SHT_SYMTAB_SHNDX } from './elf-layout.ts';

/** Where the parts of a module file lie that this package reads; undefined for an absent one. */
export interface ModuleSections {
  readonly modinfo: ByteRange | undefined;
  readonly symbols: ByteRange | undefined;
  readonly symbolNames: ByteRange | undefined;
  /** Section numbers of symbols that do not fit into the symbol itself. */
  readonly symbolSections: ByteRange | undefined;
  readonly exportNames: ByteRange | undefined;
  readonly versions: ByteRange | undefined;
  readonly extendedCrcs: ByteRange | undefined;
  readonly extendedNames: ByteRange | undefined;
}

const sectionNames = [
  '.modinfo',
  '.symtab',
  '.strtab',
  '__ksymtab_strings',
  '__versions',
  '__version_ext_crcs',
  '__version_ext_names',
] as const;
const patterns = sectionNames.map((name) => Buffer.from(`${name}\0`, 'latin1'));

const DOT = 0x2e;
const UNDERSCORE = 0x5f;

/**
 * Finds a module's sections by name; of several with one name the first counts. Passed over, as by kmod: a name outside
 * the name table, data that starts at byte 0 or reaches out of the file.
 *
 * @param compat takes sections that lie over each other or over the file's headers, as kmod does
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` for such sections
 */
export function findModuleSections(layout: ElfLayout, compat: boolean): ModuleSections {
  const { bytes, sectionCount } = layout;
  const found: (FoundSection | undefined)[] = sectionNames.map(() => undefined);
  let symbolSections: ByteRange | undefined;
  for (let index = 1; index < sectionCount; index++) {
    if (!compat) layout.refuseOverlap(index);
    const start = layout.nameStart(index);
    const first = start === -1 ? -1 : bytes[start];
    if (first !== DOT && first !== UNDERSCORE) continue;
    const second = bytes[start + 1];
    const which = patterns.findIndex((pattern) => pattern[1] === second && layout.hasName(index, pattern));
    if (which === -1) {
      if (layout.type(index) === SHT_SYMTAB_SHNDX) symbolSections ??= layout.dataRange(index);
    } else if (found[which] === undefined) {
      const range = layout.usableRange(index);
      if (range !== undefined) found[which] = { index, ...range };
    }
  }
  if (!compat) refuseSharedBytes(layout, found);
  const [modinfo, symbols, symbolNames, exportNames, versions, extendedCrcs, extendedNames] = found;
  const symbolParts = { symbols, symbolNames, symbolSections, exportNames };
  return { modinfo, ...symbolParts, versions, extendedCrcs, extendedNames };
}

interface FoundSection extends ByteRange {
  readonly index: number;
}

function refuseSharedBytes(layout: ElfLayout, sections: readonly (FoundSection | undefined)[]): void {
  for (const section of sections)
    for (const other of sections) {
      if (section === undefined || other === undefined || section === other) continue;
      if (section.start === section.end || section.start >= other.end || other.start >= section.end) continue;
      if (other.start === other.end) continue;
      throw elfError(layout.path, {
        offset: layout.dataOffsetField(section.index),
        field: `sh_offset of section ${section.index}`,
        fault: `is ${hex(section.start)}, and the section's data lies over that of section ${other.index}`,
      });
    }
}
