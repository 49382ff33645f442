import type { ElfImage } from './elf-image.ts';
import { STB_WEAK } from './elf-symbol-table.ts';
import { symbolVersions } from './symbol-version.ts';

/** A symbol that a module takes from the kernel or from another module. */
export interface NeededSymbol {
  /** As in the file; on powerpc with a leading dot. */
  readonly name: string;
  /** Checksum that the module was built with, 32 bits unsigned; null when it names none. */
  readonly crc: number | null;
  /** The module can do without it. */
  readonly weak: boolean;
  /** False for one that only the list of versions names, such as `module_layout`: the code does not use it. */
  readonly isUndefined: boolean;
}

const EM_SPARC = 2;
const EM_SPARCV9 = 43;
const STT_REGISTER = 13;

/**
 * What a module needs, in kmod's order: its undefined symbols, then the names that only its versions have.
 *
 * @param compat leaves the extended versions out, as kmod does
 * @throws KmodError `ERR_KMOD_MODULE_CORRUPT`; its `errno` is -22 also for a file without symbols
 */
export function neededSymbols(image: ElfImage, compat = false): readonly NeededSymbol[] {
  const table = image.requireSymbolTable();
  const versions = symbolVersions(image, compat);
  const firstVersion = new Map<string, number>();
  for (const [place, { name }] of versions.entries())
    if (!firstVersion.has(name)) firstVersion.set(name, place);
  const used = new Set<number>();
  const needed: NeededSymbol[] = [];
  // On SPARC a global register that the code uses looks like an undefined symbol.
  const hasRegisters = image.machine === EM_SPARC || image.machine === EM_SPARCV9;
  for (const index of table.undefinedSymbols()) {
    if (hasRegisters && table.type(index) === STT_REGISTER) continue;
    const name = table.name(index);
    if (name === '') continue;
    const version = firstVersion.get(name);
    if (version !== undefined) used.add(version);
    const crc = version === undefined ? null : (versions[version]?.crc ?? null);
    needed.push({ name, crc, weak: table.binding(index) === STB_WEAK, isUndefined: true });
  }
  for (const [place, { name, crc }] of versions.entries())
    if (!used.has(place)) needed.push({ name, crc, weak: false, isUndefined: false });
  return needed;
}
