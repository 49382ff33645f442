import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleInstance, moduleState } from '../kernel/module-state.ts';
import { MODULE_INIT_IGNORE_MODVERSIONS, MODULE_INIT_IGNORE_VERMAGIC } from '../native/module-flags.ts';
import type { LoadPlan, LoadStep, StepGroup } from '../plan/plan.ts';
import { AbortedRun } from './aborted-run.ts';
import { type AlternativesFailure, alternativesFailure, failureOfAll } from './alternatives.ts';
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
import { runCourse } from './step-course.ts';
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
  /** What is done, by keys of steps. */
  readonly #done = new Map<string, Present>();
  /** What became of the steps of the plan, by position. */
  readonly #outcomes = new Map<number, StepResult>();
  /** Whether another plan was under way before. */
  #isReplan = false;
  /** Whether a group of alternatives has failed. */
  #hasFailedCourse = false;
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
    this.#isReplan = this.#plan !== undefined;
    this.#plan = plan;
    this.#outcomes.clear();
    const { steps, course } = plan;
    const { jobs = 1, dependenciesOf, checkEnd } = this.#context;
    yield* this.#share(checkEnd);
    if (course !== undefined) {
      yield* this.#performCourse(course);
      return;
    }
    if (jobs <= 1 || dependenciesOf === undefined || steps.length < 2) {
      for (const index of steps.keys()) yield* this.#performStep(index);
      return;
    }
    const order = stepOrder(steps, dependenciesOf);
    const tasks = steps.map((_, index) => ({
      after: order[index] ?? [],
      run: () => this.#performTask(index),
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
    this.#alternatives = plan && this.#failedAlternatives(plan);
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
      const exempt = new Set((this.#plan?.steps ?? []).filter(isExempt).map(({ module }) => module));
      const names = this.#journal.map(({ name }) => name).filter((name) => !exempt.has(name));
      markAutoclean(names, this.#context.kernel);
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

  #failedAlternatives(plan: LoadPlan): AlternativesFailure | undefined {
    if (plan.course === undefined) return alternativesFailure(plan, this.#results());
    return this.#hasFailedCourse ? failureOfAll(plan, this.#results()) : undefined;
  }

  *#performCourse(course: StepGroup): Run<void> {
    const { kernel } = this.#context;
    const hasSucceeded = yield* runCourse(course, {
      perform: (position) => this.#performStep(position),
      isDone: (module) => moduleState(module, kernel) === 'live',
      mark: () => this.#journal.length,
      undo: (mark) => this.#undo(mark),
    });
    this.#hasFailedCourse = !hasSucceeded;
    for (const [position, step] of (this.#plan?.steps ?? []).entries())
      if (!this.#outcomes.has(position)) {
        const state = moduleState(step.module, kernel) ?? null;
        this.#outcomes.set(position, stepResult(step, { outcome: 'not-needed', state, durationMs: 0 }));
      }
  }

  /** Unloads what was loaded since a mark. */
  *#undo(mark: number): Run<void> {
    const { kernel, rollback, locks, busyTimeoutMs } = this.#context;
    const late = this.#journal.slice(mark);
    if (late.length === 0 || rollback === false) return;
    const { rolledBack } = yield* rollBack(late, kernel, locks, busyTimeoutMs);
    yield* this.#share();
    const names = new Set(rolledBack);
    this.#journal.splice(mark, late.length, ...late.filter(({ name }) => !names.has(name)));
    for (const [key, { name }] of this.#done) if (names.has(name)) this.#done.delete(key);
    for (const [position, result] of this.#outcomes)
      if (result.outcome === 'loaded' && names.has(result.module))
        this.#outcomes.set(position, { ...result, outcome: 'undone', state: null });
  }

  /** Answers whether the step has succeeded. */
  *#performStep(index: number): Run<boolean> {
    const { checkEnd, onStep, kernel } = this.#context;
    const plan = this.#plan;
    const step = plan?.steps[index];
    if (plan === undefined || step === undefined) return true;
    const earlier = this.#isReplan ? this.#holding(step) : undefined;
    if (earlier !== undefined) {
      this.#outcomes.set(index, earlier);
      return true;
    }
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
    this.#done.set(stepKey(step), { name, instance, result });
    this.#outcomes.set(index, result);
    onStep?.({ phase: 'done', step, index, total, result });
    return outcome !== 'failed-optional';
  }

  *#performTask(index: number): Run<void> {
    yield* this.#performStep(index);
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

  *#share(checkEnd?: () => void): Run<void> {
    const { locks, busyTimeoutMs } = this.#context;
    if (locks === undefined) return;
    const modules = (this.#plan?.steps ?? []).flatMap(({ action, module }) =>
      action === 'skip-builtin' ? [] : module,
    );
    yield* locks.share(modules, busyTimeoutMs, checkEnd);
  }

  // Only for a plan that was made anew. A module that went away is a step again.
  #holding(step: LoadStep): StepResult | undefined {
    const earlier = this.#done.get(stepKey(step));
    if (earlier === undefined || earlier.result.outcome === 'failed-optional') return undefined;
    const { result, instance, name } = earlier;
    if (step.action === 'command' || step.action === 'skip-builtin') return result;
    const isThere = instance !== undefined && moduleInstance(name, this.#context.kernel) === instance;
    return isThere ? result : undefined;
  }

  /** In the order of the plan. */
  #results(): readonly StepResult[] {
    return [...this.#outcomes].sort(([a], [b]) => a - b).map(([, result]) => result);
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

/** What tells a step of one plan from others, and finds it again in another plan. */
function stepKey(step: LoadStep): string {
  if (step.action !== 'command') return step.module;
  const { directive, module, origin } = step;
  return `${directive} ${module} ${origin.file}:${origin.line}`;
}

/** Whether a line `options -k` keeps the module from being marked. */
function isExempt(step: LoadStep): boolean {
  return step.action === 'insert' && step.noAutoclean === true;
}
