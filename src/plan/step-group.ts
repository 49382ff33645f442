import type { LoadPlan, LoadStep, StepGroup, UnloadPlan, UnloadStep } from './plan.ts';

/** The steps of a plan that will be done if each of them succeeds: of alternatives the first. */
export function expectedSteps(plan: LoadPlan): readonly LoadStep[];
export function expectedSteps(plan: UnloadPlan): readonly UnloadStep[];
export function expectedSteps(plan: LoadPlan | UnloadPlan): readonly (LoadStep | UnloadStep)[];
export function expectedSteps({ steps, course }: LoadPlan | UnloadPlan): readonly (LoadStep | UnloadStep)[] {
  if (course === undefined) return steps;
  return positions(course).flatMap((position) => steps[position] ?? []);
}

function positions({ kind, members }: StepGroup): readonly number[] {
  const taken = kind === 'first' ? members.slice(0, 1) : members;
  return taken.flatMap((member) => (typeof member === 'number' ? member : positions(member)));
}
