import { closeSync, constants, openSync } from 'node:fs';

import { ModuleSystemError } from '../errors/system-error.ts';
import { hasDecompressionComplaint, logClockUs } from '../kernel/decompression-log.ts';
import { type KernelLocation, kernelPath, readKernelText } from '../kernel/kernel-file.ts';
import { forcedImage } from '../module-file/forced-image.ts';
import { detectCompression, isXzOfKernel } from '../native/compression-magic.ts';
import { memoryFile } from '../native/memory-file.ts';
import {
  MODULE_INIT_COMPRESSED_FILE,
  MODULE_INIT_IGNORE_MODVERSIONS,
  MODULE_INIT_IGNORE_VERMAGIC,
} from '../native/module-flags.ts';
import type { InsertCall, InsertStep } from '../plan/plan.ts';
import type { Effect, Run } from './effect.ts';
import { fileBytes, type OpenModuleFile, unpackedImage } from './module-image.ts';

/** How to make the call that inserts a module. */
export interface CallContext {
  readonly kernel: KernelLocation;
  /** `MODULE_INIT_IGNORE_*` flags. */
  readonly flags: number;
  /** Whether a file that the kernel cannot unpack is refused, as by kmod, and not unpacked here. */
  readonly compat: boolean;
}

/**
 * Makes the call that a step plans, and another where the kernel does not have it: a compressed file that the kernel
 * cannot unpack is unpacked here into a file in memory; without finit_module(2) the module goes through init_module(2).
 *
 * @returns the call that loaded the module
 */
export function* callInsert(file: OpenModuleFile, step: InsertStep, context: CallContext): Run<InsertCall> {
  let { call } = step;
  let refusal: ModuleSystemError | undefined;
  if (call === 'finit' || call === 'finit-compressed') {
    const started = logClockUs();
    try {
      const packed = call === 'finit-compressed' ? MODULE_INIT_COMPRESSED_FILE : 0;
      yield* finit(file.descriptor, step, context.flags | packed);
      return call;
    } catch (error) {
      if (yield* isCallMissing(error, context)) call = 'init';
      else if (call === 'finit-compressed' && isUnpackable(error, context)) {
        refusal = error;
      } else throw error;
    }
    if (refusal !== undefined) {
      const unpacked = yield* imageRefused(file, step, { refusal, started, context });
      return yield* finitUnpacked(unpacked, step, context);
    }
  }
  const image = yield* unpackedImage(file);
  return call === 'init' ? yield* init(image, step, context) : yield* finitUnpacked(image, step, context);
}

function isUnpackable(error: unknown, { compat }: CallContext): error is ModuleSystemError {
  return !compat && error instanceof ModuleSystemError && error.code === 'EINVAL';
}

// EINVAL is also the word for a bad parameter, and the init's own: only where the file's compression is to blame is there
// an image to go on with.
function* imageRefused(
  file: OpenModuleFile,
  { module, path }: InsertStep,
  { refusal, started, context }: { refusal: ModuleSystemError; started: number; context: CallContext },
): Run<Buffer> {
  let image: Buffer;
  try {
    image = yield* unpackedImage(file);
  } catch (fault) {
    const hint = fault instanceof Error ? fault.message : String(fault);
    const { errno: result, syscall } = refusal;
    throw new ModuleSystemError({ result, syscall, path, module, hint });
  }
  const bytes = fileBytes(file);
  const isForeign = detectCompression(bytes) === 'xz' && !isXzOfKernel(bytes);
  if (!isForeign && !hasDecompressionComplaint(started, context.kernel)) throw refusal;
  return image;
}

function* finitUnpacked(image: Buffer, step: InsertStep, context: CallContext): Run<InsertCall> {
  let memory: number;
  try {
    memory = memoryFile(step.path.replace(/^.*\//, ''), image);
  } catch (error) {
    // Linux before 3.17, or a policy against such files.
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    return yield* init(image, step, context);
  }
  try {
    yield* finit(memory, step, context.flags);
    return 'finit-unpacked';
  } catch (error) {
    if (!(yield* isCallMissing(error, context))) throw error;
  } finally {
    closeSync(memory);
  }
  return yield* init(image, step, context);
}

function* finit(descriptor: number, { module, path, parameters }: InsertStep, flags: number): Run<void> {
  const subject = { module, path };
  yield {
    kind: 'call',
    invoke: (calls) => calls.finitModule(descriptor, parameters, flags, subject),
    invokeSync: (calls) => calls.finitModuleSync(descriptor, parameters, flags, subject),
  };
}

function* init(
  image: Buffer,
  { module, path, parameters }: InsertStep,
  { flags }: CallContext,
): Run<InsertCall> {
  const subject = { module, path };
  const forced = {
    vermagic: (flags & MODULE_INIT_IGNORE_VERMAGIC) !== 0,
    modversion: (flags & MODULE_INIT_IGNORE_MODVERSIONS) !== 0,
  };
  const content = flags === 0 ? image : forcedImage(image, path, forced);
  yield {
    kind: 'call',
    invoke: (calls) => calls.initModule(content, parameters, subject),
    invokeSync: (calls) => calls.initModuleSync(content, parameters, subject),
  };
  return 'init';
}

// Linux before 3.8, or a filter of system calls that knows only the old one.
function* isCallMissing(error: unknown, context: CallContext): Run<boolean> {
  if (!(error instanceof ModuleSystemError) || error.syscall !== 'finit_module') return false;
  if (error.code === 'ENOSYS') return true;
  return error.code === 'EPERM' && !context.compat && (yield* isFiltered(context));
}

/** Whether a filter of system calls keeps this process from finit_module(2) and not from init_module(2). */
function* isFiltered({ kernel }: CallContext): Run<boolean> {
  const status = readKernelText(kernelPath(kernel, 'proc/self/status'))?.text ?? '';
  if (!/^Seccomp:\s*2$/m.test(status)) return false;
  // Neither call can load anything: a folder is no file, and one byte is no module.
  const folder = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);
  const subject = { module: '', path: '/' };
  const nothing = Buffer.alloc(1);
  try {
    const byFile = yield* answerOf({
      kind: 'call',
      invoke: (calls) => calls.finitModule(folder, '', 0, subject),
      invokeSync: (calls) => calls.finitModuleSync(folder, '', 0, subject),
    });
    if (byFile !== 'EPERM') return false;
    const byImage = yield* answerOf({
      kind: 'call',
      invoke: (calls) => calls.initModule(nothing, '', subject),
      invokeSync: (calls) => calls.initModuleSync(nothing, '', subject),
    });
    return byImage === 'ENOEXEC';
  } finally {
    closeSync(folder);
  }
}

function* answerOf(effect: Effect): Run<string> {
  try {
    yield effect;
    return '';
  } catch (error) {
    return error instanceof ModuleSystemError ? error.code : '';
  }
}
