import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleInstance, moduleState } from '../kernel/module-state.ts';
import { MODULE_INIT_IGNORE_MODVERSIONS, MODULE_INIT_IGNORE_VERMAGIC } from '../native/module-flags.ts';
import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import { AbortedRun } from './aborted-run.ts';
import { type AlternativesFailure, alternativesFailure } from './alternatives.ts';
import { markAutoclean } from './autoclean-marks.ts';
import { runCommandStep } from './command-step.ts';
import type { Run } from './effect.ts';
import { insertModule } from './insert-step.ts';
import type { LoadRunOptions } from './load-options.ts';
import type { ModuleLocks } from './module-locks.ts';
import { optionalFailure, toleratedFailure } from './optional-failure.ts';
import type { OwnerWatch } from './owner-watch.ts';
import {
  abortFailure,
  type FailedRollback,
  loadFailureText,
  type Progress,
  rollbackText,
  stepFailure,
} from './plan-failure.ts';
import { type LoadedModuleRecord, rollBack } from './rollback.ts';
import { stepOrder } from './step-order.ts';
import { type StepResult, stepResult } from './step-result.ts';

/** What a load works with. */
export interface LoadContext extends LoadRunOptions {
  readonly kernel: KernelLocation;
  readonly busyTimeoutMs: number;
  readonly owners: OwnerWatch;
  readonly locks: ModuleLocks | undefined;
  /** Throws AbortedRun when the run is to end. */
  readonly checkEnd: () => void;
}

/** What became of a step, before it is put into words. */
type Outcome = Pick<StepResult, 'outcome'> & { readonly name?: string; readonly call?: StepResult['call'] };

/** Who brought a module of the plan in, and which load of it that was. */
interface Present extends LoadedModuleRecord {
  readonly result: StepResult;
}

/** A load under way: performs steps and keeps the journal by which they are undone. */
export class LoadProgress {
  readonly #context: LoadContext;
  /** What this run brought in, the oldest first. */
  readonly #journal: LoadedModuleRecord[] = [];
  /** What is done, by module. */
  readonly #done = new Map<string, Present>();
  readonly #refusals = new Map<unknown, LoadStep>();
  #plan: LoadPlan | undefined;
  #alternatives: AlternativesFailure | undefined;
  #rolledBack: readonly string[] = [];
  #notRolledBack: readonly FailedRollback[] = [];

  constructor(context: LoadContext) {
    this.#context = context;
  }

  /** Performs the steps of a plan; those that another plan had already, and that still hold, are left out. */
  *perform(plan: LoadPlan): Run<void> {
    this.#plan = plan;
    const { steps } = plan;
    yield* this.#share();
    const { jobs = 1, dependenciesOf } = this.#context;
    if (jobs <= 1 || dependenciesOf === undefined || steps.length < 2) {
      for (const index of steps.keys()) yield* this.#performStep(index);
      return;
    }
    const order = stepOrder(steps, dependenciesOf);
    const tasks = steps.map((_, index) => ({
      after: order[index] ?? [],
      run: () => this.#performStep(index),
    }));
    yield { kind: 'tasks', tasks, jobs };
  }

  /**
   * Ends a run that has succeeded, and lets other runs know what it relies on.
   *
   * @throws Error of the first module of an alias none of whose modules came in
   */
  commit(): readonly StepResult[] {
    const plan = this.#plan;
    this.#alternatives = plan && alternativesFailure(plan, this.#results());
    if (this.#alternatives !== undefined) {
      this.#refusals.set(this.#alternatives.error, this.#alternatives.step);
      throw this.#alternatives.error;
    }
    const { locks, autoclean = false } = this.#context;
    if (autoclean) this.#markLoaded();
    if (locks !== undefined)
      for (const { name, result } of this.#done.values())
        if (result.outcome === 'loaded' || result.outcome === 'already-loaded') locks.claim(name);
    return this.#results();
  }

  #markLoaded(): void {
    try {
      markAutoclean(
        this.#journal.map(({ name }) => name),
        this.#context.kernel,
      );
    } catch {
      // Without a mark a module stays: nothing is lost.
    }
  }

  close(): void {
    this.#context.locks?.close();
  }

