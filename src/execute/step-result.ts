import type { ModuleState } from '../kernel/loaded-module.ts';
import type { InsertCall, LoadStep, StepReason, UnloadStep } from '../plan/plan.ts';

/** What became of a step. */
export type StepOutcome =
  /** This run brought the module in. */
  | 'loaded'
  /** It was in the kernel, or someone else brought it in meanwhile. */
  | 'already-loaded'
  | 'builtin'
  /** A command of the configuration was run in its place, with success. */
  | 'command-run'
  /** This run took the module out. */
  | 'unloaded'
  /** Someone else took it out meanwhile. */
  | 'already-unloaded'
  /** An unused dependency that found a new user meanwhile, or a soft dependency that is in use. */
  | 'kept'
  /** A step that is not required failed, with `error`; the run went on. */
  | 'failed-optional'
  /** This run brought the module in, and took it out again because something that belongs to it failed. */
  | 'undone'
  /** Another alternative has succeeded, a step that it follows has failed, or its module was there already. */
  | 'not-needed'
  /** A dry run: nothing was done. */
  | 'planned';

/** A step that has been run. */
export interface StepResult {
  readonly action: LoadStep['action'] | UnloadStep['action'];
  readonly module: string;
  /** File of the module; null where none was used. */
  readonly path: string | null;
  readonly parameters: string;
  /** The call that loaded it; null where none was made for. */
  readonly call: InsertCall | null;
  readonly because: StepReason;
  /** Whether a failure would have been one of the whole. */
  readonly required: boolean;
  readonly outcome: StepOutcome;
  /** State by /sys right after the step; null when the kernel shows none. */
  readonly state: ModuleState | null;
  readonly durationMs: number;
  /** Why a step that is not required failed, or its module was kept; null for every other outcome. */
  readonly error: Error | null;
}

/** A step about to be run or just run, for a progress display. */
export type StepEvent<Step extends LoadStep | UnloadStep = LoadStep | UnloadStep> =
  | { readonly phase: 'start'; readonly step: Step; readonly index: number; readonly total: number }
  | {
      readonly phase: 'done';
      readonly step: Step;
      readonly index: number;
      readonly total: number;
      readonly result: StepResult;
    };

/** Puts a step and its outcome together. */
export function stepResult(
  step: LoadStep | UnloadStep,
  facts: Pick<StepResult, 'outcome' | 'state' | 'durationMs'> & { readonly error?: Error | null },
): StepResult {
  return {
    action: step.action,
    module: step.module,
    path: 'path' in step ? step.path : null,
    parameters: 'parameters' in step ? step.parameters : '',
    call: step.action === 'insert' ? step.call : null,
    because: step.because,
    required: step.required,
    error: null,
    ...facts,
  };
}
