import { elfError } from './elf-damage.ts';
import type { ElfImage } from './elf-image.ts';
import type { ByteRange, ElfLayout } from './elf-layout.ts';

const RECORD_SIZE = 64;
const MOST_VERSIONS = 2 ** 22;

/** A symbol that a module was built against. */
export interface SymbolVersion {
  /** As in the file; on powerpc with a leading dot. */
  readonly name: string;
  /** Checksum of the symbol's type, 32 bits unsigned. */
  readonly crc: number;
}

/**
 * What a module was built against, in file order. Empty for a module without versions. The section pair
 * `__version_ext_crcs` and `__version_ext_names` (Linux 6.14 on, names of any length) counts before `__versions`.
 *
 * @param compat leaves the pair out, as kmod 34 does
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function symbolVersions(image: ElfImage, compat = false): readonly SymbolVersion[] {
  const { versions, extendedCrcs, extendedNames } = image.parts;
  if (extendedCrcs !== undefined && extendedNames !== undefined && !compat)
    return extendedVersions(image.layout, extendedCrcs, extendedNames);
  return versions === undefined ? [] : plainVersions(image.layout, versions);
}

// Records of 64 bytes: a number of the file's class, and a name that ends with a NUL.
function plainVersions(layout: ElfLayout, { start, end }: ByteRange): readonly SymbolVersion[] {
  const { path, is64, littleEndian } = layout;
  const count = Math.floor((end - start) / RECORD_SIZE);
  if (count * RECORD_SIZE !== end - start)
    throw elfError(path, {
      offset: start,
      field: 'the section __versions',
      fault: `has ${end - start} bytes, no multiple of ${RECORD_SIZE}`,
    });
  refuseMultitude(layout, count);
  return Array.from({ length: count }, (_, place) => {
    const at = start + place * RECORD_SIZE;
    const nameAt = at + (is64 ? 8 : 4);
    const nameEnd = layout.terminatorAt(nameAt, at + RECORD_SIZE);
    if (nameEnd === -1)
      throw elfError(path, {
        offset: nameAt,
        field: `the name of record ${place} of __versions`,
        fault: 'does not end with a NUL',
      });
    return { name: layout.text(nameAt, nameEnd), crc: layout.u32(is64 && !littleEndian ? at + 4 : at) };
  });
}

function extendedVersions(layout: ElfLayout, crcs: ByteRange, names: ByteRange): readonly SymbolVersion[] {
  const size = crcs.end - crcs.start;
  if (size % 4 !== 0)
    throw elfError(layout.path, {
      offset: crcs.start,
      field: 'the section __version_ext_crcs',
      fault: `has ${size} bytes, no multiple of 4`,
    });
  refuseMultitude(layout, size / 4);
  let nameAt = names.start;
  return Array.from({ length: size / 4 }, (_, place) => {
    const end = layout.terminatorAt(nameAt, names.end);
    if (end === -1)
      throw elfError(layout.path, {
        offset: nameAt,
        field: 'the section __version_ext_names',
        fault: `ends before the name of CRC ${place}`,
      });
    const name = layout.text(nameAt, end);
    nameAt = end + 1;
    return { name, crc: layout.u32(crcs.start + 4 * place) };
  });
}

/**
 * Refuses more versions than any module has: what is made of them could be too much for the memory.
 *
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function refuseMultitude({ path, bytes }: ElfLayout, count: number): void {
  if (count > MOST_VERSIONS)
    throw elfError(path, {
      offset: bytes.length,
      field: 'the list of versions',
      fault: `has ${count} entries, more than the ${MOST_VERSIONS} that are read`,
    });
}
