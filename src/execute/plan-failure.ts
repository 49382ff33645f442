import type { KmodErrorCode } from '../errors/error-codes.ts';
import { KmodError, type KmodErrorDetails } from '../errors/kmod-error.ts';
import type { UnloadStep, LoadPlan, LoadStep, UnloadPlan } from '../plan/plan.ts';
import type { StepResult } from './step-result.ts';

/** A loaded module that could not be unloaded again. */
export interface FailedRollback {
  readonly module: string;
  readonly cause: unknown;
}

/** What became of the modules that a run had brought in. */
export interface RollbackResult {
  /** Modules that the run had loaded and has unloaded again, in the order of unloading. */
  readonly rolledBack: readonly string[];
  /** Modules that the run had loaded and that stay, with the reason. */
  readonly notRolledBack: readonly FailedRollback[];
}

/** How far a run got. */
export interface Progress extends RollbackResult {
  readonly completedSteps: readonly StepResult[];
  /** The step that failed; null when none had begun. */
  readonly failedStep: LoadStep | UnloadStep | null;
  /** Modules that the obstacle is about, for `ERR_KMOD_IN_USE`. */
  readonly holders: readonly string[];
}

const none: Progress = {
  completedSteps: [],
  failedStep: null,
  rolledBack: [],
  notRolledBack: [],
  holders: [],
};

/** A plan that could not be run, or not to its end. Where a system call refused, its errno is repeated here. */
export class PlanFailure extends KmodError implements Progress {
  declare readonly completedSteps: readonly StepResult[];
  declare readonly failedStep: LoadStep | UnloadStep | null;
  declare readonly rolledBack: readonly string[];
  declare readonly notRolledBack: readonly FailedRollback[];
  declare readonly holders: readonly string[];

  constructor(
    code: KmodErrorCode,
    message: string,
    facts: KmodErrorDetails & { readonly progress?: Progress },
  ) {
    const { progress = none, ...details } = facts;
    super(code, message, details);
    Object.assign(this, progress);
  }
}

/** The failure of a plan that has obstacles; undefined when it has none. */
export function obstacleFailure(plan: LoadPlan | UnloadPlan): PlanFailure | undefined {
  const [first] = plan.blocked;
  if (first === undefined) return undefined;
  const failedStep = plan.steps.find((step: LoadStep | UnloadStep) => step.module === first.module) ?? null;
  return new PlanFailure(first.code, plan.blocked.map(({ reason }) => reason).join('\n'), {
    module: first.module,
    ...(first.path !== null && { path: first.path }),
    ...(first.errno !== null && { errno: first.errno }),
    progress: { ...none, failedStep, holders: first.holders },
  });
}

/** Words for the failure of a load: which step, and why. */
export function loadFailureText({ because, module }: LoadStep, cause: unknown): string {
  const subject =
    because.kind === 'dependency' ? `${because.of} failed at its dependency ${module}` : `${module} failed`;
  return `Loading ${subject}: ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** Words for what was undone, a line each; empty when there is nothing to tell. */
export function rollbackText({ rolledBack, notRolledBack }: RollbackResult): string {
  const undone = rolledBack.length > 0 ? `\nUnloaded again: ${rolledBack.join(' ')}` : '';
  const left = notRolledBack.map(({ module }) => module).join(' ');
  return left === '' ? undone : `${undone}\nNot unloaded again: ${left}`;
}

/** The failure of a step, with what the system call behind it said. */
export function stepFailure(
  code: KmodErrorCode,
  message: string,
  cause: unknown,
  progress: Progress,
): PlanFailure {
  const facts = (cause ?? {}) as { errno?: unknown; syscall?: unknown; path?: unknown };
  const step = progress.failedStep;
  const path = typeof facts.path === 'string' ? facts.path : step && 'path' in step ? step.path : null;
  return new PlanFailure(code, message, {
    cause,
    progress,
    ...(typeof facts.errno === 'number' && { errno: facts.errno }),
    ...(typeof facts.syscall === 'string' && { syscall: facts.syscall }),
    ...(typeof path === 'string' && { path }),
    ...(step !== null && { module: step.module }),
  });
}

/** The failure of a run whose signal was aborted. */
export function abortFailure(cause: unknown, progress: Progress): PlanFailure {
  const { completedSteps, rolledBack } = progress;
  const undone = rolledBack.length > 0 ? `; unloaded again: ${rolledBack.join(' ')}` : '';
  return new PlanFailure(
    'ERR_KMOD_ABORTED',
    `The operation was aborted after ${completedSteps.length} steps${undone}.`,
    { cause, progress },
  );
}
