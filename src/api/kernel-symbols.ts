import { requireOptions } from '../errors/argument.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { type KernelExports, kernelExports } from '../kernel/kernel-exports.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import { versionedSymbolName } from '../module-file/prototype-crc.ts';
import {
  decodeKernelSymbols,
  type KernelSymbol,
  kernelSymbolSize,
} from '../kernel/old-calls/kernel-symbol.ts';
import { type ObsoleteCalls, obsoleteCalls } from '../native/obsolete-calls.ts';
import { type AnswerSource, answerOfKernel } from './old-call.ts';
import { treeOf } from './place-options.ts';
import { knownVersions, witnessNames } from './version-source.ts';

/** The answer of {@link getKernelSyms}. */
export interface KernelSymbolTable {
  readonly source: AnswerSource;
  /**
   * What get_kernel_syms(NULL) answers: the entries of the kernel and of all modules. Those of modules that come or go
   * are counted but not in the table, as it was.
   */
  readonly count: number;
  /**
   * The modules, newest first: `#NAME` with the address of the module's `struct module`, then its exported symbols. At
   * last `#` with value 0 and the symbols of the kernel itself.
   */
  readonly symbols: readonly KernelSymbol[];
  /** Whether the kernel keeps addresses from the caller: then all values but that of `#` are null. */
  readonly addressesHidden: boolean;
}

/** Options of {@link getKernelSyms}. */
export interface KernelSymbolOptions extends KernelLocation {
  /**
   * Whether names have the versions of their symbols, as they had when kernel and modules were built with versions:
   * `export_function_R888cb211`. A symbol whose version cannot be known keeps its name. Default false.
   */
  readonly versions?: boolean | undefined;
  /** Release whose modules tell the versions. Default: that of the running kernel. */
  readonly release?: string | undefined;
}

const MAX_PASSES = 5;

/**
 * get_kernel_syms(2) of 1995: the kernel's symbol table. Asks the call itself, and where the kernel has none (since 2.6)
 * makes the same table from /proc/kallsyms and /proc/modules, with whole names where the call cut them to 59
 * characters. {@link encodeKernelSymbols} makes the call's bytes of it.
 *
 * Values need the right to see addresses: CAP_SYSLOG, and kptr_restrict not 2.
 *
 * @throws as a rejection: KmodError `ERR_KMOD_NO_SYMBOLS` where the kernel does not list its exports, `ERR_KMOD_PROC`,
 *   `ERR_KMOD_NO_MODULE_SUPPORT`
 */
export async function getKernelSyms(
  options: KernelSymbolOptions = {},
  calls: Pick<ObsoleteCalls, 'getKernelSyms'> = obsoleteCalls,
): Promise<KernelSymbolTable> {
  requireOptions('options', options, { root: 'string', versions: 'boolean', release: 'string' });
  const { versions = false, release, ...location } = options;
  const table = answerOfKernel(location, () => tableOfKernel(calls)) ?? (await emulatedTable(location));
  return versions ? withVersions(table, treeOf({ root: location.root, release }), location) : table;
}

/** Only in an emulated table: the kernels that made their own had versions in the names. */
async function withVersions(
  table: KernelSymbolTable,
  tree: ModuleTree,
  location: KernelLocation,
): Promise<KernelSymbolTable> {
  if (table.source === 'kernel') return table;
  const names = table.symbols.map(({ name }) => name);
  const loaded = witnessNames(loadedModules(location));
  const known = await knownVersions(
    { tree, loaded },
    names.filter((name) => !isMark(name)),
  );
  const symbols = table.symbols.map(({ name, value }) => {
    const version = isMark(name) ? undefined : known.get(name);
    return { name: version === undefined ? name : versionedSymbolName(name, version.crc), value };
  });
  return { ...table, symbols };
}

/**
 * The kernel's own table. It can grow between counting and copying, and the call writes as much as there is: room for
 * more is left, and two counts have to agree.
 */
function tableOfKernel({ getKernelSyms: ask }: Pick<ObsoleteCalls, 'getKernelSyms'>): KernelSymbolTable {
  for (let pass = 0; ; pass++) {
    const count = ask(null);
    const table = new Uint8Array(2 * count * kernelSymbolSize());
    const copied = ask(table);
    if (copied !== count && pass < MAX_PASSES) continue;
    const entries = decodeKernelSymbols(table.subarray(0, copied * kernelSymbolSize()));
    // Modules that come or go were counted and not copied: nothing has an empty name.
    const symbols = entries.filter(({ name }) => name !== '');
    return { source: 'kernel', count: copied, symbols, addressesHidden: false };
  }
}

async function emulatedTable(location: KernelLocation): Promise<KernelSymbolTable> {
  const { modules, exports } = await modulesAndExports(location);
  const symbolsOf = (name: string): readonly KernelSymbol[] => {
    const found = exports.modules.get(name);
    return [{ name: `#${name}`, value: found?.record ?? null }, ...(found?.symbols ?? [])];
  };
  const kernel = [{ name: '#', value: 0n }, ...exports.resident];
  const running = modules.filter(({ state }) => state === 'live').flatMap(({ name }) => symbolsOf(name));
  const others = modules.filter(({ state }) => state !== 'live').flatMap(({ name }) => symbolsOf(name));
  return {
    source: 'emulated',
    count: running.length + others.length + kernel.length,
    symbols: [...running, ...kernel],
    addressesHidden: exports.addressesHidden,
  };
}

/**
 * The loaded modules and what they export, of one moment: both are read again when modules came or went in between.
 *
 * @throws KmodError as {@link getKernelSyms}
 */
export async function modulesAndExports(
  location: KernelLocation,
): Promise<{ readonly modules: readonly LoadedModule[]; readonly exports: KernelExports }> {
  let before = loadedModules(location);
  for (let pass = 1; ; pass++) {
    const exports = await kernelExports(location);
    const modules = loadedModules(location);
    if (sameNames(before, modules) || pass === MAX_PASSES) return { modules, exports };
    before = modules;
  }
}

function sameNames(some: readonly LoadedModule[], others: readonly LoadedModule[]): boolean {
  return some.length === others.length && some.every(({ name }, index) => name === others[index]?.name);
}

/** Whether an entry begins the symbols of a module or of the kernel. */
function isMark(name: string): boolean {
  return name.startsWith('#');
}
