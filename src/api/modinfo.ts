import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { argumentTypeError, requireOptions } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { type ModuleInformation, summarizeModinfo } from '../module-file/modinfo-summary.ts';
import { requireModules } from '../plan/lookup.ts';
import { ModinfoSource } from './modinfo-source.ts';
import { findModinfoTargets, type ModinfoKind, type ModinfoTarget } from './modinfo-target.ts';
import { requireNames } from './names-argument.ts';
import { type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';
import { readAhead } from './read-ahead.ts';

/** Options of {@link modinfo}. */
export interface ModinfoOptions extends Omit<PlaceOptions, 'kernelRoot'> {
  /**
   * What the names are: `name`, the name of a module; `alias`, a name or an alias; `file`, a path; `auto`, a path where
   * it begins with `/` or `./`, or ends in `.ko`, `.ko.gz`, `.ko.xz` or `.ko.zst` and is a file, otherwise an alias.
   * Default `auto`.
   */
  readonly kind?: ModinfoKind | undefined;
}

const { kernelRoot: _, ...treeOptionTypes } = placeOptionTypes;
/** Names and types of {@link ModinfoOptions}. */
export const modinfoOptionTypes = { ...treeOptionTypes, kind: 'string' } as const;
const kinds: readonly unknown[] = ['auto', 'name', 'alias', 'file'] satisfies readonly ModinfoKind[];

/** Compressed files that are read ahead, for each processor. */
export const READ_AHEAD = 2;

/**
 * What a module says of itself: description, parameters, dependencies, signature and more. Every field is there,
 * empty or null where the module has none. Modules that are part of the kernel's image are told of too.
 *
 * Compressed files are unpacked off the main thread. Nothing is loaded and no privilege needed.
 *
 * @param name a module's name, an alias, or a path; of an alias of several modules the first one is told of. A list of
 *   names gives a list with all modules of each name, in order
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_NOT_FOUND`, `ERR_KMOD_INDEX_MISSING`,
 *   `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_MODULE_CORRUPT`,
 *   `ERR_KMOD_COMPRESSED_DATA`, `ERR_KMOD_COMPRESSION_LIBRARY`, `ERR_KMOD_TOO_LARGE`
 */
export async function modinfo(name: string, options?: ModinfoOptions): Promise<ModuleInformation>;
export async function modinfo(
  names: readonly string[],
  options?: ModinfoOptions,
): Promise<readonly ModuleInformation[]>;
export async function modinfo(
  names: string | readonly string[],
  options: ModinfoOptions = {},
): Promise<ModuleInformation | readonly ModuleInformation[]> {
  const { targets, source } = prepare(names, options);
  const found: ModuleInformation[] = [];
  const outcomes = readAhead(targets, (target) => source.read(target), READ_AHEAD * availableParallelism());
  for await (const [target, outcome] of outcomes) {
    if ('error' in outcome) throw outcome.error;
    found.push(summarizeModinfo(target, outcome.result));
  }
  return typeof names === 'string' ? (found[0] as ModuleInformation) : found;
}

/** {@link modinfo}, blocking. */
export function modinfoSync(name: string, options?: ModinfoOptions): ModuleInformation;
export function modinfoSync(names: readonly string[], options?: ModinfoOptions): readonly ModuleInformation[];
export function modinfoSync(
  names: string | readonly string[],
  options: ModinfoOptions = {},
): ModuleInformation | readonly ModuleInformation[] {
  const { targets, source } = prepare(names, options);
  const found = targets.map((target) => summarizeModinfo(target, source.readSync(target)));
  return typeof names === 'string' ? (found[0] as ModuleInformation) : found;
}

function prepare(
  names: unknown,
  options: ModinfoOptions,
): { readonly targets: readonly ModinfoTarget[]; readonly source: ModinfoSource } {
  requireOptions('options', options, modinfoOptionTypes);
  const { kind = 'auto' } = options;
  if (!kinds.includes(kind)) throw argumentTypeError('options.kind', `one of ${kinds.join(', ')}`, kind);
  const tree = treeOf(options);
  const targets = requireNames(names)
    .flatMap((name) => requireTargets(tree, name, kind))
    .map((target) => ({ ...target, path: target.path === null ? null : resolve(target.path) }));
  return {
    targets: typeof names === 'string' ? targets.slice(0, 1) : targets,
    source: new ModinfoSource(tree),
  };
}

function requireTargets(tree: ModuleTree, name: string, kind: ModinfoKind): readonly ModinfoTarget[] {
  const isPath = kind === 'auto' && /^\.?\//.test(name);
  const place = { tree, workingDirectory: resolve('.') };
  const targets = findModinfoTargets(place, name, isPath ? 'file' : kind);
  if (targets.length > 0) return targets;
  // Throws, with the nearest name or what to do, unless it was a name that was wanted and this is an alias.
  requireModules(tree, name);
  throw new KmodError(
    'ERR_KMOD_NOT_FOUND',
    `No module has the name ${name} in ${tree.directory}; it is an alias. Leave out the option "kind" to ask for an alias.`,
    { module: name, path: tree.directory },
  );
}
