import { KmodError } from '../errors/kmod-error.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import { moduleInstance, moduleState } from '../kernel/module-state.ts';
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
/** How often at least: where the machine is busy, a short pause takes long, and much can change in one. */
const FEWEST_ATTEMPTS = 8;
const LONGEST_PAUSE_MS = 50;

/**
 * Unloads what a run brought in, the last first. Left alone are modules that somebody else has unloaded and loaded anew,
 * those that another run of this package relies on, and those that are in use.
 *
 * @param patienceMs how long to wait for other runs that may rely on the modules, or that have their users to undo
 */
export function* rollBack(
  journal: readonly LoadedModuleRecord[],
  kernel: KernelLocation,
  locks: ModuleLocks | undefined,
  patienceMs: number,
): Run<RollbackResult> {
  const rolledBack: string[] = [];
  const notRolledBack: FailedRollback[] = [];
  const deadline = performance.now() + patienceMs;
  locks?.announce(journal.map(({ name }) => name));
  for (const { name, instance } of journal.toReversed()) {
    // One after the other: who waits holds nothing that another one waits for.
    const isAlone = locks === undefined || (yield* locks.own(name, deadline - performance.now()));
    try {
      const present = moduleInstance(name, kernel);
      if (instance !== undefined && present === undefined) continue; // somebody else has unloaded it
      const keeper = keeperOf({
        isAnother: present !== instance,
        isAlone,
        isClaimed: locks?.isClaimed(name),
      });
      if (keeper !== undefined) throw keptError(name, keeper);
      yield* deleteAgain(
        name,
        kernel,
        (user) => locks?.isAnnounced(user) === true || isFading(user, kernel),
        deadline,
      );
      rolledBack.push(name);
    } catch (cause) {
      const isGone = cause instanceof ModuleSystemError && cause.code === 'ENOENT';
      if (!isGone) notRolledBack.push({ module: name, cause });
    } finally {
      locks?.release();
    }
  }
  return { rolledBack, notRolledBack };
}

function keeperOf(facts: {
  readonly isAnother: boolean;
  readonly isAlone: boolean;
  readonly isClaimed: boolean | undefined;
}): string | undefined {
  if (facts.isAnother) return 'another program has unloaded it and loaded it anew';
  if (facts.isClaimed === true) return 'another load has asked for it meanwhile';
  return facts.isAlone ? undefined : 'another load that is at work needs it';
}

function keptError(module: string, reason: string): KmodError {
  return new KmodError('ERR_KMOD_IN_USE', `The module ${module} stays loaded: ${reason}.`, { module });
}

function* deleteAgain(
  name: string,
  kernel: KernelLocation,
  isAboutToGo: (user: string) => boolean,
  end: number,
): Run<void> {
  let [attempts, deadline] = [0, performance.now() + PATIENCE_MS];
  for (let pause = 2; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
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
      if (!isPassing) throw error;
      const users = usersOf(name, kernel);
      if (users.length > 0) {
        if (performance.now() > end || !users.some(isAboutToGo)) throw error;
        [attempts, deadline] = [0, performance.now() + PATIENCE_MS];
      } else if (++attempts >= FEWEST_ATTEMPTS && performance.now() + pause > deadline) throw error;
    }
    yield { kind: 'wait', milliseconds: pause };
  }
}

/**
 * The modules that use one by the kernel's own list. The folder `holders` of /sys is not that: a module that goes leaves
 * it first, and gives back what it uses a moment later, which is long when the machine is busy.
 */
function usersOf(name: string, kernel: KernelLocation): readonly string[] {
  try {
    return loadedModules(kernel).find((module) => module.name === name)?.users ?? [];
  } catch {
    return []; // no list: nothing can be said of users
  }
}

/** Whether a module is on its way out; /sys has lost it before the kernel has. */
function isFading(name: string, kernel: KernelLocation): boolean {
  const state = moduleState(name, kernel);
  return state === undefined || state === 'going';
}
