import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import {
  MODULE_INIT_IGNORE_MODVERSIONS,
  MODULE_INIT_IGNORE_VERMAGIC,
  O_NONBLOCK,
} from '../native/module-flags.ts';
import type { CommandStep, InsertStep, LoadPlan, LoadStep } from '../plan/plan.ts';
import { AbortedRun, checkSignal } from './aborted-run.ts';
import { type AlternativesFailure, alternativesFailure } from './alternatives.ts';
import { runCommandStep } from './command-step.ts';
import type { Run } from './effect.ts';
import { insertModule } from './insert-step.ts';
import { optionalFailure, toleratedFailure } from './optional-failure.ts';
import {
  abortFailure,
  type FailedRollback,
  obstacleFailure,
  type Progress,
  stepFailure,
} from './plan-failure.ts';
import { type StepEvent, stepResult, type StepOutcome, type StepResult } from './step-result.ts';

/** How to run a load. */
export interface LoadRunOptions {
  /** /proc and /sys of the kernel. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Looked at between two steps; a call in flight cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step as it begins and ends. What it throws ends the run. */
  readonly onStep?: ((event: StepEvent<LoadStep>) => void) | undefined;
  /** Whether a failed load unloads what it had loaded. Default true. */
  readonly rollback?: boolean | undefined;
  /** A module that someone else loaded meanwhile is an error, when it was asked for. Default false. */
  readonly firstTime?: boolean | undefined;
  readonly forceVermagic?: boolean | undefined;
  readonly forceModversion?: boolean | undefined;
  /** How long to retry while the same module comes or goes by someone else's doing, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
}

/**
 * Runs a load plan, one step after the other. When a required step fails, the run is aborted or `onStep` throws, what
 * this run loaded is unloaded again in reverse order, and nothing else. The failure of a step that is not required is
 * kept in its result.
 *
 * @throws PlanFailure with the code of the first obstacle, before anything is done; `ERR_KMOD_LOAD_FAILED` with the
 *   refusal as its cause; `ERR_KMOD_ABORTED`
 */
export function* loadRun(plan: LoadPlan, options: LoadRunOptions = {}): Run<readonly StepResult[]> {
  const obstacle = obstacleFailure(plan);
  if (obstacle !== undefined) throw obstacle;
  const run = new LoadProgress(plan, options);
  const total = plan.steps.length;
  for (const [index, step] of plan.steps.entries()) {
    run.failedStep = null;
    try {
      checkSignal(options.signal);
      run.failedStep = step;
      options.onStep?.({ phase: 'start', step, index, total });
      const result = yield* run.perform(step);
      run.completedSteps.push(result);
      options.onStep?.({ phase: 'done', step, index, total, result });
    } catch (error) {
      if (options.rollback !== false) yield* run.rollBack();
      throw run.failure(error);
    }
  }
  const failure = alternativesFailure(plan, run.completedSteps);
  if (failure !== undefined) {
    if (options.rollback !== false) yield* run.rollBack();
    throw run.alternativesFailure(failure);
  }
  return run.completedSteps;
}

class LoadProgress implements Progress {
  readonly completedSteps: StepResult[] = [];
  failedStep: LoadStep | null = null;
  readonly rolledBack: string[] = [];
  readonly notRolledBack: FailedRollback[] = [];
  readonly holders: readonly string[] = [];
  readonly #plan: LoadPlan;
  readonly #options: LoadRunOptions;
  #refusal: unknown;

  constructor(plan: LoadPlan, options: LoadRunOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  *perform(step: LoadStep): Run<StepResult> {
    const started = performance.now();
    let outcome: StepOutcome;
    let failure: Error | undefined;
    if (step.action === 'insert' || step.action === 'command') {
      try {
        failure = toleratedFailure(this.#plan, step);
        outcome = failure === undefined ? yield* this.#act(step) : 'failed-optional';
      } catch (error) {
        failure = optionalFailure(step, error);
        if (failure === undefined) {
          this.#refusal = error;
          throw error;
        }
        outcome = 'failed-optional';
      }
    } else {
      outcome = step.action === 'skip-builtin' ? 'builtin' : 'already-loaded';
    }
    return stepResult(step, {
      outcome,
      durationMs: performance.now() - started,
      state: moduleState(step.module, this.#kernel) ?? null,
      error: failure ?? null,
    });
  }

  *#act(step: InsertStep | CommandStep): Run<StepOutcome> {
    if (step.action === 'insert') return yield* this.#insert(step);
    yield* runCommandStep(step);
    return 'command-run';
  }

  *#insert(step: InsertStep): Run<'loaded' | 'already-loaded'> {
    return yield* insertModule(step, {
      kernel: this.#kernel,
      flags: this.#flags,
      busyTimeoutMs: this.#options.busyTimeoutMs ?? 5000,
      firstTime: this.#options.firstTime === true && step.because.kind === 'asked',
      checkSignal: () => checkSignal(this.#options.signal),
    });
  }

  *rollBack(): Run<void> {
    for (const { module, outcome } of this.completedSteps.toReversed()) {
      if (outcome !== 'loaded') continue;
      try {
        yield {
          kind: 'call',
          invoke: (calls) => calls.deleteModule(module, O_NONBLOCK),
          invokeSync: (calls) => calls.deleteModuleSync(module, O_NONBLOCK),
        };
        this.rolledBack.push(module);
      } catch (cause) {
        this.notRolledBack.push({ module, cause });
      }
    }
  }

  /** What to throw for an error; one that is not the step's own, but from `onStep`, is left as it is. */
  failure(error: unknown): unknown {
    if (error instanceof AbortedRun) return abortFailure(error.reason, this.#snapshot());
    if (error !== this.#refusal || error === undefined) return error;
    return stepFailure('ERR_KMOD_LOAD_FAILED', this.#failureText(error), error, this.#snapshot());
  }

  /** What to throw when of the modules of an alias none came in. */
  alternativesFailure({ step, error, text }: AlternativesFailure): unknown {
    this.failedStep = step;
    return stepFailure('ERR_KMOD_LOAD_FAILED', text + this.#rollbackText(), error, this.#snapshot());
  }

  #failureText(error: unknown): string {
    const step = this.failedStep;
    const subject =
      step?.because.kind === 'dependency'
        ? `${step.because.of} failed at its dependency ${step.module}`
        : `${step?.module} failed`;
    const reason = error instanceof Error ? error.message : String(error);
    return `Loading ${subject}: ${reason}${this.#rollbackText()}`;
  }

  #rollbackText(): string {
    const undone = this.rolledBack.length > 0 ? `\nUnloaded again: ${this.rolledBack.join(' ')}` : '';
    const left = this.notRolledBack.map(({ module }) => module).join(' ');
    return left === '' ? undone : `${undone}\nCould not be unloaded again: ${left}`;
  }

  #snapshot(): Progress {
    const { completedSteps, failedStep, rolledBack, notRolledBack, holders } = this;
    return { completedSteps, failedStep, rolledBack, notRolledBack, holders };
  }

  get #kernel(): KernelLocation {
    return this.#options.kernel ?? {};
  }

  get #flags(): number {
    return (
      (this.#options.forceVermagic === true ? MODULE_INIT_IGNORE_VERMAGIC : 0) |
      (this.#options.forceModversion === true ? MODULE_INIT_IGNORE_MODVERSIONS : 0)
    );
  }
}
