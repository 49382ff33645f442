import { matchesAliasPattern } from '../index-files/alias-pattern.ts';
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
  /** The modules that it stands for; none when the tree does not know the name. */
  readonly modules: readonly LookupResult[];
  readonly because: SoftReason;
}

/** What a module wants loaded before and after itself, in this order. */
export interface SoftDependencySet {
  readonly pre: readonly SoftDependency[];
  readonly post: readonly SoftDependency[];
}

const NONE: SoftDependencySet = { pre: [], post: [] };
const GLOB = /[*?[\\]/;

/**
 * The soft dependencies of the modules of a tree: the one place that plans ask for them. Of several lines that fit a
 * module only the first counts, as with kmod.
 */
export class SoftDependencies {
  readonly #tree: ModuleTree;
  readonly #lines: readonly SoftDependencyLine[];
  readonly #sets = new Map<string, SoftDependencySet>();
  #index: LineIndex | undefined;

  /** @param lines in the order in which they are looked through. Default: those of the tree's `modules.softdep` */
  constructor(tree: ModuleTree, lines: readonly SoftDependencyLine[] = tree.softDependencyLines()) {
    this.#tree = tree;
    this.#lines = lines;
  }

  /**
   * @param module with underscores
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  of(module: string): SoftDependencySet {
    let set = this.#sets.get(module);
    if (set === undefined) {
      const line = this.#lineOf(module);
      set = line === undefined ? NONE : this.#resolve(module, line);
      this.#sets.set(module, set);
    }
    return set;
  }

  #resolve(of: string, { pre, post, origin }: SoftDependencyLine): SoftDependencySet {
    const resolved = (order: SoftReason['order'], names: readonly string[]): readonly SoftDependency[] => {
      const because: SoftReason = { kind: 'softdep', of, order, origin };
      return names.map((name) => ({ name, modules: lookUpName(this.#tree, name), because }));
    };
    return { pre: resolved('pre', pre), post: resolved('post', post) };
  }

  #lineOf(module: string): SoftDependencyLine | undefined {
    this.#index ??= indexLines(this.#lines);
    const place = this.#index.places.get(module) ?? Infinity;
    const glob = this.#index.globs.find((at) => matchesAliasPattern(this.#lines[at]?.module ?? '', module));
    return this.#lines[Math.min(place, glob ?? Infinity)];
  }
}

/** Where in the list the first line of each plain name is, and those whose name is a glob. */
interface LineIndex {
  readonly places: ReadonlyMap<string, number>;
  readonly globs: readonly number[];
}

function indexLines(lines: readonly SoftDependencyLine[]): LineIndex {
  const places = new Map<string, number>();
  const globs: number[] = [];
  for (const [at, { module }] of lines.entries())
    if (GLOB.test(module)) globs.push(at);
    else if (!places.has(module)) places.set(module, at);
  return { places, globs };
}

const ofTrees = new WeakMap<ModuleTree, SoftDependencies>();

/** The soft dependencies that a tree itself tells, without configuration. The same object for the same tree. */
export function softDependenciesOf(tree: ModuleTree): SoftDependencies {
  let softDependencies = ofTrees.get(tree);
  if (softDependencies === undefined) {
    softDependencies = new SoftDependencies(tree);
    ofTrees.set(tree, softDependencies);
  }
  return softDependencies;
}
