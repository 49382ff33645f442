import { resolve } from 'node:path';

import { requireOptions, requireString } from '../errors/argument.ts';
import { type DeviceName, parseDeviceNames } from './device-name-file.ts';
import { readIndexBytes } from './index-bytes.ts';
import { type ListedModule, parseModuleList } from './module-list-file.ts';
import { normalizeAlias } from './module-name.ts';
import { type DependencyLine, ModuleTree, type ModuleTreeOptions } from './module-tree.ts';
import { parseSoftDependencies, type SoftDependencyLine } from './soft-dependency-file.ts';
import type { OnMalformed } from './text-lines.ts';
import { parseWeakDependencies, type WeakDependencyLine } from './weak-dependency-file.ts';

/** Options of {@link openIndexes}. */
export interface OpenIndexesOptions extends ModuleTreeOptions {
  /** Called for lines of text files that are not understood. Default: they are passed over, as by kmod. */
  readonly onMalformed?: OnMalformed | undefined;
}

/** A pattern and a module that has it. */
export interface ModuleAlias {
  /** The pattern with underscores for dashes, as it is looked up. */
  readonly alias: string;
  readonly module: string;
}

/**
 * Opens the indexes of one kernel release. They are read at once, all of one run of depmod, and stay as they are: open them
 * again to see what depmod wrote since. Takes about as much memory as the files have bytes.
 *
 * @throws TypeError for an unknown option
 * @throws KmodError `ERR_KMOD_INDEX_MISSING` without a `modules.dep.bin`; `ERR_KMOD_INDEX_UNREADABLE`,
 *   `ERR_KMOD_INDEX_CORRUPT`
 */
export function openIndexes(options: OpenIndexesOptions = {}): ModuleIndexes {
  requireOptions('options', options, {
    root: 'string',
    release: 'string',
    moduleDirectory: 'string',
    onMalformed: 'function',
  });
  const { root, release, moduleDirectory, onMalformed } = options;
  const tree = new ModuleTree({
    release,
    root: root === undefined ? undefined : resolve(root),
    moduleDirectory: moduleDirectory === undefined ? undefined : resolve(moduleDirectory),
  });
  tree.readAll();
  tree.requireIndexes();
  return new ModuleIndexes(tree, onMalformed);
}

/**
 * What the `modules.*` files of one release say. Names and aliases may be given with dashes or underscores. Every method
 * may throw a KmodError `ERR_KMOD_INDEX_CORRUPT` for a damaged file.
 */
export class ModuleIndexes {
  readonly #tree: ModuleTree;
  readonly #onMalformed: OnMalformed | undefined;

  /** Use {@link openIndexes}. */
  constructor(tree: ModuleTree, onMalformed: OnMalformed | undefined) {
    this.#tree = tree;
    this.#onMalformed = onMalformed;
  }

  /** Folder of the release, for example `/lib/modules/6.12.1`. */
  get directory(): string {
    return this.#tree.directory;
  }

  /** Kernel release, as `uname -r` prints it. */
  get release(): string {
    return this.#tree.release;
  }

  /** The names of all modules that have a file, with underscores, ascending. */
  moduleNames(): readonly string[] {
    return keysOf(this.#tree, 'modules.dep.bin');
  }

  /** File and dependencies of a module, in the order of loading; undefined when no file has that name. */
  dependenciesOf(module: string): DependencyLine | undefined {
    return this.#tree.dependencyLine(underscored(module));
  }

  /**
   * Modules with a pattern that matches an alias, for example a device's `modalias`. In kmod's order, which is that of
   * `modules.order`; a module with several matching patterns occurs as often.
   */
  modulesOfAlias(alias: string): readonly string[] {
    const normalized = normalizeAlias(requireString('alias', alias));
    return normalized === undefined ? [] : this.#tree.modulesOfAlias(normalized);
  }

  /** As {@link modulesOfAlias} for modules that are part of the kernel's image. */
  builtinsOfAlias(alias: string): readonly string[] {
    const normalized = normalizeAlias(requireString('alias', alias));
    return normalized === undefined ? [] : this.#tree.builtinsOfAlias(normalized);
  }

  /** The modules that export a symbol. */
  modulesOfSymbol(symbol: string): readonly string[] {
    return this.#tree.modulesOfSymbol(`symbol:${requireString('symbol', symbol)}`);
  }

  /** All patterns with their modules, ascending by pattern. */
  *aliases(): Generator<ModuleAlias, void, undefined> {
    for (const { key, value } of this.#tree.index('modules.alias.bin')?.entries() ?? [])
      yield { alias: key, module: value };
  }

  /** Whether a module is part of the kernel's image. */
  isBuiltin(module: string): boolean {
    return this.#tree.isBuiltin(underscored(module));
  }

  /** The names of all modules that are part of the kernel's image, ascending. */
  builtinNames(): readonly string[] {
    return keysOf(this.#tree, 'modules.builtin.bin');
  }

  /** What modules ask to be loaded before and after them, in the order of `modules.softdep`. */
  softDependencies(): readonly SoftDependencyLine[] {
    return parseSoftDependencies(
      this.#tree.text('modules.softdep'),
      `${this.directory}/modules.softdep`,
      this.#onMalformed,
    );
  }

  /** What modules may ask for while they are in use, in the order of `modules.weakdep`. */
  weakDependencies(): readonly WeakDependencyLine[] {
    const file = `${this.directory}/modules.weakdep`;
    return parseWeakDependencies(this.#tree.text('modules.weakdep'), file, this.#onMalformed);
  }

  /** Device nodes that load a module when they are opened. */
  deviceNames(): readonly DeviceName[] {
    const file = `${this.directory}/modules.devname`;
    return parseDeviceNames(this.#tree.text('modules.devname'), file, this.#onMalformed);
  }

  /**
   * The modules in the order in which the kernel's build links them; of several modules for a device the first is to be
   * preferred. Read anew with each call; empty when there is no `modules.order`, which depmod needs and nothing else.
   */
  order(): readonly ListedModule[] {
    const file = `${this.directory}/modules.order`;
    const text = readIndexBytes(file)?.toString() ?? '';
    return parseModuleList(text, file, this.#onMalformed);
  }
}

function keysOf(tree: ModuleTree, name: 'modules.dep.bin' | 'modules.builtin.bin'): readonly string[] {
  const names = new Set<string>();
  for (const { key } of tree.index(name)?.entries() ?? []) names.add(key);
  return [...names];
}

function underscored(module: string): string {
  return requireString('module', module).replaceAll('-', '_');
}
