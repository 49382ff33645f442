import { argumentTypeError, requireInteger, requireOptions } from '../errors/argument.ts';
import { errnoNumber } from '../errors/errno.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import { readAutocleanMarks } from '../execute/autoclean-marks.ts';
import { type KernelLocation, kernelPath, readKernelText } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import type { KernelSymbol } from '../kernel/old-calls/kernel-symbol.ts';
import { MOD_AUTOCLEAN, moduleFlagsOf } from '../kernel/old-calls/module-constants.ts';
import {
  decodeModuleInfo,
  decodeModuleNames,
  decodeModuleSymbols,
  encodeModuleInfo,
  encodeModuleNames,
  encodeModuleSymbols,
  type QueriedInfo,
} from '../kernel/old-calls/query-answer.ts';
import {
  type ObsoleteCalls,
  obsoleteCalls,
  QM_DEPS,
  QM_EXISTS,
  QM_INFO,
  QM_MODULES,
  QM_REFS,
  QM_SYMBOLS,
} from '../native/obsolete-calls.ts';
import { modulesAndExports } from './kernel-symbols.ts';
import { type AnswerSource, answerOfKernel } from './old-call.ts';

/** Options of {@link queryModule}. */
export interface QueryModuleOptions extends KernelLocation {
  /** Receives the answer in the bytes of the call, for this machine. Default: none, and no limit. */
  readonly buffer?: Uint8Array | undefined;
}

/** The answer of {@link queryModule}. What the question is not about is null. */
export interface QueryAnswer {
  readonly source: AnswerSource;
  /** What the call writes to `*ret`: the number of names or symbols, or the size of struct module_info. */
  readonly ret: number;
  /** For QM_MODULES (newest first), QM_DEPS and QM_REFS. */
  readonly names: readonly string[] | null;
  /** For QM_SYMBOLS; values are null where the kernel hides addresses. */
  readonly symbols: readonly KernelSymbol[] | null;
  /** For QM_INFO. */
  readonly info: QueriedInfo | null;
  /** Names of flags and fields that today's kernel does not keep, so that their absence in the answer says nothing. */
  readonly unknown: readonly string[];
}

/** ENOSPC of query_module: the buffer is too small. */
export class QuerySpaceError extends ModuleSystemError {
  /** Size of a buffer that holds the answer, in bytes: what the call writes to `*ret`. */
  readonly needed: number;

  constructor(module: string | undefined, needed: number) {
    super({ syscall: 'query_module', result: -28, module, hint: `the answer has ${needed} bytes` });
    this.needed = needed;
  }
}

/** Flags of 2.4 that counted the uses of a module, which no kernel since tells. */
const UNKNOWN_FLAGS: readonly string[] = ['MOD_VISITED', 'MOD_USED_ONCE', 'MOD_JUST_FREED'];
const FIRST_BUFFER = 4096;
const LAST_BUFFER = 2 ** 26;

/**
 * query_module(2) of Linux 2.2 and 2.4. Asks the call itself, and where the kernel has none (since 2.6) gives the same answer
 * from /proc/modules, /sys/module and, for QM_SYMBOLS, /proc/kallsyms.
 *
 * @param name a loaded module, with underscores; null for the kernel itself
 * @param which one of the `QM_*` constants
 * @throws as a rejection: TypeError; ModuleSystemError `ENOENT` for a module that is not loaded, `EINVAL` for an unknown
 *   question, an empty name, and questions that cannot be asked of the kernel itself; {@link QuerySpaceError} (`ENOSPC`)
 *   for a buffer that is too small; KmodError `ERR_KMOD_NO_SYMBOLS`, `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_PROC`
 */
export async function queryModule(
  name: string | null,
  which: number,
  options: QueryModuleOptions = {},
  calls: Pick<ObsoleteCalls, 'queryModule'> = obsoleteCalls,
): Promise<QueryAnswer> {
  if (name !== null && typeof name !== 'string')
    throw argumentTypeError('name', 'of type string or null', name);
  requireInteger('which', which, 0, 0x7fff_ffff);
  requireOptions('options', options, { root: 'string', buffer: 'object' });
  const { buffer, ...location } = options;
  if (buffer !== undefined && !(buffer instanceof Uint8Array))
    throw argumentTypeError('options.buffer', 'a Buffer or Uint8Array', buffer);
  const answer =
    answerOfKernel(location, () => askKernel(name, which, calls)) ??
    (await emulatedAnswer(name, which, location));
  if (buffer !== undefined) fill(buffer, answer, name);
  return answer;
}

