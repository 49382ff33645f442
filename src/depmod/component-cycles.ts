import type { CycleReport } from './dependency-cycles.ts';
import type { DependencyEdges } from './dependency-edges.ts';

/** Circles that are reported at most; a search through the whole group is made for each. */
const MAX_CYCLES = 100;

/**
 * The circles among some modules: in each group of modules that all need each other, the shortest one through its first
 * module, then the shortest one through the first module that was on none, until all are covered or 100 are found.
 */
export function componentCycles(edges: DependencyEdges, modules: readonly number[]): CycleReport {
  const components = cyclicComponents(edges, modules);
  const cycles: (readonly number[])[] = [];
  let moduleCount = 0;
  for (const component of components) {
    moduleCount += component.size;
    const covered = new Set<number>();
    for (const module of component) {
      if (cycles.length >= MAX_CYCLES) break;
      if (covered.has(module)) continue;
      const cycle = shortestCycle(edges, component, module);
      for (const member of cycle) covered.add(member);
      cycles.push(cycle);
    }
  }
  return { cycles, moduleCount };
}

/** The shortest way from a module back to itself within its group. */
function shortestCycle(
  { starts, targets }: DependencyEdges,
  component: ReadonlySet<number>,
  start: number,
): readonly number[] {
  const before = new Map<number, number>();
  const queue = [start];
  for (const module of queue) {
    const end = starts[module + 1] ?? 0;
    for (let edge = starts[module] ?? 0; edge < end; edge++) {
      const target = targets[edge] ?? 0;
      if (target === start) return wayBack(start, module, before);
      if (!component.has(target) || before.has(target)) continue;
      before.set(target, module);
      queue.push(target);
    }
  }
  return [start];
}

function wayBack(start: number, last: number, before: ReadonlyMap<number, number>): readonly number[] {
  const way = [start];
  for (let module = last; module !== start; module = before.get(module) ?? start) way.push(module);
  way.push(start);
  return way.toReversed();
}

/**
 * Tarjan's strongly connected components without recursion; only those with a circle, their modules ascending, ordered
 * by their first.
 */
function cyclicComponents(
  { starts, targets }: DependencyEdges,
  modules: readonly number[],
): readonly ReadonlySet<number>[] {
  const numbers = new Map<number, number>();
  const lowest = new Map<number, number>();
  const nextEdge = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const components: number[][] = [];
  const enter = (module: number, path: number[]): void => {
    numbers.set(module, numbers.size);
    lowest.set(module, numbers.size - 1);
    nextEdge.set(module, starts[module] ?? 0);
    open.push(module);
    isOpen.add(module);
    path.push(module);
  };
  const lower = (module: number, number: number): void => {
    lowest.set(module, Math.min(lowest.get(module) ?? 0, number));
  };
  for (const root of modules) {
    if (numbers.has(root)) continue;
    const path: number[] = [];
    enter(root, path);
    for (let module = path.at(-1); module !== undefined; module = path.at(-1)) {
      const edge = nextEdge.get(module) ?? 0;
      if (edge < (starts[module + 1] ?? 0)) {
        nextEdge.set(module, edge + 1);
        const target = targets[edge] ?? 0;
        if (!numbers.has(target)) enter(target, path);
        else if (isOpen.has(target)) lower(module, numbers.get(target) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent, lowest.get(module) ?? 0);
      if (lowest.get(module) === numbers.get(module)) {
        const component = open.splice(open.lastIndexOf(module));
        for (const member of component) isOpen.delete(member);
        components.push(component.toSorted((a, b) => a - b));
      }
    }
  }
  const needsItself = (module: number): boolean =>
    targets.subarray(starts[module], starts[module + 1]).includes(module);
  return components
    .filter(([first = 0, ...others]) => others.length > 0 || needsItself(first))
    .toSorted(([a = 0], [b = 0]) => a - b)
    .map((component) => new Set(component));
}
