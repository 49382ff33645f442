import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';

import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { type ModuleFile, readModuleFile } from '../module-file/module-file.ts';
import { readAhead } from './read-ahead.ts';

/** The version of an exported symbol, and how it is known. */
export interface KnownVersion {
  /** 32 bits, unsigned. */
  readonly crc: number;
  /** Module that exports it; `kernel` for the kernel's image. */
  readonly provider: string;
  /** File that tells: a Module.symvers, the exporting module, or a module that uses it. */
  readonly source: string;
}

/** Where versions are looked for. */
export interface VersionPlace {
  readonly tree: ModuleTree;
  /** Names of loaded modules: their versions are those of the running kernel, for it took them. */
  readonly loaded: readonly string[];
  /** Files of modules besides the tree that may export what is looked for. */
  readonly besides?: readonly string[];
  /** File that is no witness: the one that is looked at. */
  readonly except?: string | undefined;
  /** Whether all modules of the tree are asked for what few of them use. Default false: some hundreds. */
  readonly isThorough?: boolean | undefined;
}

/** Loaded modules that are witnesses: those that nobody forced the kernel to take. */
export function witnessNames(modules: readonly LoadedModule[]): readonly string[] {
  return modules.filter(({ taints }) => !taints.includes('F')).map(({ name }) => name);
}

/** As which a module's own versions name the kernel's image. */
const KERNEL = 'kernel';
/** Modules that are read ahead, for each processor. */
const READ_AHEAD = 2;
/** About how many modules of the tree are asked, spread over all of it. */
const WITNESSES = 300;

/**
 * The versions of symbols on the kernel that a tree belongs to, as far as they can be known: of a module's exports from that
 * module, of the kernel's own from Module.symvers (in the tree's `build`, or /usr/src/linux-headers-RELEASE), and
 * without that from the versions which other modules of the tree were built with. Those are the kernel's own, since it loads
 * them; in the whole of a distribution's tree about two of three exports of the kernel have a user. A symbol that is not in
 * the answer is not known.
 *
 * Files are unpacked off the main thread, and no more of them are read than needed.
 */
export async function knownVersions(
  place: VersionPlace,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, KnownVersion>> {
  const wanted = new Set(names);
  const known = new Map<string, KnownVersion>();
  const learn = (name: string, version: KnownVersion): void => {
    if (wanted.delete(name)) known.set(name, version);
  };
  await readExports(providersOf(place, wanted), learn);
  if (wanted.size > 0) readSymvers(place.tree, learn);
  if (wanted.size > 0) await readWitnesses(place, wanted, learn);
  return known;
}

type Learn = (name: string, version: KnownVersion) => void;

/** Files of the modules that export some of the symbols. */
function providersOf(
  { tree, besides = [], except }: VersionPlace,
  names: ReadonlySet<string>,
): ReadonlySet<string> {
  const paths = new Set(besides);
  for (const name of names)
    for (const module of tree.modulesOfSymbol(`symbol:${name}`)) {
      const path = tree.dependencyLine(module)?.path;
      if (path !== undefined && path !== except) paths.add(path);
    }
  return paths;
}

async function readExports(paths: ReadonlySet<string>, learn: Learn): Promise<void> {
  for await (const file of readableFiles(paths))
    for (const { name, crc } of orNone(() => file.exports))
      if (crc !== null) learn(name, { crc, provider: moduleNameOfPath(file.path), source: file.path });
}

/** Lines `0xCRC SYMBOL PLACE KIND NAMESPACE`. */
function readSymvers({ directory, release }: ModuleTree, learn: Learn): void {
  const root = directory.replace(/\/(?:usr\/)?lib\/modules\/.*$/, '');
  const path = [
    `${directory}/build/Module.symvers`,
    `${root}/usr/src/linux-headers-${release}/Module.symvers`,
  ].find((each) => existsSync(each));
  if (path === undefined) return;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return; // modules tell, too
  }
  for (const line of text.split('\n')) {
    const [crc = '', name = '', where = ''] = line.split('\t');
    if (!/^0x[0-9a-f]{1,8}$/.test(crc)) continue;
    const provider = where === 'vmlinux' ? KERNEL : basename(where).replaceAll('-', '_');
    learn(name, { crc: Number(crc), provider, source: path });
  }
}

/** Versions in the modules of the tree that were built with the kernel, and of whatever is loaded. */
async function readWitnesses(place: VersionPlace, wanted: ReadonlySet<string>, learn: Learn): Promise<void> {
  const isLoaded = new Set(place.loaded);
  for await (const file of readableFiles(witnesses(place))) {
    if (file.intree || isLoaded.has(file.name))
      for (const { name, crc } of orNone(() => file.versions))
        learn(name, { crc, provider: KERNEL, source: file.path });
    if (wanted.size === 0) return;
  }
}

/** Loaded modules first, then those in the same folder, then some of all kinds, or all. */
function witnesses({ tree, loaded, except, isThorough = false }: VersionPlace): ReadonlySet<string> {
  const pathOf = (name: string): string => tree.dependencyLine(name)?.path ?? '';
  const all = Array.from(tree.index('modules.dep.bin')?.entries() ?? [], ({ key }) => pathOf(key));
  const near = except === undefined ? [] : all.filter((path) => dirname(path) === dirname(except));
  const step = isThorough ? 1 : Math.ceil(all.length / WITNESSES);
  const paths = new Set([...loaded.map(pathOf), ...near, ...all.filter((_, index) => index % step === 0)]);
  for (const path of ['', except ?? '']) paths.delete(path);
  return paths;
}

/** Files that cannot be read are no witnesses. */
async function* readableFiles(paths: Iterable<string>): AsyncGenerator<ModuleFile, void, undefined> {
  const ahead = READ_AHEAD * availableParallelism();
  for await (const [, outcome] of readAhead(paths, (path) => readModuleFile(path), ahead))
    if ('result' in outcome) yield outcome.result;
}

/** What a file has; nothing where that part of it is damaged. */
function orNone<Item>(read: () => readonly Item[]): readonly Item[] {
  try {
    return read();
  } catch {
    return [];
  }
}
