import type { Contribution } from './contribution.ts';
import type { DependencyEdges } from './dependency-edges.ts';
import type { DependencyOrder } from './dependency-order.ts';
import type { SymbolOwners } from './symbol-owners.ts';

/** All that the indexes of the modules are made from; modules are numbers in the order of the indexes. */
export interface ModuleIndexData {
  /** Kernel names; a character stands for one byte, here and below. */
  readonly names: readonly string[];
  /** Paths as the indexes have them. */
  readonly paths: readonly string[];
  readonly contributions: readonly (Contribution | undefined)[];
  readonly symbols: SymbolOwners;
  readonly edges: DependencyEdges;
  readonly order: DependencyOrder;
}
