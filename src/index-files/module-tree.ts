import { existsSync } from 'node:fs';
import { release as runningRelease } from 'node:os';
import { join } from 'node:path';

import { shellWord } from '../errors/shell-word.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { byteText, filePath } from '../native/byte-text.ts';
import { splitDependencyLine } from './dependency-file.ts';
import { unreadableError } from './index-bytes.ts';
import { IndexFile } from './index-file.ts';
import { PublishedFiles } from './published-files.ts';
import { parseSoftDependencies, type SoftDependencyLine } from './soft-dependency-file.ts';
import { parseWeakDependencies, type WeakDependencyLine } from './weak-dependency-file.ts';

/** Where the modules of one kernel release are. */
export interface ModuleTreeOptions {
  /** Folder in place of `/`. Default `/`. */
  readonly root?: string | undefined;
  /** Kernel release, as `uname -r` prints it. Default: that of the running kernel. */
  readonly release?: string | undefined;
  /** The release's own folder, in place of `<root>/lib/modules/<release>`. */
  readonly moduleDirectory?: string | undefined;
  /**
   * Read indexes in pieces, as searches come to them; their files stay open until {@link ModuleTree.close}. For a few
   * lookups that is faster. Default false: an index is read whole.
   */
  readonly inPieces?: boolean | undefined;
}

/** A module's line in `modules.dep`. */
export interface DependencyLine {
  /** Absolute path of the module's file. */
  readonly path: string;
  /** Absolute paths of all that it needs, in the order in which they have to be loaded. */
  readonly dependencies: readonly string[];
}

/** The indexes of a module tree. */
export type IndexName =
  | 'modules.dep.bin'
  | 'modules.alias.bin'
  | 'modules.symbols.bin'
  | 'modules.builtin.bin'
  | 'modules.builtin.alias.bin';

/** A file of depmod that is text, and that no index holds. */
export type TextFileName = 'modules.softdep' | 'modules.weakdep' | 'modules.devname';

const indexNames: readonly IndexName[] = [
  'modules.dep.bin',
  'modules.alias.bin',
  'modules.symbols.bin',
  'modules.builtin.bin',
  'modules.builtin.alias.bin',
];
/** How often depmod may publish while all files are read. */
const MOST_ROUNDS = 100;
const textFileNames: readonly TextFileName[] = ['modules.softdep', 'modules.weakdep', 'modules.devname'];

/**
 * The module folder of one release. Each file is read when it is first asked for, and kept. All are of one run of depmod: when
 * one turns out to be of a later run, the earlier ones are dropped and read again. Otherwise open another tree to see
 * what depmod wrote since.
 */
export class ModuleTree {
  /** Folder of the release, for example `/lib/modules/6.12.1`. It need not exist. */
  readonly directory: string;
  readonly release: string;
  readonly #indexes = new Map<IndexName, IndexFile | undefined>();
  readonly #texts = new Map<TextFileName, string>();
  /** What was asked for before: plans ask for the same few modules again and again. */
  readonly #lines = new Map<string, DependencyLine>();
  readonly #builtins = new Map<string, boolean>();
  readonly #files: PublishedFiles;
  readonly #inPieces: boolean;
  #softDependencies: readonly SoftDependencyLine[] | undefined;

