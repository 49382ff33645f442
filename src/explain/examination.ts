import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { SecurityState } from '../kernel/security-state.ts';
import type { ElfImage } from '../module-file/elf-image.ts';
import { modinfoOfImage } from '../module-file/modinfo-file.ts';
import { type ModuleInformation, summarizeModinfo } from '../module-file/modinfo-summary.ts';
import { readSignature } from '../module-file/module-signature.ts';
import { type NeededSymbol, neededSymbols } from '../module-file/needed-symbol.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { checkFile, type ModuleBytes } from './file-check.ts';
import type { FindingList } from './finding-list.ts';
import { checkFirmware } from './firmware-check.ts';
import { checkFormat } from './format-check.ts';
import { checkInitcall } from './initcall-check.ts';
import { type Inquiry, readFile } from './inquiry.ts';
import { kernelImage } from './kernel-image.ts';
import { checkMemory } from './memory-check.ts';
import { checkName } from './name-check.ts';
import { checkParameters } from './parameter-check.ts';
import { checkCommandLine } from './permission-check.ts';
import { referenceModule } from './reference-module.ts';
import { checkSignature, isSameKey } from './signature-check.ts';
import { checkSymbols } from './symbol-check.ts';
import { symbolTableFile } from './symbol-table-file.ts';
import { checkIndexes, isIndexError } from './tree-check.ts';
import { checkVersions, LAYOUT } from './version-check.ts';

/** A module file to be examined. */
export interface ExaminationSubject {
  readonly module: string;
  readonly path: string;
  readonly parameters: string;
  readonly tree: ModuleTree;
  readonly kernel: KernelLocation;
  /** Folder in place of `/` for firmware, /boot and headers; empty for the real one. */
  readonly root: string;
  /** State of the running kernel; undefined when the module is for another one. */
  readonly state: SecurityState | undefined;
  /** Whether all that can be read is read, also for modules of the kernel's own build. */
  readonly isThorough: boolean;
  /** Whether the file is loaded whatever is loaded already, as insmod does. */
  readonly isAlone: boolean;
  /** Whether a module is loaded now, or will be before this one. */
  readonly isPresent: (module: string) => boolean;
}

/**
 * Examines a module file without loading it: all that the kernel would look at, in its order.
 *
 * @returns the name that the module has for itself; undefined where it has none that can be read
 */
export function* examineModule(list: FindingList, subject: ExaminationSubject): Inquiry<string | undefined> {
  try {
    return yield* examine(list, subject);
  } catch (error) {
    // A file can be loaded all the same: what was found so far stands.
    if (!isIndexError(error)) throw error;
    list.check('indexes', 'unknown', error.message);
    return undefined;
  }
}

function* examine(list: FindingList, subject: ExaminationSubject): Inquiry<string | undefined> {
  const { path, tree, kernel, root, state } = subject;
  const isInTree = path.startsWith(`${tree.directory}/kernel/`);
  const isWhole = subject.isThorough || !isInTree;
  const content = yield* checkFile(list, path, { tree, kernel, isWhole });
  if (content === undefined) return undefined;
  const reference = yield* referenceModule(tree, path);
  const { release } = tree;
  const signature = readSignature(content.unpacked);
  const isOwn = isInTree && reference !== undefined && isSameKey(signature, reference.signature);
  const isThorough = subject.isThorough || !isOwn;
  const bytes = isThorough && !isWhole ? yield* wholeContent(content, path) : content.unpacked;
  const image = isThorough ? yield* kernelImage(release, root, tree.directory) : undefined;
  checkSignature(list, { bytes, signature, path, reference, image, kernel, state });
  const elf = yield* checkFormat(list, bytes, { path, release, reference, isThorough });
  if (elf === undefined) return undefined;
  const information = informationOf(elf, path);
  if (state !== undefined) checkCommandLine(list, state, [information.declaredName ?? subject.module]);
  const needs = needsOf(list, elf);
  const versions = needs.flatMap(({ name, crc }) => (crc === null ? [] : [{ name, crc }]));
  checkVersions(list, {
    image: elf,
    release,
    reference,
    versions,
    vermagic: information.vermagic?.text ?? null,
  });
  if (subject.isAlone) {
    const name = information.declaredName ?? subject.module;
    checkName(list, name.replaceAll('-', '_'), { tree, kernel, isRunning: state !== undefined });
  }
  if (state !== undefined) {
    checkMemory(list, elf, kernel);
    checkInitcall(list, elf, state);
  }
  yield { kind: 'pause' };
  // With another layout all else differs too, and that says nothing new.
  if (!list.findings.some(({ cause }) => cause === 'other-kernel-build')) {
    const names = new Set([LAYOUT, ...needs.map(({ name }) => name)]);
    const table =
      isThorough && image === undefined
        ? yield* symbolTableFile(names, { root, release, moduleDirectory: tree.directory })
        : undefined;
    yield* checkSymbols(list, {
      path,
      needs,
      license: information.license,
      importedNamespaces: information.importedNamespaces,
      places: { tree, reference, table, image, readsExporters: isThorough },
      kernel,
      isRunning: state !== undefined,
      isThorough,
      dependencies: information.dependencies,
      isPresent: subject.isPresent,
    });
  }
  checkParameters(list, subject.parameters, { parameters: information.parameters, path });
  checkIndexes(list, tree, { module: moduleNameOfPath(path), path, dependencies: information.dependencies });
  yield* checkFirmware(list, information.firmware, { root, release, path });
  return information.declaredName ?? undefined;
}

/** Of a file that was read in parts all of it. */
function* wholeContent({ packed, unpacked }: ModuleBytes, path: string): Inquiry<Buffer> {
  return packed === unpacked ? yield* readFile(path) : unpacked;
}

/** What a module says of itself; nothing for one whose `.modinfo` is missing. */
function informationOf(elf: ElfImage, path: string): ModuleInformation {
  const target = { module: moduleNameOfPath(path), path, builtin: false };
  try {
    return summarizeModinfo(target, modinfoOfImage(elf.bytes, path));
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    return summarizeModinfo(target, { entries: [], signature: undefined, buildId: undefined });
  }
}

function needsOf(list: FindingList, elf: ElfImage): readonly NeededSymbol[] {
  try {
    return neededSymbols(elf);
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    list.add('elf-damaged', {
      text: error.message,
      confidence: 'likely',
      errno: 'ENOEXEC',
      evidence: [[error.message, elf.path]],
      remedies: ['Install or build the module again.'],
    });
    return [];
  }
}
