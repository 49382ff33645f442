import { componentCycles } from './component-cycles.ts';
import type { DependencyEdges } from './dependency-edges.ts';

/** Modules that need each other in circles. */
export interface CycleReport {
  /** Modules from the first to itself again: `[a, b, a]`. */
  readonly cycles: readonly (readonly number[])[];
  /** How many modules are on such a circle. */
  readonly moduleCount: number;
}

/** Steps after which kmod's way is given up. Where it ends at all, real trees need a few hundred. */
const MAX_STEPS = 200_000;

/**
 * The circles among modules that could not be ranked.
 *
 * kmod walks from one module after the other along every way there is until it comes back. That ends only if no way
 * leads into another circle; otherwise it walks for ever, or aborts because its stack is full. Where it ends, this is
 * its report. Elsewhere there is, for each group of modules that all need each other, the shortest circle through its
 * first module, then that through its first module that was on none, and so on.
 *
 * @param unordered the modules that are left over when all others are ranked, ascending
 */
export function dependencyCycles(edges: DependencyEdges, unordered: readonly number[]): CycleReport {
  return cyclesLikeKmod(edges, unordered) ?? componentCycles(edges, unordered);
}

/** A way to a module, as a link in a chain that ends at the module where the walk began. */
interface Way {
  readonly module: number;
  readonly before: Way | undefined;
}

/**
 * kmod's report.
 *
 * @returns undefined where kmod does not come to an end, or only after very many steps
 */
export function cyclesLikeKmod(
  { starts, targets }: DependencyEdges,
  unordered: readonly number[],
): CycleReport | undefined {
  const roots = new RootRing(unordered);
  const visited = new Set<number>();
  const members = new Set<number>();
  const cycles: (readonly number[])[] = [];
  let steps = 0;
  for (let root = roots.takeHead(); root !== undefined; root = roots.takeHead()) {
    const stack: Way[] = [{ module: root, before: undefined }];
    for (let way = stack.pop(); way !== undefined; way = stack.pop()) {
      if (++steps > MAX_STEPS) return undefined;
      const { module } = way;
      if (module === root && visited.has(module)) {
        const cycle = modulesOn(way);
        steps += cycle.length;
        cycles.push(cycle);
        for (const member of cycle.slice(0, -1)) {
          members.add(member);
          roots.remove(member);
        }
        continue;
      }
      visited.add(module);
      const start = starts[module] ?? 0;
      const end = starts[module + 1] ?? 0;
      if (start === end) roots.remove(module);
      for (let edge = start; edge < end; edge++) {
        if (stack.length >= unordered.length) return undefined;
        stack.push({ module: targets[edge] ?? 0, before: way });
      }
    }
  }
  return { cycles, moduleCount: members.size };
}

function modulesOn(way: Way): readonly number[] {
  const modules: number[] = [];
  for (let link: Way | undefined = way; link !== undefined; link = link.before) modules.push(link.module);
  return modules.toReversed();
}

/** The modules still to begin with, in a ring. What follows the one removed last is the next to be taken. */
class RootRing {
  readonly #next = new Map<number, number>();
  readonly #previous = new Map<number, number>();
  #head: number | undefined;

  constructor(modules: readonly number[]) {
    this.#head = modules[0];
    for (const [index, module] of modules.entries()) {
      const next = modules[(index + 1) % modules.length] ?? module;
      this.#next.set(module, next);
      this.#previous.set(next, module);
    }
  }

  takeHead(): number | undefined {
    const head = this.#head;
    if (head !== undefined) this.remove(head);
    return head;
  }

  remove(module: number): void {
    const next = this.#next.get(module);
    const previous = this.#previous.get(module);
    if (next === undefined || previous === undefined) return;
    this.#next.delete(module);
    this.#previous.delete(module);
    if (next === module) {
      this.#head = undefined;
      return;
    }
    this.#next.set(previous, next);
    this.#previous.set(next, previous);
    this.#head = next;
  }
}
