/**
 * init_module(2), finit_module(2) and delete_module(2) as they are: no lookup, no dependencies, no retries.
 *
 * The promise forms run on a thread of their own, not in libuv's pool, because a module's init may take seconds or
 * for ever. A call in flight cannot be cancelled: after `process.exit()` or `worker.terminate()` the kernel may still
 * finish it. (The kernel keeps a process whose thread sleeps uninterruptibly in an init until that init returns.)
 */
import { readlinkSync } from 'node:fs';

import { argumentTypeError, requireInteger, requireOptions } from '../errors/argument.ts';
import { requireDescriptor, requireImage, requireModuleName, requireParameters } from './call-arguments.ts';
import { nativeBinding } from './load-binding.ts';
import { O_NONBLOCK } from './module-flags.ts';
import { type CallSubject, refusalError, startedCall } from './refusal.ts';

export type { CallSubject } from './refusal.ts';

const MAX_FLAGS = 0x7fff_ffff;

/** The module calls as an object, so that a caller can put another implementation in their place. */
export interface ModuleCalls {
  initModule(image: Uint8Array, parameters?: string, subject?: CallSubject): Promise<void>;
  initModuleSync(image: Uint8Array, parameters?: string, subject?: CallSubject): void;
  finitModule(fd: number, parameters?: string, flags?: number, subject?: CallSubject): Promise<void>;
  finitModuleSync(fd: number, parameters?: string, flags?: number, subject?: CallSubject): void;
  deleteModule(name: string, flags?: number): Promise<void>;
  deleteModuleSync(name: string, flags?: number): void;
}

/**
 * Loads a module from memory: init_module(2).
 *
 * @param image the whole, uncompressed ELF file; copied before the call returns, so it may be reused at once
 * @param parameters `name=value` words separated by spaces, at most 4095 bytes; default none
 * @param subject what to name in an error
 * @throws TypeError for wrong argument types; KmodError `ERR_KMOD_IMAGE`, `ERR_KMOD_PARAMETERS`,
 *   `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_PLATFORM`, `ERR_KMOD_NATIVE_LOAD`; ModuleSystemError with the errno otherwise
 */
export async function initModule(
  image: Uint8Array,
  parameters = '',
  subject: CallSubject = {},
): Promise<void> {
  const bytes = requireModuleContent(image);
  const text = requireParameters('parameters', parameters);
  requireSubject(subject);
  const result = await startedCall(nativeBinding().initModuleAsync(bytes, text));
  if (result !== 0) throw refusalError({ syscall: 'init_module', result, ...subject });
}

/** {@link initModule}, blocking until the module's init has returned. */
export function initModuleSync(image: Uint8Array, parameters = '', subject: CallSubject = {}): void {
  const bytes = requireModuleContent(image);
  const text = requireParameters('parameters', parameters);
  requireSubject(subject);
  const result = nativeBinding().initModule(bytes, text);
  if (result !== 0) throw refusalError({ syscall: 'init_module', result, ...subject });
}

/**
 * Loads a module from an open file: finit_module(2).
 *
 * @param fd descriptor open for reading on a regular file; duplicated, so it may be closed at once
 * @param parameters `name=value` words separated by spaces, at most 4095 bytes; default none
 * @param flags sum of the `MODULE_INIT_*` constants; default 0
 * @param subject what to name in an error; default: the path that /proc/self/fd shows for `fd`
 * @throws as {@link initModule}; EBADF tells a closed descriptor from a write-only one
 */
export async function finitModule(
  fd: number,
  parameters = '',
  flags = 0,
  subject?: CallSubject,
): Promise<void> {
  requireFinitArguments(fd, parameters, flags, subject);
  const call = nativeBinding().finitModuleAsync(fd, parameters, flags);
  // While the call runs, but before the caller can close the descriptor and its number belong to another file.
  const before = descriptorSubject(fd);
  const result = await startedCall(call);
  if (result === 0) return;
  const sameFile = descriptorSubject(fd).path === before.path;
  throw refusalError({ syscall: 'finit_module', result, ...(sameFile && { fd }), ...(subject ?? before) });
}

/** {@link finitModule}, blocking until the module's init has returned. */
export function finitModuleSync(fd: number, parameters = '', flags = 0, subject?: CallSubject): void {
  requireFinitArguments(fd, parameters, flags, subject);
  const result = nativeBinding().finitModule(fd, parameters, flags);
  if (result !== 0)
    throw refusalError({ syscall: 'finit_module', result, fd, ...(subject ?? descriptorSubject(fd)) });
}

/**
 * Unloads a module: delete_module(2).
 *
 * @param name the kernel's name of it, with underscores; at most 55 bytes (59 on 32 bit)
 * @param flags `O_NONBLOCK` and `O_TRUNC` (force); default `O_NONBLOCK`, as rmmod passes
 * @throws TypeError for wrong argument types; KmodError `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_NO_UNLOAD_SUPPORT`,
 *   `ERR_KMOD_PLATFORM`, `ERR_KMOD_NATIVE_LOAD`; ModuleSystemError with the errno otherwise
 */
export async function deleteModule(name: string, flags: number = O_NONBLOCK): Promise<void> {
  requireDeleteArguments(name, flags);
  const result = await startedCall(nativeBinding().deleteModuleAsync(name, flags));
  if (result !== 0) throw refusalError({ syscall: 'delete_module', result, module: name });
}

/** {@link deleteModule}, blocking until the module's exit has returned. */
export function deleteModuleSync(name: string, flags: number = O_NONBLOCK): void {
  requireDeleteArguments(name, flags);
  const result = nativeBinding().deleteModule(name, flags);
  if (result !== 0) throw refusalError({ syscall: 'delete_module', result, module: name });
}

/** Who follows modules(2) of 1995 gives a name first; the kernel would take its address for the content. */
function requireModuleContent(image: unknown): Uint8Array {
  if (typeof image !== 'string') return requireImage('image', image);
  throw argumentTypeError(
    'image',
    'a Buffer or Uint8Array, the content of a module file. The form init_module(name, code, codesize, routines, symtab) of 1995, and init_module(name, image) of 2.4, ended with Linux 2.5.48: the kernel links modules itself now',
    image,
  );
}

function requireFinitArguments(
  fd: number,
  parameters: string,
  flags: number,
  subject: CallSubject | undefined,
): void {
  requireDescriptor('fd', fd);
  requireParameters('parameters', parameters);
  requireInteger('flags', flags, 0, MAX_FLAGS);
  requireSubject(subject);
}

function requireSubject(subject: CallSubject | undefined): void {
  requireOptions('subject', subject, { path: 'string', module: 'string' });
}

function requireDeleteArguments(name: string, flags: number): void {
  requireModuleName('name', name);
  requireInteger('flags', flags, 0, MAX_FLAGS);
}

function descriptorSubject(fd: number): CallSubject {
  try {
    return { path: readlinkSync(`/proc/self/fd/${fd}`) };
  } catch {
    return {};
  }
}
