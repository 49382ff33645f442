import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { O_NONBLOCK, O_TRUNC } from '../native/module-flags.ts';
import type { DeleteStep } from '../plan/plan.ts';
import { nextPause } from './busy-wait.ts';
import type { Run } from './effect.ts';

/** How to unload one module. */
export interface DeleteContext {
  readonly kernel: KernelLocation;
  /** How long to try again while it is in use, or comes or goes by someone else's doing, in milliseconds. */
  readonly waitMs: number;
  /** Whether it is an error that someone else unloaded it meanwhile. */
  readonly firstTime: boolean;
  readonly signal: AbortSignal | undefined;
  /** Throws when the run is to end. */
  readonly checkSignal: () => void;
}

/** How often a call that a signal interrupted is made again. */
const MOST_INTERRUPTIONS = 100;

/**
 * Unloads one module. A module in use is tried again until the time is over, and once more at that moment; what cannot
 * change by waiting, such as a missing exit function, is not.
 *
 * @returns who unloaded it
 * @throws ModuleSystemError the kernel's last refusal; AbortedRun
 */
export function* deleteModule(
  { module, force }: DeleteStep,
  context: DeleteContext,
): Run<'unloaded' | 'already-unloaded'> {
  const flags = force ? O_NONBLOCK | O_TRUNC : O_NONBLOCK;
  const deadline = performance.now() + context.waitMs;
  let interruptions = 0;
  for (let pause = 1; ;) {
    const started = performance.now();
    const before = moduleState(module, context.kernel);
    try {
      yield {
        kind: 'call',
        invoke: (calls) => calls.deleteModule(module, flags),
        invokeSync: (calls) => calls.deleteModuleSync(module, flags),
      };
      return 'unloaded';
    } catch (error) {
      if (!(error instanceof ModuleSystemError)) throw error;
      if (error.code === 'ENOENT' && !context.firstTime) return 'already-unloaded';
      if (error.code === 'EINTR' && interruptions++ < MOST_INTERRUPTIONS) {
        context.checkSignal();
        continue;
      }
      if (!isTransient(error.code, before, moduleState(module, context.kernel))) throw error;
      if (started >= deadline) throw error;
      pause = nextPause(pause, deadline - performance.now());
    }
    yield { kind: 'wait', milliseconds: pause, signal: context.signal };
    context.checkSignal();
  }
}

/** EBUSY of a module that is live before and after the call is the word of a module without an exit function. */
function isTransient(code: string, before: string | undefined, after: string | undefined): boolean {
  return code === 'EAGAIN' || (code === 'EBUSY' && (before !== 'live' || after !== 'live'));
}
