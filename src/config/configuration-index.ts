import type { ModuleTree } from '../index-files/module-tree.ts';
import type { SoftDependencyLine } from '../index-files/soft-dependency-file.ts';
import type { WeakDependencyLine } from '../index-files/weak-dependency-file.ts';
import type {
  AliasRecord,
  BlacklistRecord,
  CommandRecord,
  ModprobeConfiguration,
  OptionsRecord,
} from './modprobe-configuration.ts';
import { PatternTable } from './pattern-table.ts';

/**
 * What a configuration says about a name, found without going through all of it. Names have underscores. Of what is
 * never asked for nothing is prepared.
 */
export class ConfigurationIndex {
  readonly #configuration: ModprobeConfiguration;
  #aliases: PatternTable<AliasRecord> | undefined;
  #options: ReadonlyMap<string, readonly OptionsRecord[]> | undefined;
  #blacklist: ReadonlyMap<string, readonly BlacklistRecord[]> | undefined;
  #install: PatternTable<CommandRecord> | undefined;
  #remove: PatternTable<CommandRecord> | undefined;
  #softDependencies: PatternTable<SoftDependencyLine> | undefined;
  #weakDependencies: PatternTable<WeakDependencyLine> | undefined;

  /** Use {@link indexConfiguration}, which keeps it. */
  constructor(configuration: ModprobeConfiguration) {
    this.#configuration = configuration;
  }

  /** All `alias` lines whose pattern a name matches. */
  aliases(name: string): readonly AliasRecord[] {
    const { aliases } = this.#configuration;
    if (aliases.length === 0) return [];
    this.#aliases ??= new PatternTable(aliases, ({ pattern }) => pattern);
    return this.#aliases.all(name);
  }

  /**
   * The options of a module.
   *
   * @param alias that the module was found by, whose options count too; null for none
   */
  options(module: string, alias: string | null = null): readonly OptionsRecord[] {
    const { options } = this.#configuration;
    if (options.length === 0) return [];
    this.#options ??= byModule(options);
    const own = this.#options.get(module) ?? [];
    const further = alias === null || alias === module ? [] : (this.#options.get(alias) ?? []);
    if (own.length === 0 || further.length === 0) return own.length === 0 ? further : own;
    return options.filter((record) => record.module === module || record.module === alias);
  }

  /** The first line that blacklists a module. */
  blacklisting(module: string): BlacklistRecord | undefined {
    const { blacklist } = this.#configuration;
    if (blacklist.length === 0) return undefined;
    this.#blacklist ??= byModule(blacklist);
    return this.#blacklist.get(module)?.[0];
  }

  /** The install command of a module: that of the first line whose name or glob fits. */
  installCommand(module: string): CommandRecord | undefined {
    return this.#installTable?.first(module);
  }

  /** The remove command of a module. */
  removeCommand(module: string): CommandRecord | undefined {
    return this.#removeTable?.first(module);
  }

  /** The command of the first line that names a module as it is, and not by a glob. Install comes before remove. */
  namedCommand(
    module: string,
  ): { readonly directive: 'install' | 'remove'; readonly record: CommandRecord } | undefined {
    const install = this.#installTable?.exact(module);
    if (install !== undefined) return { directive: 'install', record: install };
    const remove = this.#removeTable?.exact(module);
    return remove && { directive: 'remove', record: remove };
  }

  /** All `softdep` lines that fit a module; kmod takes the first. */
  softDependencies(module: string): readonly SoftDependencyLine[] {
    const { softDependencies } = this.#configuration;
    if (softDependencies.length === 0) return [];
    this.#softDependencies ??= new PatternTable(softDependencies, (line) => line.module);
    return this.#softDependencies.all(module);
  }

  /** All `weakdep` lines that fit a module. */
  weakDependencies(module: string): readonly WeakDependencyLine[] {
    const { weakDependencies } = this.#configuration;
    if (weakDependencies.length === 0) return [];
    this.#weakDependencies ??= new PatternTable(weakDependencies, (line) => line.module);
    return this.#weakDependencies.all(module);
  }

  get #installTable(): PatternTable<CommandRecord> | undefined {
    const { install } = this.#configuration;
    return install.length === 0 ? undefined : (this.#install ??= commandTable(install));
  }

  get #removeTable(): PatternTable<CommandRecord> | undefined {
    const { remove } = this.#configuration;
    return remove.length === 0 ? undefined : (this.#remove ??= commandTable(remove));
  }
}

const indexes = new WeakMap<ModprobeConfiguration, ConfigurationIndex>();

/** The index of a configuration. The same for the same configuration, which must not be changed. */
export function indexConfiguration(configuration: ModprobeConfiguration): ConfigurationIndex {
  let index = indexes.get(configuration);
  if (index === undefined) {
    index = new ConfigurationIndex(configuration);
    indexes.set(configuration, index);
  }
  return index;
}

const ofTrees = new WeakMap<readonly SoftDependencyLine[], ModprobeConfiguration>();

/** What the tree itself says, where there is no other configuration: its `modules.softdep` and `modules.weakdep`. */
export function treeConfiguration(tree: ModuleTree): ModprobeConfiguration {
  const softDependencies = tree.softDependencyLines();
  let configuration = ofTrees.get(softDependencies);
  if (configuration === undefined) {
    const weakDependencies = tree.weakDependencyLines();
    configuration = { ...EMPTY, softDependencies, weakDependencies };
    ofTrees.set(softDependencies, configuration);
  }
  return configuration;
}

const EMPTY: ModprobeConfiguration = {
  aliases: [],
  blacklist: [],
  options: [],
  install: [],
  remove: [],
  softDependencies: [],
  weakDependencies: [],
  files: [],
  hidden: [],
  problems: [],
};

function commandTable(records: readonly CommandRecord[]): PatternTable<CommandRecord> {
  return new PatternTable(records, ({ module }) => module);
}

function byModule<Item extends { readonly module: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const table = new Map<string, Item[]>();
  for (const item of items) {
    const known = table.get(item.module);
    if (known === undefined) table.set(item.module, [item]);
    else known.push(item);
  }
  return table;
}
