import type { Contribution } from './contribution.ts';
import type { SymbolOwners } from './symbol-owners.ts';

/** Which modules each module needs itself. Modules are numbers in the order of the indexes. */
export interface DependencyEdges {
  /** `targets` of module `m` are at `starts[m]` up to but without `starts[m + 1]`, in the order of first need. */
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
  /** How many modules need each module. */
  readonly users: Uint32Array;
}

/** What is worth telling while edges are drawn. */
export interface EdgeObserver {
  /** A module needs another one for the first time, because of this symbol. */
  readonly onEdge?: ((module: number, symbol: string, owner: number) => void) | undefined;
  /** Nobody exports a symbol that is not optional. */
  readonly onUnknown?: ((module: number, symbol: string) => void) | undefined;
  /** A module was built against another CRC than the exporter has. */
  readonly onMismatch?: ((module: number, symbol: string) => void) | undefined;
}

/** Finds the modules that export what each module needs. */
export function dependencyEdges(
  modules: readonly (Contribution | undefined)[],
  symbols: SymbolOwners,
  observer: EdgeObserver = {},
): DependencyEdges {
  const { owners, known, crcs, names, meant } = symbols;
  const { onEdge, onUnknown, onMismatch } = observer;
  const starts = new Uint32Array(modules.length + 1);
  const users = new Uint32Array(modules.length);
  const targets: number[] = [];
  const lastUser = new Int32Array(modules.length).fill(-1);
  for (const [module, contribution] of modules.entries()) {
    if (contribution !== undefined) {
      const { needs, needCrcs, needWeak } = contribution;
      for (let index = 0; index < needs.length; index++) {
        const needed = needs[index] ?? 0;
        const symbol = meant(needed);
        if (known[symbol] === 0) {
          if (onUnknown !== undefined && needWeak[index] === 0) onUnknown(module, names[needed] ?? '');
          continue;
        }
        if (onMismatch !== undefined && needWeak[index] === 0 && crcs[symbol] !== needCrcs[index])
          onMismatch(module, names[needed] ?? '');
        const owner = owners[symbol] ?? -1;
        if (owner < 0 || lastUser[owner] === module) continue;
        lastUser[owner] = module;
        targets.push(owner);
        users[owner] = (users[owner] ?? 0) + 1;
        onEdge?.(module, names[symbol] ?? '', owner);
      }
    }
    starts[module + 1] = targets.length;
  }
  return { starts, targets: Uint32Array.from(targets), users };
}
