import type { DependencyEdges } from './dependency-edges.ts';

/** The order in which modules stand on each other. */
export interface DependencyOrder {
  /** Rank of each module: lower than that of everything it needs. Meaningless for `unordered`. */
  readonly ranks: Uint32Array;
  /** Modules by rank. */
  readonly byRank: Uint32Array;
  /** Modules that need themselves through others, and what only they need; ascending. */
  readonly unordered: readonly number[];
}

/**
 * Ranks modules so that each stands before all that it needs. Among the many such orders this is kmod's: Kahn's
 * algorithm with a stack, begun with the modules that nobody needs in the order of the indexes.
 */
export function dependencyOrder({ starts, targets, users }: DependencyEdges): DependencyOrder {
  const count = users.length;
  const waiting = users.slice();
  const ranks = new Uint32Array(count);
  const byRank = new Uint32Array(count);
  const stack = new Uint32Array(count);
  let depth = 0;
  let ranked = 0;
  for (let module = 0; module < count; module++) if (waiting[module] === 0) stack[depth++] = module;
  while (depth > 0) {
    const module = stack[--depth] ?? 0;
    ranks[module] = ranked;
    byRank[ranked++] = module;
    const end = starts[module + 1] ?? 0;
    for (let edge = starts[module] ?? 0; edge < end; edge++) {
      const target = targets[edge] ?? 0;
      const left = (waiting[target] ?? 1) - 1;
      waiting[target] = left;
      if (left === 0) stack[depth++] = target;
    }
  }
  const unordered: number[] = [];
  if (ranked < count)
    for (let module = 0; module < count; module++) if ((waiting[module] ?? 0) > 0) unordered.push(module);
  return { ranks, byRank: byRank.subarray(0, ranked), unordered };
}

/**
 * Everything that each module needs, itself or through others, by ascending rank. `visit` gets a view that changes
 * with the next module.
 */
export function forEachClosure(
  { starts, targets }: DependencyEdges,
  { ranks, byRank }: DependencyOrder,
  visit: (module: number, needed: Uint32Array) => void,
): void {
  const count = ranks.length;
  const seenBy = new Int32Array(count).fill(-1);
  const found = new Uint32Array(count);
  for (let module = 0; module < count; module++) {
    let length = 0;
    // What has been found is also the queue of what is to be followed.
    for (let next = -1; next < length; next++) {
      const current = next < 0 ? module : (byRank[found[next] ?? 0] ?? 0);
      const end = starts[current + 1] ?? 0;
      for (let edge = starts[current] ?? 0; edge < end; edge++) {
        const target = targets[edge] ?? 0;
        if (seenBy[target] === module) continue;
        seenBy[target] = module;
        found[length++] = ranks[target] ?? 0;
      }
    }
    const needed = found.subarray(0, length).sort();
    for (let index = 0; index < length; index++) needed[index] = byRank[needed[index] ?? 0] ?? 0;
    visit(module, needed);
  }
}
