/**
 * The calls of modules(2) (1995) and of Linux 2.2 and 2.4, raw. Linux 2.6 removed them: today's kernels answer ENOSYS
 * on the architectures that ever had them, and where the numbers belong to other calls (arm64, riscv) the addon
 * answers ENOSYS itself and issues nothing.
 */
import { argumentRangeError, argumentTypeError, requireInteger } from '../errors/argument.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import { requireCString, requireImage } from './call-arguments.ts';
import { nativeBinding } from './load-binding.ts';

/** query_module: does the call exist? */
export const QM_EXISTS = 0;
/** query_module: names of the loaded modules, each with its NUL. */
export const QM_MODULES = 1;
/** query_module: names of the modules that the named one uses. */
export const QM_DEPS = 2;
/** query_module: names of the modules that use the named one. */
export const QM_REFS = 3;
/** query_module: exported symbols and their values. */
export const QM_SYMBOLS = 4;
/** query_module: struct module_info of the named module. */
export const QM_INFO = 5;

/** Size of struct kernel_sym in bytes: an unsigned long and 60 characters, padded to the long's alignment. */
const KERNEL_SYM_SIZE = process.arch === 'ia32' || process.arch === 'arm' ? 64 : 72;

/**
 * create_module(2): reserves kernel memory for a module. Answers its address.
 *
 * @param size in bytes
 * @throws ModuleSystemError `ENOSYS` on every kernel since 2.6
 */
function createModule(name: string, size: number): bigint {
  requireCString('name', name);
  requireInteger('size', size, 0, Number.MAX_SAFE_INTEGER);
  const answer = nativeBinding().createModule(name, size);
  if (answer >= -4095n && answer < 0n)
    throw new ModuleSystemError({ syscall: 'create_module', result: Number(answer), module: name });
  return answer;
}

/**
 * get_kernel_syms(2): the number of entries, and, with a table, the entries themselves.
 *
 * @param table filled with `struct kernel_sym` entries; null, the default, asks for their number only
 * @throws RangeError for a table too small for the present number; ModuleSystemError `ENOSYS` on every kernel since 2.6
 */
function getKernelSyms(table: Uint8Array | null = null): number {
  const view = table === null ? null : requireImage('table', table);
  const count = symbolCount(null);
  if (view === null) return count;
  // The call has no size argument: it would write past a short table.
  const needed = count * KERNEL_SYM_SIZE;
  if (view.byteLength < needed)
    throw argumentRangeError('table', `at least ${needed} bytes long`, view.byteLength);
  return symbolCount(view);
}

/** What query_module answered: the bytes are in the buffer, `ret` is their number or the size needed. */
export interface QueryModuleResult {
  /** Number of entries, or bytes, as `which` defines. */
  readonly ret: number;
}

/**
 * query_module(2).
 *
 * @param name module asked about; null for the kernel itself
 * @param which one of the `QM_*` constants
 * @param buffer receives the answer; default null
 * @throws ModuleSystemError `ENOSYS` on every kernel since 2.6
 */
function queryModule(
  name: string | null,
  which: number,
  buffer: Uint8Array | null = null,
): QueryModuleResult {
  if (name !== null && typeof name !== 'string')
    throw argumentTypeError('name', 'of type string or null', name);
  if (name !== null) requireCString('name', name);
  requireInteger('which', which, 0, 0x7fff_ffff);
  const view = buffer === null ? null : requireImage('buffer', buffer);
  const { result, ret } = nativeBinding().queryModule(name, which, view);
  if (result !== 0)
    throw new ModuleSystemError({ syscall: 'query_module', result, module: name ?? undefined });
  return { ret };
}

function symbolCount(table: Uint8Array | null): number {
  const result = nativeBinding().getKernelSyms(table);
  if (result < 0) throw new ModuleSystemError({ syscall: 'get_kernel_syms', result });
  return result;
}

/** The old calls as an object, so that a caller can put another implementation in their place. */
export interface ObsoleteCalls {
  readonly createModule: (name: string, size: number) => bigint;
  readonly getKernelSyms: (table?: Uint8Array | null) => number;
  readonly queryModule: (name: string | null, which: number, buffer?: Uint8Array | null) => QueryModuleResult;
}

/** The old calls as they are. */
export const obsoleteCalls: ObsoleteCalls = { createModule, getKernelSyms, queryModule };
