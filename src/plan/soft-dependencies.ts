import {
  type ConfigurationIndex,
  indexConfiguration,
  treeConfiguration,
} from '../config/configuration-index.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { SoftDependencyLine } from '../index-files/soft-dependency-file.ts';
import { type LookupResult, lookUpName } from './lookup.ts';
import type { StepReason } from './plan.ts';

/** Why a module is there that a `softdep` line names. */
export type SoftReason = Extract<StepReason, { readonly kind: 'softdep' }>;

/** Something that a `softdep` line names. */
export interface SoftDependency {
  /** The name as written. */
  readonly name: string;
  /** The modules that it stands for; none when nothing has the name. */
  readonly modules: readonly LookupResult[];
  readonly because: SoftReason;
}

/** What a module wants loaded before and after itself, in this order. */
export interface SoftDependencySet {
  readonly pre: readonly SoftDependency[];
  readonly post: readonly SoftDependency[];
}

const NONE: SoftDependencySet = { pre: [], post: [] };

/** The soft dependencies of the modules of a tree: the one place that plans ask for them. */
export class SoftDependencies {
  readonly #tree: ModuleTree;
  readonly #configuration: ModprobeConfiguration;
  readonly #index: ConfigurationIndex;
  readonly #firstOnly: boolean;
  readonly #sets = new Map<string, SoftDependencySet>();

  /**
   * Use {@link softDependenciesFor}, which keeps it.
   *
   * @param firstOnly of several lines that fit a module only the first counts, as with kmod; otherwise all of them do
   */
  constructor(tree: ModuleTree, configuration: ModprobeConfiguration, firstOnly: boolean) {
    this.#tree = tree;
    this.#configuration = configuration;
    this.#index = indexConfiguration(configuration);
    this.#firstOnly = firstOnly;
  }

  /**
   * @param module with underscores
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  of(module: string): SoftDependencySet {
    let set = this.#sets.get(module);
    if (set === undefined) {
      const lines = this.#index.softDependencies(module);
      set = lines.length === 0 ? NONE : this.#resolve(module, this.#firstOnly ? lines.slice(0, 1) : lines);
      this.#sets.set(module, set);
    }
    return set;
  }

  #resolve(of: string, lines: readonly SoftDependencyLine[]): SoftDependencySet {
    const resolved = (order: SoftReason['order']): readonly SoftDependency[] => {
      const members: SoftDependency[] = [];
      const earlier = new Set<string>();
      for (const line of lines) {
        const because: SoftReason = { kind: 'softdep', of, order, origin: line.origin };
        // What an earlier line named is there already.
        for (const name of line[order].filter((member) => !earlier.has(member)))
          members.push({ name, modules: lookUpName(this.#tree, name, this.#configuration), because });
        for (const name of line[order]) earlier.add(name);
      }
      return members;
    };
    return { pre: resolved('pre'), post: resolved('post') };
  }
}

const known = new WeakMap<ModuleTree, WeakMap<ModprobeConfiguration, Map<boolean, SoftDependencies>>>();

/**
 * The soft dependencies that a configuration tells. The same object for the same arguments.
 *
 * @param configuration its aliases count for the members of a line, too. Undefined: what the tree itself says
 * @param compat of several lines that fit a module only the first counts, as with kmod; otherwise all of them do
 */
export function softDependenciesFor(
  tree: ModuleTree,
  configuration: ModprobeConfiguration | undefined,
  compat: boolean,
): SoftDependencies {
  const key = configuration ?? treeConfiguration(tree);
  let ofTree = known.get(tree);
  if (ofTree === undefined) known.set(tree, (ofTree = new WeakMap()));
  let ofConfiguration = ofTree.get(key);
  if (ofConfiguration === undefined) ofTree.set(key, (ofConfiguration = new Map()));
  let found = ofConfiguration.get(compat);
  if (found === undefined) {
    found = new SoftDependencies(tree, key, compat);
    ofConfiguration.set(compat, found);
  }
  return found;
}
