import { indexConfiguration } from '../../config/configuration-index.ts';
import type { ModprobeConfiguration } from '../../config/modprobe-configuration.ts';
import { KmodError } from '../../errors/kmod-error.ts';
import { moduleName } from '../../index-files/module-name.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';
import type { TextOrigin } from '../../index-files/text-origin.ts';
import type { KernelLocation } from '../../kernel/kernel-file.ts';
import { KernelView } from '../../kernel/kernel-view.ts';
import type { LoadedModule } from '../../kernel/loaded-module.ts';
import { lookUpName } from '../../plan/lookup.ts';
import { aliasesOfModule } from './own-aliases.ts';

/** What reasons are looked for in. */
export class ReasonScene {
  /** The kernel's name of the module. */
  readonly module: string;
  readonly tree: ModuleTree;
  readonly configuration: ModprobeConfiguration;
  readonly view: KernelView;
  /** Folder in place of `/` for files of configuration; empty for the real one. */
  readonly root: string;
  readonly loaded: readonly LoadedModule[];
  /** What could not be looked at, in sentences. */
  readonly unknown = new Set<string>();
  readonly #names = new Map<string, boolean>();
  #aliases: readonly string[] | undefined;

  constructor(facts: {
    readonly module: string;
    readonly tree: ModuleTree;
    readonly configuration: ModprobeConfiguration;
    readonly kernel: KernelLocation;
    readonly root: string;
    readonly loaded: readonly LoadedModule[];
  }) {
    this.module = facts.module;
    this.tree = facts.tree;
    this.configuration = facts.configuration;
    this.view = new KernelView(facts.kernel);
    this.root = facts.root;
    this.loaded = facts.loaded;
  }

  /** Whether modprobe would load the module for a name or an alias. */
  isMeantBy(name: string): boolean {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const answer = this.#lookUp(name);
    this.#names.set(name, answer);
    return answer;
  }

  /** The aliases that the module has by the indexes. */
  get ownAliases(): readonly string[] {
    return (this.#aliases ??= this.#ownAliases());
  }

  /** The configuration's lines on modules. */
  get index(): ReturnType<typeof indexConfiguration> {
    return indexConfiguration(this.configuration);
  }

  #ownAliases(): readonly string[] {
    try {
      return aliasesOfModule(this.tree, this.module);
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
      this.unknown.add(`The aliases cannot be read: ${error.message}`);
      return [];
    }
  }

  #lookUp(name: string): boolean {
    if (name.startsWith('/') || name.startsWith('./')) return false;
    try {
      return lookUpName(this.tree, name, this.configuration).some(({ module }) => module === this.module);
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
      this.unknown.add(`The indexes cannot be read: ${error.message}`);
      return moduleName(name) === this.module;
    }
  }
}

/** A line as `FILE:LINE`, without the root. */
export function placeOf({ file, line }: TextOrigin, root = ''): string {
  const path = root !== '' && file.startsWith(`${root}/`) ? file.slice(root.length) : file;
  return `${path}:${line}`;
}
