import type * as Timers from 'node:timers/promises';

import type { ModuleCalls } from '../native/module-calls.ts';
import { type CommandEnd, type CommandRunner, type ShellCommand, shellCommands } from './shell-command.ts';
import { performTasks, type Task } from './task-schedule.ts';

/**
 * Something that a run has to wait for. Runs are written once, as generators of effects; {@link runEffects} performs
 * them on threads and timers, {@link runEffectsSync} in place.
 */
export type Effect =
  | {
      readonly kind: 'call';
      readonly invoke: (calls: ModuleCalls) => Promise<void>;
      readonly invokeSync: (calls: ModuleCalls) => void;
    }
  | {
      readonly kind: 'command';
      readonly command: ShellCommand;
      /** Is given how the command ended. */
      readonly take: (end: CommandEnd) => void;
    }
  | {
      readonly kind: 'wait';
      readonly milliseconds: number;
      /** Ends the wait early; the run looks at it itself. */
      readonly signal?: AbortSignal | undefined;
    }
  /** Runs that may go on side by side, so many at a time; one after the other where that cannot be. */
  | { readonly kind: 'tasks'; readonly tasks: readonly Task<Run<void>>[]; readonly jobs: number };

/** A run: yields effects, is resumed when they are done and gets their errors thrown in. */
export type Run<Result> = Generator<Effect, Result, undefined>;

/** Performs a run without blocking the event loop. */
export async function runEffects<Result>(
  run: Run<Result>,
  calls: ModuleCalls,
  commands: CommandRunner = shellCommands,
): Promise<Result> {
  let next = run.next();
  while (next.done !== true) {
    try {
      await perform(next.value, calls, commands);
    } catch (error) {
      next = run.throw(error);
      continue;
    }
    next = run.next();
  }
  return next.value;
}

/** {@link runEffects}, blocking. */
export function runEffectsSync<Result>(
  run: Run<Result>,
  calls: ModuleCalls,
  commands: CommandRunner = shellCommands,
): Result {
  let next = run.next();
  while (next.done !== true) {
    try {
      performSync(next.value, calls, commands);
    } catch (error) {
      next = run.throw(error);
      continue;
    }
    next = run.next();
  }
  return next.value;
}

async function perform(effect: Effect, calls: ModuleCalls, commands: CommandRunner): Promise<void> {
  if (effect.kind === 'call') await effect.invoke(calls);
  else if (effect.kind === 'command') effect.take(await commands.run(effect.command));
  else if (effect.kind === 'tasks')
    await performTasks(effect.tasks, effect.jobs, (run) => runEffects(run, calls, commands));
  else await pause(effect);
}

/** Not imported: few runs wait. */
const timers = (): typeof Timers => process.getBuiltinModule('node:timers/promises');

async function pause({ milliseconds, signal }: Extract<Effect, { kind: 'wait' }>): Promise<void> {
  try {
    await timers().setTimeout(milliseconds, undefined, { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

function performSync(effect: Effect, calls: ModuleCalls, commands: CommandRunner): void {
  if (effect.kind === 'call') effect.invokeSync(calls);
  else if (effect.kind === 'command') effect.take(commands.runSync(effect.command));
  else if (effect.kind === 'tasks')
    for (const { run } of effect.tasks) runEffectsSync(run(), calls, commands);
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, effect.milliseconds);
}
