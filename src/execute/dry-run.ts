import type { UnloadStep, LoadPlan, LoadStep, UnloadPlan } from '../plan/plan.ts';
import { expectedSteps } from '../plan/step-group.ts';
import type { Run } from './effect.ts';
import { obstacleFailure } from './plan-failure.ts';
import { stepResult, type StepOutcome, type StepResult } from './step-result.ts';

/**
 * Goes through a plan without a call.
 *
 * @throws PlanFailure with the code of the first obstacle
 */
export function* dryRun(plan: LoadPlan | UnloadPlan): Run<readonly StepResult[]> {
  const obstacle = obstacleFailure(plan);
  if (obstacle !== undefined) throw obstacle;
  yield* [];
  const expected = new Set(expectedSteps(plan));
  return plan.steps.map((step: LoadStep | UnloadStep) => {
    const outcome = expected.has(step) ? plannedOutcome(step) : 'not-needed';
    return stepResult(step, { outcome, state: null, durationMs: 0 });
  });
}

function plannedOutcome({ action }: LoadStep | UnloadStep): StepOutcome {
  if (action === 'skip-builtin') return 'builtin';
  return action === 'skip-loaded' ? 'already-loaded' : 'planned';
}
