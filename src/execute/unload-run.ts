import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import type { UnloadPlan, UnloadStep } from '../plan/plan.ts';
import { AbortedRun, checkSignal } from './aborted-run.ts';
import { runCommandStep } from './command-step.ts';
import { deleteModule } from './delete-step.ts';
import type { Run } from './effect.ts';
import { ModuleLocks } from './module-locks.ts';
import { optionalFailure } from './optional-failure.ts';
import { abortFailure, obstacleFailure, type Progress, stepFailure } from './plan-failure.ts';
import { type StepEvent, stepResult, type StepOutcome, type StepResult } from './step-result.ts';
import { runCourse } from './step-course.ts';
import { explainRefusal } from './unload-refusal.ts';

/** How to run an unload. */
export interface UnloadRunOptions {
  /** /proc and /sys of the kernel. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Looked at between two steps and while waiting; a call in flight cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step as it begins and ends. What it throws ends the run. */
  readonly onStep?: ((event: StepEvent<UnloadStep>) => void) | undefined;
  /** A module that someone else unloaded meanwhile is an error, when it was asked for. Default true. */
  readonly firstTime?: boolean | undefined;
  /**
   * How long to try again while a module that has to go is in use, or comes or goes by someone else's doing, in
   * milliseconds, for each of them. Default 0: once.
   */
  readonly waitMs?: number | undefined;
  /** How long to wait for loads by this package that rely on the same modules, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Whether to keep out of the way of other loads and unloads by this package. Default true. */
  readonly lock?: boolean | undefined;
  /** A command that a signal ended counts as one that succeeded, as with kmod. Default false. */
  readonly compat?: boolean | undefined;
  /** Whether the time to wait is for soft dependencies and unused dependencies too, as with kmod. Default false. */
  readonly waitForAll?: boolean | undefined;
}

/** What a module answers that is in use, or that someone else is unloading. */
const STAYS = new Set(['EAGAIN', 'EBUSY']);

/**
 * Runs an unload plan, one step after the other. What was unloaded stays so when a later step fails. Only the modules
 * asked for, and their holders if these are to go, have to: the failure of another one is kept in its result.
 *
 * @throws PlanFailure with the code of the first obstacle, before anything is done; with the refusal as its cause
 *   `ERR_KMOD_IN_USE` (with `holders`), `ERR_KMOD_PERMANENT`, `ERR_KMOD_NO_UNLOAD_SUPPORT`, otherwise
 *   `ERR_KMOD_UNLOAD_FAILED`; `ERR_KMOD_ABORTED`
 */
export function* unloadRun(plan: UnloadPlan, options: UnloadRunOptions = {}): Run<readonly StepResult[]> {
  const obstacle = obstacleFailure(plan);
  if (obstacle !== undefined) throw obstacle;
  return yield* runUnloadSteps(plan, options);
}

/** {@link unloadRun} whatever the obstacles. */
export function* runUnloadSteps(
  plan: Pick<UnloadPlan, 'steps' | 'course'>,
  options: UnloadRunOptions = {},
): Run<readonly StepResult[]> {
  const locks = options.lock === false ? undefined : ModuleLocks.open(options.kernel ?? {});
  try {
    return yield* runLocked(plan, { ...options, locks });
  } finally {
    locks?.close();
  }
}

/** What steps are run with. */
interface UnloadContext extends UnloadRunOptions {
  readonly locks: ModuleLocks | undefined;
}

