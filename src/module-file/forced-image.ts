import { ElfLayout, SHF_ALLOC } from './elf-layout.ts';
import { findModuleSections } from './module-sections.ts';
import { readTrailer } from './signature-trailer.ts';

const VERSIONS = Buffer.from('__versions\0', 'latin1');
const VERMAGIC = Buffer.from('vermagic=', 'latin1');

/** What a forced load is to leave unchecked. */
export interface ForcedChecks {
  readonly vermagic: boolean;
  readonly modversion: boolean;
}

/**
 * A copy of a module without what the kernel would check: init_module(2) has no flags for that. Its symbol versions are
 * no longer part of what is loaded, its version magic is zeros. The signature is cut off: it would be that of another
 * file, which the kernel refuses, while finit_module(2) with its flags takes such a module for an unsigned one.
 *
 * @param image the whole unpacked file
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`
 */
export function forcedImage(image: Buffer, path: string, { vermagic, modversion }: ForcedChecks): Buffer {
  const trailer = readTrailer(image);
  const isSigned = trailer !== undefined && 'contentLength' in trailer;
  const copy = Buffer.from(isSigned ? image.subarray(0, trailer.contentLength) : image);
  const layout = new ElfLayout(copy, path);
  if (modversion) hideVersions(copy, layout);
  if (vermagic) eraseVermagic(copy, layout);
  return copy;
}

function hideVersions(copy: Buffer, layout: ElfLayout): void {
  const flagsSize = layout.is64 ? 8 : 4;
  for (let index = 1; index < layout.sectionCount; index++) {
    if (!layout.hasName(index, VERSIONS)) continue;
    const flags = layout.headerOffset(index) + 8;
    const lowest = layout.littleEndian ? flags : flags + flagsSize - 1;
    copy[lowest] = (copy[lowest] ?? 0) & ~SHF_ALLOC;
  }
}

function eraseVermagic(copy: Buffer, layout: ElfLayout): void {
  const { modinfo } = findModuleSections(layout, false);
  if (modinfo === undefined) return;
  const section = copy.subarray(modinfo.start, modinfo.end);
  for (let start = 0; start < section.length;) {
    const nul = section.indexOf(0, start);
    const end = nul === -1 ? section.length : nul;
    if (section.subarray(start, end).indexOf(VERMAGIC) === 0) section.fill(0, start, end);
    start = end + 1;
  }
}
