import { release as runningRelease } from 'node:os';

import type { Diagnosis } from '../explain/diagnosis.ts';
import { explainError } from '../explain/explanation.ts';
import { diagnoseLoadFailure, diagnoseUnloadFailure, errnoName } from '../explain/failure-diagnosis.ts';
import type { FailureFacts } from '../explain/failure-facts.ts';
import { inquire, type Inquiry, inquireSync } from '../explain/inquiry.ts';
import { type KernelLogWindow, openKernelLogWindow } from '../kernel/kernel-log-window.ts';
import { moduleCalls } from '../native/real-calls.ts';
import { rootFolder } from './diagnose.ts';
import { kernelOf, type PlaceOptions, treeOf } from './place-options.ts';
import type { RunOptions } from './run-options.ts';

/** What is explained: a load or an unload. */
export type ExplainedAction = 'load' | 'unload';

/** A call of the library whose errors are to be explained. */
export interface ExplainedCall {
  readonly action: ExplainedAction;
  readonly names: unknown;
  readonly options: PlaceOptions & RunOptions;
  readonly parameters?: unknown;
}

/** Runs an operation and explains the error that it ends with. */
export async function withExplanation<Result>(
  call: ExplainedCall,
  operate: () => Promise<Result>,
): Promise<Result> {
  const window = windowFor(call);
  try {
    return await operate();
  } catch (error) {
    const facts = failureFacts(call, error, window);
    if (facts !== undefined)
      attachTo(error as Error, await settled(async () => await inquire(failureInquiry(call, facts))));
    throw error;
  } finally {
    window?.close();
  }
}

/** {@link withExplanation}, blocking. */
export function withExplanationSync<Result>(call: ExplainedCall, operate: () => Result): Result {
  const window = windowFor(call);
  try {
    return operate();
  } catch (error) {
    const facts = failureFacts(call, error, window);
    if (facts !== undefined) attachTo(error as Error, explainNow(call, facts));
    throw error;
  } finally {
    window?.close();
  }
}

// Whatever an explanation trips over must not take the place of the error itself.
async function settled(explain: () => Promise<Diagnosis>): Promise<Diagnosis | undefined> {
  try {
    return await explain();
  } catch {
    return undefined;
  }
}

function failureInquiry({ action }: ExplainedCall, facts: FailureFacts): Inquiry<Diagnosis> {
  return action === 'load' ? diagnoseLoadFailure(facts) : diagnoseUnloadFailure(facts);
}

function explainNow(call: ExplainedCall, facts: FailureFacts): Diagnosis | undefined {
  try {
    return inquireSync(failureInquiry(call, facts));
  } catch {
    return undefined;
  }
}

function attachTo(error: Error, diagnosis: Diagnosis | undefined): void {
  if (diagnosis !== undefined) explainError(error, diagnosis);
}

function windowFor({ options }: ExplainedCall): KernelLogWindow | undefined {
  if (typeof options !== 'object' || options === null || options.dryRun === true) return undefined;
  const { kernelRoot } = options;
  return kernelRoot === undefined || typeof kernelRoot === 'string'
    ? openKernelLogWindow({ root: kernelRoot })
    : undefined;
}

interface ErrorFacts {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly path?: unknown;
  readonly module?: unknown;
  readonly failedStep?: unknown;
  readonly holders?: unknown;
}

function failureFacts(
  call: ExplainedCall,
  error: unknown,
  window: KernelLogWindow | undefined,
): FailureFacts | undefined {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError)
    return undefined;
  const { errno, syscall, path, module, failedStep, holders } = error as ErrorFacts;
  const code = innermostCode(error);
  if (code === undefined) return undefined;
  const { options, names } = call;
  const step = (failedStep ?? {}) as { parameters?: unknown; call?: unknown; path?: unknown };
  const [first = ''] = Array.isArray(names) ? (names as readonly unknown[]) : [names];
  return {
    asked: textOrNull(first) ?? '',
    code,
    message: error.message,
    errno: typeof errno === 'number' ? errnoName(errno) : null,
    syscall: textOrNull(syscall),
    module: textOrNull(module),
    path: textOrNull(path) ?? textOrNull(step.path),
    parameters: textOrNull(step.parameters) ?? '',
    call: textOrNull(step.call) as FailureFacts['call'],
    holders: Array.isArray(holders) ? (holders as readonly string[]) : [],
    log: readWindow(window),
    tree: treeOf({ ...options, release: options.release ?? runningRelease() }),
    kernel: kernelOf(options),
    root: rootFolder(options),
    isReal: options.syscalls === undefined || options.syscalls === moduleCalls,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The error's code; that of its cause where it only says that a step failed. */
function innermostCode(error: Error): string | undefined {
  const { code } = error as ErrorFacts;
  const isStep = code === 'ERR_KMOD_LOAD_FAILED' || code === 'ERR_KMOD_UNLOAD_FAILED';
  const inner = isStep && error.cause instanceof Error ? innermostCode(error.cause) : undefined;
  return inner ?? (typeof code === 'string' ? code : undefined);
}

function readWindow(window: KernelLogWindow | undefined): FailureFacts['log'] {
  try {
    return window?.read();
  } catch {
    return undefined;
  }
}
