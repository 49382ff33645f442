import { KmodError } from '../errors/kmod-error.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import {
  isModuleListVisible,
  isShownAsBuiltin,
  moduleInstance,
  moduleState,
} from '../kernel/module-state.ts';
import { ElfImage } from '../module-file/elf-image.ts';
import { parseModinfo } from '../module-file/modinfo-section.ts';
import type { InsertCall, InsertStep } from '../plan/plan.ts';
import type { Run } from './effect.ts';
import { type CallContext, callInsert } from './insert-call.ts';
import { closeModuleFile, type OpenModuleFile, openModuleFile, unpackedImage } from './module-image.ts';

/** How to insert one module. */
export interface InsertContext extends CallContext {
  /** How long to retry while the same module comes or goes by someone else's doing, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Whether a module that is there already is an error for the step. */
  readonly firstTime: boolean;
  /** Throws when the run is to end. */
  readonly checkEnd: () => void;
  /** Throws when the file must not be used. */
  readonly checkFile: (file: OpenModuleFile) => void;
  /** Whether another program is known to work on the module. */
  readonly isContended: () => boolean;
}

/** A module that is in the kernel after its step. */
export interface Insertion {
  /** Whether it was this call that brought it in. */
  readonly outcome: 'loaded' | 'already-loaded';
  readonly call: InsertCall;
  /** The kernel's name of it, which is that in the file, not that of the file. */
  readonly name: string;
}

const LONGEST_PAUSE_MS = 100;
/** How often an answer is doubted for which there is no other sign. */
const MOST_DOUBTS = 3;

/**
 * Inserts one module. What others do to the same module at the same time is waited for; the answer is compared with
 * what /sys shows.
 *
 * @throws ModuleSystemError; KmodError `ERR_KMOD_BUILTIN`, `ERR_KMOD_NOT_LIVE`; what `checkEnd` and `checkFile` throw; what
 *   reading and unpacking the file throws
 */
export function* insertModule(step: InsertStep, context: InsertContext): Run<Insertion> {
  const file = openModuleFile(step.path);
  try {
    context.checkFile(file);
    return yield* insertFile(file, step, context);
  } finally {
    closeModuleFile(file);
  }
}

function* insertFile(file: OpenModuleFile, step: InsertStep, context: InsertContext): Run<Insertion> {
  const { module } = step;
  const { kernel } = context;
  const deadline = performance.now() + context.busyTimeoutMs;
  let doubts = 0;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const before = moduleState(module, kernel);
    try {
      const call = yield* callInsert(file, step, context);
      const name = yield* presentName(file, module, kernel);
      // Since Linux 6.5 a call that finds another on the same file joins it and shares its success.
      if (name !== undefined)
        return { outcome: before === 'coming' ? 'already-loaded' : 'loaded', call, name };
      if (++doubts > MOST_DOUBTS) throw notLiveError(step);
    } catch (error) {
      if (!(error instanceof ModuleSystemError)) throw error;
      const after = moduleState(module, kernel);
      // An init that returns a positive number has succeeded as far as the kernel is concerned.
      if (error.errno > 0 && after === 'live') return { outcome: 'loaded', call: step.call, name: module };
      if (isBuiltinRefusal(error, module, kernel)) throw builtinError(step, error);
      if (error.code === 'EEXIST') {
        if (context.firstTime) throw error;
        if (after === 'live' || !isModuleListVisible(kernel))
          return { outcome: 'already-loaded', call: step.call, name: module };
      } else if (error.code === 'EBUSY') {
        const isTransient =
          before === 'coming' || before === 'going' || after !== undefined || context.isContended();
        // Without a trace of another load or unload it may still be the module's own init that says so.
        if (!isTransient && ++doubts > MOST_DOUBTS) throw error;
      } else if (error.code !== 'EINTR') throw error;
      if (performance.now() + pause > deadline) throw error;
    }
    yield { kind: 'wait', milliseconds: pause };
    context.checkEnd();
  }
}

/** The name by which a module that was just loaded is in the kernel; undefined when it is not. */
function* presentName(file: OpenModuleFile, module: string, kernel: KernelLocation): Run<string | undefined> {
  if (moduleInstance(module, kernel) !== undefined || !isModuleListVisible(kernel)) return module;
  const name = yield* nameInFile(file);
  return name !== undefined && moduleInstance(name, kernel) !== undefined ? name : undefined;
}

function* nameInFile(file: OpenModuleFile): Run<string | undefined> {
  const image = yield* unpackedImage(file);
  try {
    const elf = new ElfImage(image, file.path);
    const section = elf.section('.modinfo');
    if (section === undefined) return undefined;
    return parseModinfo(elf.bytesOf(section)).find(({ key }) => key === 'name')?.value;
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
}

// The loader finds the folder of a module that is part of the kernel in its way.
function isBuiltinRefusal(error: ModuleSystemError, module: string, kernel: KernelLocation): boolean {
  return error.code === 'EINVAL' && isShownAsBuiltin(module, kernel);
}

function builtinError({ module, path }: InsertStep, cause: ModuleSystemError): KmodError {
  const { errno, syscall } = cause;
  return new KmodError(
    'ERR_KMOD_BUILTIN',
    `The module ${module} is part of the running kernel, so ${path} cannot be loaded.`,
    { module, path, errno, syscall, cause },
  );
}

function notLiveError({ module, path }: InsertStep): KmodError {
  return new KmodError(
    'ERR_KMOD_NOT_LIVE',
    `The kernel took the module ${module} and does not have it: another program unloads it again and again, or the kernel gave it up for lack of memory (see dmesg).`,
    { module, path },
  );
}
