import type { StepGroup } from '../plan/plan.ts';
import type { Run } from './effect.ts';

/** What a course is run with. */
export interface CourseActions {
  /** Does a step, by its position; answers whether it succeeded, or throws where that ends the run. */
  readonly perform: (position: number) => Run<boolean>;
  /** Whether what a group is for is there already. */
  readonly isDone: (module: string) => boolean;
  /** A state that {@link CourseActions.undo} leads back to. */
  readonly mark: () => number;
  /** Undoes what was done since a mark. */
  readonly undo: (mark: number) => Run<void>;
}

/** Runs steps as their groups want it. Answers whether the group has succeeded. */
export function* runCourse(group: StepGroup, actions: CourseActions): Run<boolean> {
  const { kind, module, members } = group;
  if (module !== null && actions.isDone(module)) return true;
  const mark = actions.mark();
  let isDone = kind === 'all';
  for (const member of members) {
    const isStep = typeof member === 'number';
    const hasSucceeded = isStep ? yield* actions.perform(member) : yield* runCourse(member, actions);
    if (kind !== 'all') isDone ||= hasSucceeded;
    else if (!hasSucceeded && (isStep || member.essential)) isDone = false;
    if (kind === 'any' ? false : kind === 'first' ? isDone : !isDone) break;
  }
  if (!isDone) yield* actions.undo(mark);
  return isDone;
}
