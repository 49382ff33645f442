import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { O_NONBLOCK, O_TRUNC } from '../native/module-flags.ts';
import type { DeleteStep, UnloadPlan, UnloadStep } from '../plan/plan.ts';
import { AbortedRun, checkSignal } from './aborted-run.ts';
import { runCommandStep } from './command-step.ts';
import type { Run } from './effect.ts';
import { optionalFailure } from './optional-failure.ts';
import { abortFailure, obstacleFailure, type Progress, stepFailure } from './plan-failure.ts';
import { type StepEvent, stepResult, type StepOutcome, type StepResult } from './step-result.ts';

/** How to run an unload. */
export interface UnloadRunOptions {
  /** /proc and /sys of the kernel. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Looked at between two steps; a call in flight cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step as it begins and ends. What it throws ends the run. */
  readonly onStep?: ((event: StepEvent<UnloadStep>) => void) | undefined;
  /** A module that someone else unloaded meanwhile is an error, when it was asked for. Default true. */
  readonly firstTime?: boolean | undefined;
}

/** What a module answers that is in use, or that someone else is unloading. */
const STAYS = new Set(['EAGAIN', 'EBUSY']);

/**
 * Runs an unload plan, one step after the other. What was unloaded stays so when a later step fails. Only the modules
 * asked for have to go: the failure of another one is kept in its result.
 *
 * @throws PlanFailure with the code of the first obstacle, before anything is done; `ERR_KMOD_UNLOAD_FAILED` with the
 *   refusal as its cause; `ERR_KMOD_ABORTED`
 */
export function* unloadRun(plan: UnloadPlan, options: UnloadRunOptions = {}): Run<readonly StepResult[]> {
  const obstacle = obstacleFailure(plan);
  if (obstacle !== undefined) throw obstacle;
  const completedSteps: StepResult[] = [];
  const progress = (failedStep: UnloadStep | null): Progress => ({
    completedSteps,
    failedStep,
    rolledBack: [],
    notRolledBack: [],
    holders: [],
  });
  const total = plan.steps.length;
  for (const [index, step] of plan.steps.entries()) {
    try {
      checkSignal(options.signal);
    } catch (error) {
      throw error instanceof AbortedRun ? abortFailure(error.reason, progress(null)) : error;
    }
    options.onStep?.({ phase: 'start', step, index, total });
    const started = performance.now();
    let outcome: StepOutcome;
    let failure: Error | undefined;
    try {
      outcome = yield* perform(step, options.firstTime !== false);
    } catch (error) {
      failure = optionalFailure(step, error);
      if (failure === undefined) {
        const reason = error instanceof Error ? error.message : String(error);
        const text = `Unloading ${step.module} failed: ${reason}`;
        throw stepFailure('ERR_KMOD_UNLOAD_FAILED', text, error, progress(step));
      }
      outcome = 'failed-optional';
    }
    const result = stepResult(step, {
      outcome,
      state: moduleState(step.module, options.kernel) ?? null,
      durationMs: performance.now() - started,
      error: failure ?? null,
    });
    completedSteps.push(result);
    options.onStep?.({ phase: 'done', step, index, total, result });
  }
  return completedSteps;
}

function* perform(step: UnloadStep, firstTime: boolean): Run<StepOutcome> {
  if (step.action === 'delete') return yield* deleteModule(step, firstTime);
  yield* runCommandStep(step);
  return 'command-run';
}

function* deleteModule({ module, force, required }: DeleteStep, firstTime: boolean): Run<StepOutcome> {
  const flags = force ? O_NONBLOCK | O_TRUNC : O_NONBLOCK;
  try {
    yield {
      kind: 'call',
      invoke: (calls) => calls.deleteModule(module, flags),
      invokeSync: (calls) => calls.deleteModuleSync(module, flags),
    };
    return 'unloaded';
  } catch (error) {
    if (!(error instanceof ModuleSystemError)) throw error;
    if (error.code === 'ENOENT' && !(required && firstTime)) return 'already-unloaded';
    if (!required && STAYS.has(error.code)) return 'kept';
    throw error;
  }
}
