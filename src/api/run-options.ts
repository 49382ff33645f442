import { argumentTypeError } from '../errors/argument.ts';
import type { Run } from '../execute/effect.ts';
import type { StepEvent, StepResult } from '../execute/step-result.ts';
import type { ModuleCalls } from '../native/module-calls.ts';

/** How a plan is run. */
export interface RunOptions {
  /** Only look: results say `planned` and nothing is loaded or unloaded. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Ends the operation between two steps; a call that is under way cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step as it begins and ends. What it throws ends the operation. */
  readonly onStep?: ((event: StepEvent) => void) | undefined;
  /** What makes the system calls. Default: the real ones. */
  readonly syscalls?: ModuleCalls | undefined;
}

/** Names and types of {@link RunOptions}. */
export const runOptionTypes = {
  dryRun: 'boolean',
  signal: 'object',
  onStep: 'function',
  syscalls: 'object',
} as const;

/** @throws TypeError for a signal that is none, as an AbortController: it would never end anything */
export function requireSignal({ signal }: Pick<RunOptions, 'signal'>): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw argumentTypeError('options.signal', 'an AbortSignal', signal);
}

/** An operation that is ready to run. */
export interface PreparedRun<Result> {
  readonly run: Run<readonly StepResult[]>;
  readonly calls: ModuleCalls;
  /** Makes the result, once the run is over. */
  readonly finish: (steps: readonly StepResult[]) => Result;
}
