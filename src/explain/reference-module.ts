import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { ElfImage } from '../module-file/elf-image.ts';
import { parseModinfo } from '../module-file/modinfo-section.ts';
import { type ModuleSignature, readSignature } from '../module-file/module-signature.ts';
import { symbolVersions } from '../module-file/symbol-version.ts';
import { statusOf } from './file-status.ts';
import { type Inquiry, readFile, unpackBytes } from './inquiry.ts';

/** What a module of the kernel's own build tells about the kernel. */
export interface ReferenceModule {
  readonly path: string;
  readonly machine: number;
  readonly is64: boolean;
  readonly vermagic: string | null;
  /** CRCs of kernel symbols, `module_layout` among them where the kernel has versions. */
  readonly crcs: ReadonlyMap<string, number>;
  /** Size of struct module; null where it cannot be told. */
  readonly structureSize: number | null;
  readonly signature: ModuleSignature;
}

/** How many entries of the index are looked at for a small file. */
const SAMPLE = 60;
const SMALL_ENOUGH = 24_000;

/**
 * A small module of the kernel's own build, other than the one in question. Undefined where the tree has none that can
 * be read.
 */
export function* referenceModule(
  tree: ModuleTree,
  subject: string | null,
): Inquiry<ReferenceModule | undefined> {
  for (const path of knownCandidates(tree, subject))
    try {
      return yield* readReference(path);
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
    }
  return undefined;
}

/** None where the index cannot be read. */
function knownCandidates(tree: ModuleTree, subject: string | null): readonly string[] {
  try {
    return candidates(tree, subject);
  } catch (error) {
    if (error instanceof KmodError) return [];
    throw error;
  }
}

/** The paths of modules below `kernel/`, a small one first. */
function candidates(tree: ModuleTree, subject: string | null): readonly string[] {
  const own = `${tree.directory}/kernel/`;
  const subjectName = subject === null ? null : moduleNameOfPath(subject);
  const found: { path: string; size: number }[] = [];
  let seen = 0;
  for (const { key, value } of tree.index('modules.dep.bin')?.entries() ?? []) {
    if (found.length >= SAMPLE || ++seen > 10 * SAMPLE) break;
    const path = `${tree.directory}/${value.slice(0, Math.max(0, value.indexOf(':')))}`;
    if (!path.startsWith(own) || key === subjectName) continue;
    const size = statusOf(path)?.size ?? 0;
    if (size === 0) continue;
    found.push({ path, size });
    if (size < SMALL_ENOUGH) break;
  }
  return found
    .toSorted((a, b) => a.size - b.size)
    .slice(0, 3)
    .map(({ path }) => path);
}

function* readReference(path: string): Inquiry<ReferenceModule> {
  const bytes = yield* unpackBytes(yield* readFile(path), path);
  const image = new ElfImage(bytes, path);
  const modinfo = image.section('.modinfo');
  const entries = modinfo === undefined ? [] : parseModinfo(image.bytesOf(modinfo));
  return {
    path,
    machine: image.machine,
    is64: image.is64,
    vermagic: entries.find(({ key }) => key === 'vermagic')?.value ?? null,
    crcs: new Map(symbolVersions(image).map(({ name, crc }) => [name, crc])),
    structureSize: structureSize(image),
    signature: readSignature(bytes),
  };
}

/** Size of the section that becomes struct module; null without one. */
export function structureSize(image: ElfImage): number | null {
  return image.section(MODULE_STRUCTURE)?.size ?? null;
}

/** The section that becomes struct module. */
export const MODULE_STRUCTURE = '.gnu.linkonce.this_module';