  *rollBack(): Run<void> {
    const { kernel, locks, busyTimeoutMs } = this.#context;
    const result = yield* rollBack(this.#journal, kernel, locks, busyTimeoutMs);
    this.#rolledBack = result.rolledBack;
    this.#notRolledBack = result.notRolledBack;
  }

  /** Whether a step failed only because another program has unloaded what it needs. */
  isOvertaken(error: unknown): boolean {
    if (!this.#refusals.has(error) || !(error instanceof ModuleSystemError) || error.code !== 'ENOENT')
      return false;
    const { kernel } = this.#context;
    return [...this.#done.values()].some(
      ({ name, instance, result }) =>
        (result.outcome === 'loaded' || result.outcome === 'already-loaded') &&
        (instance === undefined || moduleInstance(name, kernel) !== instance),
    );
  }

  /** What to throw for an error; one that is not a step's own, but from `onStep`, is left as it is. */
  failure(error: unknown): unknown {
    if (error instanceof AbortedRun) return abortFailure(error.reason, this.#snapshot(null));
    const step = this.#refusals.get(error);
    if (step === undefined) return error;
    const progress = this.#snapshot(step);
    const text = this.#alternatives?.text ?? loadFailureText(step, error);
    return stepFailure('ERR_KMOD_LOAD_FAILED', text + rollbackText(progress), error, progress);
  }

  *#performStep(index: number): Run<void> {
    const { checkEnd, onStep, kernel } = this.#context;
    const plan = this.#plan;
    const step = plan?.steps[index];
    if (plan === undefined || step === undefined || this.#holds(step)) return;
    checkEnd();
    const total = plan.steps.length;
    onStep?.({ phase: 'start', step, index, total });
    const started = performance.now();
    let facts: Outcome;
    let failure: Error | undefined;
    try {
      failure = toleratedFailure(plan, step);
      facts = failure === undefined ? yield* this.#act(step) : { outcome: 'failed-optional' };
    } catch (error) {
      failure = optionalFailure(step, error);
      if (failure === undefined) {
        if (!(error instanceof AbortedRun)) this.#refusals.set(error, step);
        throw error;
      }
      facts = { outcome: 'failed-optional' };
    }
    const { outcome, name = step.module, call } = facts;
    const instance = moduleInstance(name, kernel);
    // At once: what follows may throw.
    if (outcome === 'loaded') this.#journal.push({ name, instance });
    const durationMs = performance.now() - started;
    const state = moduleState(name, kernel) ?? null;
    const outcomes = { outcome, durationMs, state, error: failure ?? null, ...(call != null && { call }) };
    const result = stepResult(step, outcomes);
    this.#done.set(step.module, { name, instance, result });
    onStep?.({ phase: 'done', step, index, total, result });
  }

  *#act(step: LoadStep): Run<Outcome> {
    switch (step.action) {
      case 'insert':
        return yield* insertModule(step, {
          kernel: this.#context.kernel,
          flags: this.#flags,
          compat: this.#context.compat === true,
          busyTimeoutMs: this.#context.busyTimeoutMs,
          firstTime: this.#context.firstTime === true && step.because.kind === 'asked',
          checkEnd: this.#context.checkEnd,
          checkFile: (file) => this.#context.owners.checkModule(file, step.module),
          isContended: () => this.#context.locks?.isContended(step.module) === true,
        });
      case 'command':
        // It may call programs that wait for these modules.
        this.#context.locks?.release();
        yield* runCommandStep(step, this.#context.compat === true);
        yield* this.#share();
        return { outcome: 'command-run' };
      default:
        return { outcome: step.action === 'skip-builtin' ? 'builtin' : 'already-loaded' };
    }
  }

  *#share(): Run<void> {
    const { locks, busyTimeoutMs } = this.#context;
    if (locks === undefined) return;
    const modules = (this.#plan?.steps ?? []).flatMap(({ action, module }) =>
      action === 'skip-builtin' ? [] : module,
    );
    yield* locks.share(modules, busyTimeoutMs);
  }

  // Only for a plan that was made anew. A module that went away is a step again.
  #holds(step: LoadStep): boolean {
    const earlier = this.#done.get(step.module);
    if (earlier === undefined || earlier.result.outcome === 'failed-optional') return false;
    if (step.action === 'command' || step.action === 'skip-builtin') return true;
    return (
      earlier.instance !== undefined &&
      moduleInstance(earlier.name, this.#context.kernel) === earlier.instance
    );
  }

  /** In the order of the plan. */
  #results(): readonly StepResult[] {
    return (this.#plan?.steps ?? []).flatMap(({ module }) => this.#done.get(module)?.result ?? []);
  }

  #snapshot(failedStep: LoadStep | null): Progress {
    return {
      completedSteps: this.#results(),
      failedStep,
      rolledBack: this.#rolledBack,
      notRolledBack: this.#notRolledBack,
      holders: [],
    };
  }

  get #flags(): number {
    const { forceVermagic, forceModversion } = this.#context;
    return (
      (forceVermagic === true ? MODULE_INIT_IGNORE_VERMAGIC : 0) |
      (forceModversion === true ? MODULE_INIT_IGNORE_MODVERSIONS : 0)
    );
  }
}