  constructor(options: ModuleTreeOptions = {}) {
    this.release = options.release ?? runningRelease();
    const root = options.root === '/' ? '' : (options.root ?? '');
    this.directory = options.moduleDirectory ?? findModuleDirectory(root, this.release);
    this.#inPieces = options.inPieces === true;
    // Every run of depmod replaces this file.
    this.#files = new PublishedFiles(this.directory, 'modules.dep.bin', () => {
      this.close();
      this.#indexes.clear();
      this.#texts.clear();
      this.#lines.clear();
      this.#builtins.clear();
      this.#softDependencies = undefined;
    });
  }

  /**
   * An index, undefined when its file is absent or empty.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  index(name: IndexName): IndexFile | undefined {
    if (!this.#indexes.has(name)) {
      const content = this.#inPieces ? this.#files.open(name) : this.#files.read(name);
      const path = `${this.directory}/${name}`;
      this.#indexes.set(name, content === undefined ? undefined : new IndexFile(content, path));
    }
    return this.#indexes.get(name);
  }

  /** Closes the files of indexes that are read in pieces. */
  close(): void {
    for (const index of this.#indexes.values()) index?.close();
  }

  /**
   * The text of a file, empty when there is none.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
   */
  text(name: TextFileName): string {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const bytes = this.#files.read(name);
    const text = bytes === undefined ? '' : byteText(bytes);
    this.#texts.set(name, text);
    return text;
  }

  /**
   * File and dependencies of a module, undefined when the tree has none of that name.
   *
   * @param name with underscores, as the kernel writes it
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  dependencyLine(name: string): DependencyLine | undefined {
    const index = this.index('modules.dep.bin');
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const text = index?.search(name);
    const line = text === undefined ? undefined : this.#parseLine(text);
    if (line !== undefined) this.#lines.set(name, line);
    return line;
  }

  /** Whether the module is part of the kernel's image, by `modules.builtin.bin`. */
  isBuiltin(name: string): boolean {
    const index = this.index('modules.builtin.bin');
    let answer = this.#builtins.get(name);
    if (answer === undefined) {
      answer = index?.search(name) !== undefined;
      this.#builtins.set(name, answer);
    }
    return answer;
  }

  /**
   * Modules that have a matching alias, in the order of `modules.order`; a module may occur more than once.
   *
   * @param alias normalised, for example `pci:v00008086d0000153Asv…`
   */
  modulesOfAlias(alias: string): readonly string[] {
    return this.#wildcardValues('modules.alias.bin', alias);
  }

  /** As {@link modulesOfAlias} for the modules built into the kernel. */
  builtinsOfAlias(alias: string): readonly string[] {
    return this.#wildcardValues('modules.builtin.alias.bin', alias);
  }

  /** Modules that export a symbol, asked as `symbol:NAME`. */
  modulesOfSymbol(alias: string): readonly string[] {
    return this.#wildcardValues('modules.symbols.bin', alias);
  }

  /**
   * Reads all files, so that later changes do not show.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  readAll(): void {
    // What has to be dropped on the way is read in the next round.
    for (let round = 0; round < MOST_ROUNDS; round++) {
      for (const name of indexNames) this.index(name)?.loadAll();
      for (const name of textFileNames) this.text(name);
      if (this.#indexes.size === indexNames.length && this.#texts.size === textFileNames.length) return;
    }
    throw unreadableError(`${this.directory}/modules.dep.bin`, 'it is being replaced all the time');
  }

  /**
   * The lines of `modules.softdep`, in their order. Read once. None when the file is missing or cannot be read: a load does
   * without, as with kmod.
   */
  softDependencyLines(): readonly SoftDependencyLine[] {
    this.#softDependencies ??= parseSoftDependencies(
      this.#textIfReadable('modules.softdep'),
      `${this.directory}/modules.softdep`,
    );
    return this.#softDependencies;
  }

  /** The lines of `modules.weakdep`, as {@link softDependencyLines}; read with each call. */
  weakDependencyLines(): readonly WeakDependencyLine[] {
    return parseWeakDependencies(
      this.#textIfReadable('modules.weakdep'),
      `${this.directory}/modules.weakdep`,
    );
  }

  /**
   * Tells a tree without indexes from one that merely lacks a module.
   *
   * @throws KmodError `ERR_KMOD_INDEX_MISSING` that names the command that mends it
   */
  requireIndexes(): void {
    if (this.index('modules.dep.bin') !== undefined) return;
    throw existsSync(filePath(this.directory)) ? this.#missingIndexError() : this.#missingDirectoryError();
  }

  #textIfReadable(name: TextFileName): string {
    try {
      return this.text(name);
    } catch {
      return '';
    }
  }

  #wildcardValues(name: IndexName, request: string): readonly string[] {
    return (
      this.index(name)
        ?.searchWildcard(request)
        .map(({ value }) => value) ?? []
    );
  }

  #parseLine(line: string): DependencyLine | undefined {
    const fields = splitDependencyLine(line);
    if (fields === undefined) return undefined;
    const dependencies = fields.dependencies.map((path) => this.#absolute(path));
    return { path: this.#absolute(fields.path), dependencies: dependencies.reverse() };
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.directory}/${path}`;
  }

  /** The command that makes the indexes anew, for messages: depmod looks in `lib/modules` below the folder of -b, and nowhere else. */
  depmodCommand(): string {
    const base = /^(.+?)\/+lib\/modules\/+[^/]+\/*$/.exec(this.directory)?.[1];
    return base === undefined ? `depmod ${this.release}` : `depmod -b ${shellWord(base)} ${this.release}`;
  }

  #missingIndexError(): KmodError {
    return new KmodError(
      'ERR_KMOD_INDEX_MISSING',
      `The module directory ${this.directory} has no modules.dep.bin, so nothing can be looked up in it. Create it with: ${this.depmodCommand()}`,
      { path: join(this.directory, 'modules.dep.bin') },
    );
  }

  #missingDirectoryError(): KmodError {
    return new KmodError(
      'ERR_KMOD_INDEX_MISSING',
      `The module directory ${this.directory} does not exist. Install the modules of kernel ${this.release} there (in a container: mount the host's /lib/modules), then run: ${this.depmodCommand()}`,
      { path: this.directory },
    );
  }
}

/**
 * Folder of a release below a root: `lib/modules`, or `usr/lib/modules` when only that exists.
 *
 * @param root put in front as it is, `` for the system's own
 */
export function findModuleDirectory(root: string, release: string): string {
  const directory = `${root}/lib/modules/${release}`;
  const merged = `${root}/usr/lib/modules/${release}`;
  return !existsSync(filePath(directory)) && existsSync(filePath(merged)) ? merged : directory;
}
