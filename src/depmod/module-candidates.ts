import { statSync } from 'node:fs';

import { systemErrorText } from '../config/configuration-files.ts';
import type { DepmodConfig } from '../config/depmod-config.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { DepmodReport } from './depmod-notice.ts';
import { moduleNameOfFile } from './module-file-name.ts';
import { type ModulePriority, modulePriority, type RankedFile } from './module-priority.ts';
import { walkModuleTree, type WalkTrouble } from './module-tree-walk.ts';

/** A file chosen to provide a module. */
export interface ModuleCandidate extends RankedFile {
  /** The kernel's name of the module. */
  readonly name: string;
  /** Path as the indexes have it: below the release's folder, or absolute outside it. */
  readonly indexPath: string;
}

/** Where to look for modules. */
export interface CandidateOptions {
  /** Folder of the kernel release. */
  readonly directory: string;
  readonly config: DepmodConfig;
  /** Whether to choose between duplicates as kmod does, by the order of the file system. */
  readonly compat: boolean;
  readonly report: DepmodReport;
}

/** What a search for modules found. */
export interface CandidateList {
  readonly candidates: readonly ModuleCandidate[];
  /** Folders that exist but could not be read: modules may be missing. */
  readonly unreadable: readonly WalkTrouble[];
}

/**
 * All modules of a tree and of the external folders, one file each; {@link modulePriority} has the rules. Entries named
 * `build` or `source` are not looked at, nor what `exclude` names. Links are followed.
 *
 * @throws Error of node:fs when the folder itself cannot be read
 */
export function collectCandidates(options: CandidateOptions): CandidateList {
  const { directory, config, compat, report } = options;
  const excluded = excludedNames(config);
  const choice = new CandidateChoice(options);
  const unreadable: WalkTrouble[] = [];
  const walk = (folder: string): void => {
    walkModuleTree(folder, {
      excluded,
      isRaw: compat,
      onFile: (path) => {
        choice.offer(path);
      },
      onTrouble: (trouble) => {
        if (trouble.kind === 'unreadable') unreadable.push(trouble);
        report({
          priority: trouble.kind === 'loop' ? 'info' : 'error',
          text: compat ? troubleForKmod(trouble) : troubleText(trouble),
        });
      },
    });
  };
  walk(directory);
  for (const { directory: external } of config.externals.toReversed())
    try {
      walk(external);
    } catch (error) {
      report({
        priority: 'error',
        text: `could not open directory ${external}: ${systemErrorText(error)}`,
      });
    }
  return { candidates: choice.candidates(), unreadable };
}

/** Chooses one file for each module: {@link modulePriority} has the rules. */
export class CandidateChoice {
  readonly #directory: string;
  readonly #priority: ModulePriority;
  readonly #chosen = new Map<string, ModuleCandidate>();

  constructor({ directory, config, compat }: Omit<CandidateOptions, 'report'>) {
    this.#directory = directory;
    this.#priority = modulePriority(config, compat);
  }

  /** Takes the absolute path of a file. */
  offer(path: string): void {
    const candidate = moduleCandidate(path, this.#directory);
    const held = this.#chosen.get(candidate.name);
    if (held === undefined || this.#priority.replaces(candidate, held))
      this.#chosen.set(candidate.name, candidate);
  }

  /** In the order in which the modules were first met. */
  candidates(): readonly ModuleCandidate[] {
    return [...this.#chosen.values()];
  }
}

/**
 * Modules that are given by path.
 *
 * @throws KmodError `ERR_KMOD_MODULE_FILE` for a path that is not absolute or leads to nothing, and for a second file of
 *   the same module
 */
export function namedCandidates(
  paths: readonly string[],
  directory: string,
  report: DepmodReport,
): readonly ModuleCandidate[] {
  const chosen = new Map<string, ModuleCandidate>();
  for (const path of paths) {
    if (!path.startsWith('/')) throw moduleFileError(path, `${path}: not absolute path.`);
    try {
      statSync(path);
    } catch (error) {
      throw moduleFileError(path, `could not create module ${path}: ${systemErrorText(error)}`);
    }
    const candidate = moduleCandidate(path, directory);
    const { name } = candidate;
    const held = chosen.get(name)?.path;
    if (held !== undefined) {
      const isSame = held === path;
      report({
        priority: 'error',
        text: isSame
          ? `hash_add_unique ${name}: File exists`
          : `kmod_module '${name}' already exists with different path: new-path='${path}' old-path='${held}'`,
      });
      throw moduleFileError(path, `could not ${isSame ? 'add' : 'create'} module ${path}: File exists`);
    }
    chosen.set(name, candidate);
  }
  return [...chosen.values()];
}

function moduleFileError(path: string, text: string): KmodError {
  return new KmodError('ERR_KMOD_MODULE_FILE', text, { path });
}

/** Names of files and folders that are passed over. */
export function excludedNames(config: DepmodConfig): ReadonlySet<string> {
  return new Set(['build', 'source', ...config.excluded]);
}

/** A module file by its absolute path. */
export function moduleCandidate(path: string, directory: string): ModuleCandidate {
  const relativePath = path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
  return { path, relativePath, indexPath: relativePath ?? path, name: moduleNameOfFile(path) };
}

function troubleText(trouble: WalkTrouble): string {
  const { kind, path, error } = trouble;
  switch (kind) {
    case 'dangling':
      return `could not follow ${path}: ${systemErrorText(error)}`;
    case 'unreadable':
      return `could not open directory ${path}: ${systemErrorText(error)}`;
    default:
      return troubleForKmod(trouble);
  }
}

/** kmod names the number that the folder's descriptor happens to have: one for each level above standard error. */
function troubleForKmod({ kind, path, depth, mode, error }: WalkTrouble): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  switch (kind) {
    case 'dangling':
      return `fstatat(${depth + 3}, ${name}): ${systemErrorText(error)}`;
    case 'unreadable':
      return `openat(${depth + 3}, ${name}, O_RDONLY): ${systemErrorText(error)}`;
    case 'special':
      return `unsupported file type ${path}: ${(mode & 0o170000).toString(8)}`;
    default:
      return `not following ${path}: it leads back to a folder that holds it`;
  }
}
