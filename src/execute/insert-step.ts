import { closeSync, constants, openSync, readFileSync } from 'node:fs';

import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { MODULE_INIT_COMPRESSED_FILE } from '../native/module-flags.ts';
import type { InsertStep } from '../plan/plan.ts';
import type { Run } from './effect.ts';

/** How to insert one module. */
export interface InsertContext {
  readonly kernel: KernelLocation;
  /** `MODULE_INIT_IGNORE_*` flags. */
  readonly flags: number;
  /** How long to retry while the same module comes or goes by someone else's doing, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Whether a module that is there already is an error for the step. */
  readonly firstTime: boolean;
  /** Throws when the run is to end. */
  readonly checkSignal: () => void;
}

const LONGEST_PAUSE_MS = 100;

/** Inserts one module. Answers whether it was this call that did it. */
export function* insertModule(step: InsertStep, context: InsertContext): Run<'loaded' | 'already-loaded'> {
  const deadline = performance.now() + context.busyTimeoutMs;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const before = moduleState(step.module, context.kernel);
    try {
      yield* callInsert(step, context.flags);
      // Since Linux 6.5 a call that finds another on the same file joins it and shares its success.
      return before === 'coming' ? 'already-loaded' : 'loaded';
    } catch (error) {
      if (!(error instanceof ModuleSystemError)) throw error;
      const after = moduleState(step.module, context.kernel);
      // An init that returns a positive number has succeeded as far as the kernel is concerned.
      if (error.errno > 0 && after === 'live') return 'loaded';
      if (error.code === 'EEXIST' && !context.firstTime) return 'already-loaded';
      const isTransient = before === 'coming' || before === 'going' || after !== undefined;
      // EBUSY with no trace of another load or unload is the word of the module's own init.
      if (error.code !== 'EBUSY' || !isTransient || performance.now() + pause > deadline) throw error;
    }
    yield { kind: 'wait', milliseconds: pause };
    context.checkSignal();
  }
}

function* callInsert(step: InsertStep, flags: number): Run<void> {
  if (step.call === 'init') {
    yield* callInit(step);
    return;
  }
  try {
    yield* callFinit(step, step.call === 'finit-compressed' ? flags | MODULE_INIT_COMPRESSED_FILE : flags);
  } catch (error) {
    // Linux before 3.8, or a sandbox that knows only the old call; flags have no counterpart there.
    const canFallBack = step.call === 'finit' && flags === 0;
    if (!(error instanceof ModuleSystemError) || error.code !== 'ENOSYS' || !canFallBack) throw error;
    yield* callInit(step);
  }
}

function* callFinit({ module, path, parameters }: InsertStep, flags: number): Run<void> {
  const subject = { module, path };
  // A FIFO put in the file's place must not hang the run; regular files do not care about O_NONBLOCK.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    yield {
      kind: 'call',
      invoke: (calls) => calls.finitModule(descriptor, parameters, flags, subject),
      invokeSync: (calls) => calls.finitModuleSync(descriptor, parameters, flags, subject),
    };
  } finally {
    closeSync(descriptor);
  }
}

function* callInit({ module, path, parameters }: InsertStep): Run<void> {
  const subject = { module, path };
  const image = readFileSync(path);
  yield {
    kind: 'call',
    invoke: (calls) => calls.initModule(image, parameters, subject),
    invokeSync: (calls) => calls.initModuleSync(image, parameters, subject),
  };
}
