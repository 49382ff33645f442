import { KmodError } from '../errors/kmod-error.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleHolders, moduleInstance } from '../kernel/module-state.ts';
import { O_NONBLOCK } from '../native/module-flags.ts';
import type { Run } from './effect.ts';
import type { ModuleLocks } from './module-locks.ts';
import type { FailedRollback, RollbackResult } from './plan-failure.ts';

/** A module that a run brought in. */
export interface LoadedModuleRecord {
  /** The kernel's name of it. */
  readonly name: string;
  /** Which of all loads of that name it was; undefined where /sys does not tell. */
  readonly instance: bigint | undefined;
}

/** How long a module without a user that is in use all the same is tried again, in milliseconds. */
const PATIENCE_MS = 250;

/**
 * Unloads what a run brought in, the last first. Left alone are modules that somebody else has unloaded and loaded anew,
 * those that another run of this package relies on, and those that are in use.
 *
 * @param lockPatienceMs how long to wait for other runs that may rely on the modules
 */
export function* rollBack(
  journal: readonly LoadedModuleRecord[],
  kernel: KernelLocation,
  locks: ModuleLocks | undefined,
  lockPatienceMs: number,
): Run<RollbackResult> {
  const rolledBack: string[] = [];
  const notRolledBack: FailedRollback[] = [];
  const isAlone = yield* (
    locks?.own(
      journal.map(({ name }) => name),
      lockPatienceMs,
    ) ?? noWait()
  );
  for (const { name, instance } of journal.toReversed()) {
    const present = moduleInstance(name, kernel);
    if (instance !== undefined && present === undefined) continue; // somebody else has unloaded it
    const keeper = keeperOf(
      present !== instance,
      locks?.isClaimed(name) === true,
      !isAlone && locks?.isContended(name) === true,
    );
    if (keeper !== undefined) {
      notRolledBack.push({ module: name, cause: keptError(name, keeper) });
      continue;
    }
    try {
      yield* deleteAgain(name, kernel);
      rolledBack.push(name);
    } catch (cause) {
      if (!(cause instanceof ModuleSystemError && cause.code === 'ENOENT'))
        notRolledBack.push({ module: name, cause });
    }
  }
  return { rolledBack, notRolledBack };
}

function* noWait(): Run<boolean> {
  yield* [];
  return true;
}

function keeperOf(isAnother: boolean, isClaimed: boolean, isContended: boolean): string | undefined {
  if (isAnother) return 'another program has unloaded it and loaded it anew';
  if (isClaimed) return 'another load has asked for it meanwhile';
  return isContended ? 'another load that is at work needs it' : undefined;
}

function keptError(module: string, reason: string): KmodError {
  return new KmodError('ERR_KMOD_IN_USE', `The module ${module} stays loaded: ${reason}.`, { module });
}

function* deleteAgain(name: string, kernel: KernelLocation): Run<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let pause = 2; ; pause *= 2) {
    try {
      yield {
        kind: 'call',
        invoke: (calls) => calls.deleteModule(name, O_NONBLOCK),
        invokeSync: (calls) => calls.deleteModuleSync(name, O_NONBLOCK),
      };
      return;
    } catch (error) {
      // Right after a load its own references may not all be gone yet, and programs that watch for modules look at it.
      const isPassing =
        error instanceof ModuleSystemError && ['EAGAIN', 'EBUSY', 'EINTR'].includes(error.code);
      if (!isPassing || moduleHolders(name, kernel).length > 0 || performance.now() + pause > deadline)
        throw error;
    }
    yield { kind: 'wait', milliseconds: pause };
  }
}
