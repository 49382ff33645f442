import { isByLine, type LoadStep } from '../plan/plan.ts';

/** All modules that a module needs, directly or not; undefined where nobody knows. */
export type DependenciesOf = (module: string) => readonly string[] | undefined;

/**
 * For each step the positions of those that have to be done before it, so that what is left may go on side by side: a
 * module waits for the modules that it needs. What the configuration puts in an order stays in it: a command, a soft
 * dependency and a module of which nothing is known wait for all steps before them, and all steps behind wait for them.
 */
export function stepOrder(
  steps: readonly LoadStep[],
  dependenciesOf: DependenciesOf,
): readonly (readonly number[])[] {
  const places = new Map<string, number>();
  let barrier = -1;
  return steps.map((step, position) => {
    const needed =
      step.action === 'insert' && !isByLine(step.because) ? dependenciesOf(step.module) : undefined;
    const isFree = needed !== undefined || step.action === 'skip-builtin' || step.action === 'skip-loaded';
    const before = isFree
      ? (needed ?? []).flatMap((module) => places.get(module) ?? [])
      : Array.from({ length: position }, (_, other) => other);
    const after = barrier === -1 || before.includes(barrier) ? before : [...before, barrier];
    if (!isFree) barrier = position;
    places.set(step.module, position);
    return after;
  });
}
