import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import type { OwnerCheck, OwnerFinding } from './file-owner.ts';
import type { DependenciesOf } from './step-order.ts';
import type { StepEvent } from './step-result.ts';

/** How to run a load. */
export interface LoadRunOptions {
  /** /proc and /sys of the kernel. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Looked at between two steps; a call in flight cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Time for the whole, in milliseconds, looked at as the signal is. Default: none. */
  readonly deadlineMs?: number | undefined;
  /** Told of each step as it begins and ends. What it throws ends the run. */
  readonly onStep?: ((event: StepEvent<LoadStep>) => void) | undefined;
  /** Whether a failed load unloads what it had loaded. Default true; false with `compat`. */
  readonly rollback?: boolean | undefined;
  /** A module that someone else loaded meanwhile is an error, when it was asked for. Default false. */
  readonly firstTime?: boolean | undefined;
  readonly forceVermagic?: boolean | undefined;
  readonly forceModversion?: boolean | undefined;
  /** How long to wait for others who work on the same modules, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Default: `warn` for root, otherwise and with `compat` `off`. */
  readonly checkOwner?: OwnerCheck | undefined;
  /** Told of a file that somebody else than root could change, with `checkOwner: 'warn'`. */
  readonly onOwnerFinding?: ((finding: OwnerFinding) => void) | undefined;
  /** How many steps that do not need each other may go on at the same time; needs `dependenciesOf`. Default 1. */
  readonly jobs?: number | undefined;
  readonly dependenciesOf?: DependenciesOf | undefined;
  /** Whether to keep out of the way of other runs of this package. Default true. */
  readonly lock?: boolean | undefined;
  /** Makes the plan anew, when another program has unloaded meanwhile what a step needs. Default: it then fails. */
  readonly replan?: (() => LoadPlan) | undefined;
  /** Mark what this run loads, to be taken out again when nothing uses it: see `autocleanRun`. Default false. */
  readonly autoclean?: boolean | undefined;
  /** kmod's answers where they differ: see docs/compatibility.md. Default false. */
  readonly compat?: boolean | undefined;
}