function* runLocked(
  { steps, course }: Pick<UnloadPlan, 'steps' | 'course'>,
  context: UnloadContext,
): Run<readonly StepResult[]> {
  const results = new Map<number, StepResult>();
  const completedSteps = (): readonly StepResult[] =>
    [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
  const performStep = function* (index: number): Run<boolean> {
    const step = steps[index];
    let begun: UnloadStep | null = null;
    try {
      checkSignal(context.signal);
      if (step === undefined) return true;
      begun = step;
      context.onStep?.({ phase: 'start', step, index, total: steps.length });
      const result = yield* runStep(step, context);
      results.set(index, result);
      context.onStep?.({ phase: 'done', step, index, total: steps.length, result });
      return result.outcome !== 'failed-optional' && result.outcome !== 'kept';
    } catch (error) {
      throw runFailure(error, completedSteps(), begun, context);
    }
  };
  if (course === undefined) {
    for (const index of steps.keys()) yield* performStep(index);
    return completedSteps();
  }
  yield* runCourse(course, {
    perform: performStep,
    isDone: (module) => moduleState(module, context.kernel) === undefined,
    mark: () => 0,
    // What is gone stays gone.
    undo: function* () {
      yield* [];
    },
  });
  for (const [index, step] of steps.entries())
    if (!results.has(index)) {
      const state = moduleState(step.module, context.kernel) ?? null;
      results.set(index, stepResult(step, { outcome: 'not-needed', state, durationMs: 0 }));
    }
  return completedSteps();
}

/** Thrown inside a run when a step that is required fails, to tell it from what `onStep` throws. */
class RefusedStep extends Error {}

function* runStep(step: UnloadStep, context: UnloadContext): Run<StepResult> {
  const started = performance.now();
  let outcome: StepOutcome;
  let failure: Error | undefined;
  try {
    outcome = yield* perform(step, context);
  } catch (error) {
    if (error instanceof AbortedRun) throw error;
    failure = optionalFailure(step, error);
    if (failure === undefined) throw new RefusedStep('', { cause: error });
    const stays = step.action === 'delete' && failure instanceof ModuleSystemError && STAYS.has(failure.code);
    outcome = stays ? 'kept' : 'failed-optional';
  }
  return stepResult(step, {
    outcome,
    state: moduleState(step.module, context.kernel) ?? null,
    durationMs: performance.now() - started,
    error: failure ?? null,
  });
}

function* perform(step: UnloadStep, context: UnloadContext): Run<StepOutcome> {
  const { locks, kernel = {}, busyTimeoutMs = 5000, waitMs = 0, signal } = context;
  if (step.action === 'command') {
    // It may call programs that wait for these modules.
    locks?.release();
    yield* runCommandStep(step, context.compat === true);
    return 'command-run';
  }
  const { module, required } = step;
  // A load that relies on the module comes to its end first. One that cannot be waited for is the kernel's to judge.
  locks?.announce([module]);
  const isAlone = locks === undefined || (yield* locks.own(module, busyTimeoutMs, () => checkSignal(signal)));
  if (!required && locks !== undefined && (!isAlone || locks.isClaimed(module))) return 'kept';
  return yield* deleteModule(step, {
    kernel,
    waitMs: required || context.waitForAll === true ? waitMs : 0,
    firstTime: required && context.firstTime !== false,
    signal,
    checkSignal: () => checkSignal(signal),
  });
}

function runFailure(
  error: unknown,
  completedSteps: readonly StepResult[],
  failedStep: UnloadStep | null,
  { kernel, waitMs = 0 }: UnloadRunOptions,
): unknown {
  const progress: Progress = { completedSteps, failedStep, rolledBack: [], notRolledBack: [], holders: [] };
  if (error instanceof AbortedRun) return abortFailure(error.reason, progress);
  if (!(error instanceof RefusedStep) || failedStep === null) return error;
  const { cause } = error;
  const { code, reason, holders } = explainRefusal(failedStep.module, cause, kernel);
  const words = cause instanceof Error ? cause.message : String(cause);
  const waited = code === 'ERR_KMOD_IN_USE' && waitMs > 0 ? ` (tried for ${waitMs} ms)` : '';
  const text = `Unloading ${failedStep.module} failed: ${words}${waited}${reason && `\n${reason}`}`;
  return stepFailure(code, text, cause, { ...progress, holders });
}
