import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { shellWord } from '../errors/shell-word.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { type LookupResult, requireModules } from '../plan/lookup.ts';
import { statusOf } from './file-status.ts';
import type { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';

/** What a name is looked up in. */
export interface TreePlace {
  readonly tree: ModuleTree;
  readonly configuration: ModprobeConfiguration;
  readonly workingDirectory?: string | undefined;
  /** Whether the tree is that of the running kernel. Default true. */
  readonly isRunning?: boolean | undefined;
}

/** The modules that a name stands for; none, with a finding why, when there are none. */
export function* lookUpSubject(
  list: FindingList,
  asked: string,
  { tree, configuration, workingDirectory, isRunning = true }: TreePlace,
): Inquiry<readonly LookupResult[]> {
  try {
    return requireModules(tree, asked, { configuration, workingDirectory });
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    if (error.code === 'ERR_KMOD_INDEX_MISSING') yield* addMissingIndexes(list, tree, isRunning);
    else if (error.code === 'ERR_KMOD_INDEX_CORRUPT' || error.code === 'ERR_KMOD_INDEX_UNREADABLE')
      addDamagedIndex(list, tree, error);
    else if (error.code === 'ERR_KMOD_NOT_FOUND') yield* addNotFound(list, asked, { tree, error });
    else
      list.add(error.errno === -2 ? 'file-missing' : 'file-unreadable', {
        text: error.message,
        evidence: [[error.message, error.path ?? asked]],
      });
    return [];
  }
}

/** Whether an error is about an index. */
export function isIndexError(error: unknown): error is KmodError {
  return error instanceof KmodError && error.code.startsWith('ERR_KMOD_INDEX_');
}

/** The finding for an index that is damaged or cannot be read. */
export function addDamagedIndex(list: FindingList, tree: ModuleTree, error: KmodError): void {
  list.add('indexes-damaged', {
    text: error.message,
    evidence: [[error.message, error.path ?? tree.directory]],
    remedies: [tree.depmodCommand()],
  });
}

function* addMissingIndexes(list: FindingList, tree: ModuleTree, isRunning: boolean): Inquiry<void> {
  const { directory, release } = tree;
  if (!existsSync(directory)) {
    const others = foldersOf(dirname(directory)).filter((name) => name !== release);
    if (others.length === 0)
      list.add('no-module-folder', {
        text: `There is no folder ${directory}, nor one of another release.`,
        evidence: [['does not exist', directory]],
        remedies: [
          `apt install linux-image-${release}`,
          'In a container: docker run -v /lib/modules:/lib/modules:ro',
        ],
      });
    else
      list.add('wrong-release', {
        text: `There are no modules of kernel ${release} here, but of ${others.join(', ')}: ${isRunning ? 'the kernel was replaced since the last boot, or ' : ''}its package is not installed.`,
        evidence: [
          ['does not exist', directory],
          [`has ${others.join(' ')}`, dirname(directory)],
        ],
        remedies: [
          ...(isRunning ? ['Boot the installed kernel.'] : []),
          `apt install linux-image-${release}`,
        ],
      });
    return;
  }
  const file = yield* findModuleFile(directory, () => true);
  const index = `${directory}/modules.dep.bin`;
  const isThere = existsSync(index);
  list.add(isThere ? 'indexes-empty' : 'indexes-missing', {
    text: isThere
      ? `The index ${index} is empty${file === undefined ? ', and there are no module files' : ', though there are module files'}: a depmod that was cut off, or a crash.`
      : `The index ${index} does not exist: depmod has not been run.`,
    evidence: [
      [isThere ? '0 bytes' : 'does not exist', index],
      file === undefined ? ['no module files', directory] : ['is there', file],
    ],
    remedies: [file === undefined ? `apt install --reinstall linux-image-${release}` : tree.depmodCommand()],
  });
}

function foldersOf(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function* addNotFound(
  list: FindingList,
  asked: string,
  { tree, error }: { readonly tree: ModuleTree; readonly error: KmodError },
): Inquiry<void> {
  const name = moduleNameOfPath(asked);
  const file = yield* findModuleFile(tree.directory, (path) => moduleNameOfPath(path) === name);
  const known = file === undefined ? undefined : tree.dependencyLine(name);
  if (known !== undefined) {
    list.add('not-found', {
      text: `No module, alias or built-in part of kernel ${tree.release} has the name ${asked}; there is ${name}. A file is meant only where its name has a slash.`,
      evidence: [[`has ${name}, and not ${asked}`, `${tree.directory}/modules.dep.bin`]],
      remedies: [`modprobe ${shellWord(name)}`],
    });
    return;
  }
  if (file !== undefined) {
    list.add('indexes-stale', {
      text: `The file ${file} is there, and the indexes do not name it: depmod was not run since it came.`,
      evidence: [
        ['is there', file],
        [`has no ${name}`, `${tree.directory}/modules.dep.bin`],
      ],
      remedies: [tree.depmodCommand()],
    });
    return;
  }
  const nearest = /Did you mean "([^"]+)"/.exec(error.message)?.[1];
  list.add('not-found', {
    text: `No module, alias or built-in part of kernel ${tree.release} has the name ${asked}${nearest === undefined ? '' : `; the nearest is ${nearest}`}.`,
    evidence: [[`has no ${name}`, `${tree.directory}/modules.dep.bin and the other indexes`]],
    remedies: [
      ...(nearest === undefined ? [] : [`modprobe ${shellWord(nearest)}`]),
      `apt install linux-modules-extra-${tree.release}`,
      ...(/^\w+$/.test(name) ? [`grep -i ${name} /boot/config-${tree.release}`] : []),
    ],
  });
}

/** The first module file below a folder that a test takes. */
function* findModuleFile(folder: string, fits: (path: string) => boolean): Inquiry<string | undefined> {
  const folders = [folder];
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    yield { kind: 'pause' };
    let entries;
    try {
      entries = readdirSync(current, { withFileTypes: true });
    } catch {
      continue;
    }
    for (const entry of entries) {
      const path = join(current, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (/\.ko(?:\.(?:gz|xz|zst))?$/.test(entry.name) && fits(path)) return path;
    }
  }
  return undefined;
}

/** Looks whether the indexes know of a module what its file says: the file is newer, or needs more than they name. */
export function checkIndexes(
  list: FindingList,
  tree: ModuleTree,
  {
    module,
    path,
    dependencies,
  }: { readonly module: string; readonly path: string; readonly dependencies: readonly string[] },
): void {
  const line = tree.dependencyLine(module);
  if (line?.path !== path) return;
  const index = `${tree.directory}/modules.dep.bin`;
  const listed = new Set(line.dependencies.map(moduleNameOfPath));
  const missing = dependencies
    .map((name) => name.replaceAll('-', '_'))
    .filter((name) => !listed.has(name) && !tree.isBuiltin(name));
  if (missing.length > 0) {
    list.add('indexes-stale', {
      text: `The module needs ${missing.join(', ')}, and the index does not name that: depmod was not run since the file came.`,
      confidence: 'likely',
      errno: 'ENOENT',
      evidence: [
        [`depends=${dependencies.join(',')}`, `${path}, section .modinfo`],
        [`names ${[...listed].join(' ') || 'nothing'}`, index],
      ],
      remedies: [tree.depmodCommand()],
    });
    return;
  }
  list.check(
    'indexes',
    'ok',
    changeOf(path) > changeOf(index) ? `${index} is older than the file, and names all that it needs` : index,
  );
}

function changeOf(path: string): number {
  return statusOf(path)?.mtimeMs ?? 0;
}