function askKernel(
  name: string | null,
  which: number,
  { queryModule: ask }: Pick<ObsoleteCalls, 'queryModule'>,
): QueryAnswer {
  for (let size = FIRST_BUFFER; ; size *= 2) {
    const bytes = new Uint8Array(size);
    try {
      const { ret } = ask(name, which, bytes);
      return answerOf('kernel', {
        ret,
        names: isAboutNames(which) ? decodeModuleNames(bytes, ret) : null,
        symbols: which === QM_SYMBOLS ? decodeModuleSymbols(bytes, ret) : null,
        info: which === QM_INFO ? decodeModuleInfo(bytes) : null,
      });
    } catch (error) {
      if (!(error instanceof ModuleSystemError) || error.code !== 'ENOSPC' || size >= LAST_BUFFER)
        throw error;
    }
  }
}

async function emulatedAnswer(
  name: string | null,
  which: number,
  location: KernelLocation,
): Promise<QueryAnswer> {
  // As there: the name is looked up first, whatever the question is.
  const modules = loadedModules(location);
  const module = name === null ? null : requireLoaded(name, modules);
  switch (which) {
    case QM_EXISTS:
      return answerOf('emulated', { ret: 0 });
    case QM_MODULES:
      return namesAnswer(modules.map((each) => each.name));
    case QM_DEPS:
      return dependencies(notTheKernel(module), modules);
    case QM_REFS: {
      const { users, state } = notTheKernel(module);
      return namesAnswer(state === 'going' ? [] : users);
    }
    case QM_SYMBOLS:
      return symbolsAnswer(module, location);
    case QM_INFO:
      return infoAnswer(notTheKernel(module), location);
    default:
      throw refusal('EINVAL', name);
  }
}

function dependencies({ name, state }: LoadedModule, modules: readonly LoadedModule[]): QueryAnswer {
  const used = modules.filter(({ users }) => users.includes(name)).map((each) => each.name);
  return namesAnswer(state === 'going' ? [] : used);
}

async function symbolsAnswer(module: LoadedModule | null, location: KernelLocation): Promise<QueryAnswer> {
  if (module?.state === 'going') return answerOf('emulated', { ret: 0, symbols: [] });
  const { exports } = await modulesAndExports(location);
  const symbols = module === null ? exports.resident : (exports.modules.get(module.name)?.symbols ?? []);
  return answerOf('emulated', { ret: symbols.length, symbols });
}

function infoAnswer({ name, size, state, refcount }: LoadedModule, location: KernelLocation): QueryAnswer {
  const info = {
    address: recordAddress(name, location),
    size,
    flags: moduleFlagsOf(state) | (readAutocleanMarks(location).has(name) ? MOD_AUTOCLEAN : 0),
    usecount: refcount ?? -1,
  };
  return answerOf('emulated', { ret: encodeModuleInfo(info).length, info, unknown: UNKNOWN_FLAGS });
}

/** Address of a module's `struct module`: a section of its own. Null where it is hidden, and without the right to read it. */
function recordAddress(name: string, location: KernelLocation): bigint | null {
  const path = kernelPath(location, `sys/module/${name}/sections/.gnu.linkonce.this_module`);
  try {
    const text = readKernelText(path)?.text.trim() ?? '';
    return /^0x[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(text) ? BigInt(text) : null;
  } catch {
    return null;
  }
}

function namesAnswer(names: readonly string[]): QueryAnswer {
  return answerOf('emulated', { ret: names.length, names });
}

function answerOf(source: AnswerSource, facts: Partial<QueryAnswer> & Pick<QueryAnswer, 'ret'>): QueryAnswer {
  return { names: null, symbols: null, info: null, unknown: [], ...facts, source };
}

function isAboutNames(which: number): boolean {
  return which === QM_MODULES || which === QM_DEPS || which === QM_REFS;
}

function requireLoaded(name: string, modules: readonly LoadedModule[]): LoadedModule {
  if (name === '') throw refusal('EINVAL', name);
  const module = modules.find((each) => each.name === name);
  if (module === undefined) throw refusal('ENOENT', name);
  return module;
}

/** Not every question can be asked of the kernel itself. */
function notTheKernel(module: LoadedModule | null): LoadedModule {
  if (module === null) throw refusal('EINVAL', null);
  return module;
}

function refusal(code: 'EINVAL' | 'ENOENT', name: string | null): ModuleSystemError {
  return new ModuleSystemError({
    syscall: 'query_module',
    result: -(errnoNumber(code) ?? 0),
    module: name ?? undefined,
  });
}

function fill(buffer: Uint8Array, { names, symbols, info }: QueryAnswer, name: string | null): void {
  const bytes =
    names !== null
      ? encodeModuleNames(names)
      : symbols !== null
        ? encodeModuleSymbols(symbols)
        : info !== null
          ? encodeModuleInfo(info)
          : new Uint8Array();
  if (bytes.length > buffer.length) throw new QuerySpaceError(name ?? undefined, bytes.length);
  buffer.set(bytes);
}
