import type { LoadPlan } from '../plan/plan.ts';
import { endCheck } from './aborted-run.ts';
import type { Run } from './effect.ts';
import type { LoadRunOptions } from './load-options.ts';
import { LoadProgress } from './load-progress.ts';
import { ModuleLocks } from './module-locks.ts';
import { OwnerWatch } from './owner-watch.ts';
import { obstacleFailure } from './plan-failure.ts';
import type { StepResult } from './step-result.ts';

/**
 * Runs a load plan. When a required step fails, the run is aborted or `onStep` throws, what this run loaded is unloaded
 * again in reverse order, and nothing else. The failure of a step that is not required is kept in its result.
 *
 * @returns a result for each step, in the plan's order
 * @throws PlanFailure with the code of the first obstacle, before anything is done; `ERR_KMOD_LOAD_FAILED` with the
 *   refusal as its cause; `ERR_KMOD_ABORTED`; KmodError `ERR_KMOD_OWNER` for a file of the configuration
 */
export function* loadRun(plan: LoadPlan, options: LoadRunOptions = {}): Run<readonly StepResult[]> {
  const obstacle = obstacleFailure(plan);
  if (obstacle !== undefined) throw obstacle;
  const kernel = options.kernel ?? {};
  const busyTimeoutMs = options.busyTimeoutMs ?? 5000;
  const owners = new OwnerWatch(
    options.compat === true ? (options.checkOwner ?? 'off') : options.checkOwner,
    options.onOwnerFinding,
  );
  owners.checkConfiguration(plan);
  const progress = new LoadProgress({
    ...options,
    kernel,
    busyTimeoutMs,
    owners,
    locks: options.lock === false ? undefined : ModuleLocks.open(kernel),
    checkEnd: endCheck(options.signal, options.deadlineMs),
  });
  try {
    return yield* performPlan(plan, progress, options);
  } catch (error) {
    if (options.rollback ?? options.compat !== true) yield* progress.rollBack();
    throw progress.failure(error);
  } finally {
    progress.close();
  }
}

function* performPlan(
  first: LoadPlan,
  progress: LoadProgress,
  { busyTimeoutMs = 5000, replan }: LoadRunOptions,
): Run<readonly StepResult[]> {
  let deadline: number | undefined;
  for (let plan = first; ;) {
    try {
      yield* progress.perform(plan);
      return progress.commit();
    } catch (error) {
      if (replan === undefined || !progress.isOvertaken(error)) throw error;
      deadline ??= performance.now() + busyTimeoutMs;
      if (performance.now() > deadline) throw error;
    }
    plan = replan();
    const obstacle = obstacleFailure(plan);
    if (obstacle !== undefined) throw obstacle;
  }
}
