import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { nearestName } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath, normalizeAlias } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';

/** A module that a name stands for. */
export interface LookupResult {
  /** The kernel's name of the module, with underscores. */
  readonly module: string;
  /** What was asked for. */
  readonly asked: string;
  /** How it was found. */
  readonly by: 'name' | 'alias' | 'symbol' | 'builtin' | 'builtin-alias' | 'path';
  /** Its file, where that was named; otherwise null and the tree knows it. */
  readonly path: string | null;
}

/**
 * All modules that a name stands for, in the order in which they are to be loaded. What begins with `/` or `./` is a
 * file. Otherwise the first of these that knows the name decides, as with kmod: the modules of the tree, exported
 * symbols (`symbol:NAME`), the aliases that modules declare, the modules built into the kernel and their aliases.
 *
 * @param workingDirectory folder that `./` stands for. Default: the process's
 * @returns an empty list when nothing has the name
 * @throws KmodError `ERR_KMOD_MODULE_FILE` when a named file does not exist; `ERR_KMOD_INDEX_UNREADABLE`,
 *   `ERR_KMOD_INDEX_CORRUPT`
 */
export function lookUp(tree: ModuleTree, asked: string, workingDirectory?: string): readonly LookupResult[] {
  if (asked.startsWith('/') || asked.startsWith('./')) return [lookUpFile(asked, workingDirectory)];
  return lookUpName(tree, asked);
}

/**
 * {@link lookUp} for what is never a file.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function lookUpName(tree: ModuleTree, asked: string): readonly LookupResult[] {
  const name = normalizeAlias(asked);
  if (name === undefined || name === '') return [];
  const found = (by: LookupResult['by'], modules: readonly string[]): readonly LookupResult[] =>
    modules.map((module) => ({ module, asked, by, path: null }));
  if (!name.includes(':') && tree.dependencyLine(name) !== undefined) return found('name', [name]);
  const bySymbol = name.startsWith('symbol:') ? tree.modulesOfSymbol(name) : [];
  if (bySymbol.length > 0) return found('symbol', bySymbol);
  const byAlias = tree.modulesOfAlias(name);
  if (byAlias.length > 0) return found('alias', byAlias);
  if (tree.isBuiltin(name)) return found('builtin', [name]);
  return found('builtin-alias', tree.builtinsOfAlias(name));
}

/**
 * {@link lookUp} where a name without a module is an error.
 *
 * @throws KmodError `ERR_KMOD_NOT_FOUND`, with the nearest name of the tree if there is one; `ERR_KMOD_INDEX_MISSING`
 *   when there is nothing to look into
 */
export function requireModules(tree: ModuleTree, asked: string): readonly LookupResult[] {
  const results = lookUp(tree, asked);
  if (results.length > 0) return results;
  tree.requireIndexes();
  const nearest = nearestModule(tree, asked);
  const remedy =
    nearest === undefined
      ? 'If its file was added lately, run depmod.'
      : `Did you mean "${nearest}"? If its file was added lately, run depmod.`;
  throw new KmodError('ERR_KMOD_NOT_FOUND', `Module ${asked} not found in ${tree.directory}. ${remedy}`, {
    module: asked,
    path: tree.directory,
  });
}

/** Whether a module that was looked up is part of the kernel's image; a file never is. */
export function isBuiltin(tree: ModuleTree, { module, by }: LookupResult): boolean {
  if (by === 'path') return false;
  return by === 'builtin' || by === 'builtin-alias' || tree.isBuiltin(module);
}

function lookUpFile(asked: string, workingDirectory: string | undefined): LookupResult {
  const path = asked.startsWith('/') ? asked : `${workingDirectory ?? resolve('.')}/${asked}`;
  try {
    statSync(path);
  } catch (cause) {
    const { errno, message } = cause as NodeJS.ErrnoException;
    throw new KmodError('ERR_KMOD_MODULE_FILE', `The module file ${asked} cannot be used: ${message}`, {
      path,
      syscall: 'stat',
      cause,
      ...(errno !== undefined && { errno }),
    });
  }
  return { module: moduleNameOfPath(path), asked, by: 'path', path };
}

// Only names that begin alike are compared, so that the search stays cheap in a tree of thousands.
function nearestModule(tree: ModuleTree, asked: string): string | undefined {
  const name = asked.replaceAll('-', '_');
  if (name.length < 3 || name.length > 64 || name.includes(':')) return undefined;
  const candidates: string[] = [];
  for (const { key } of tree.index('modules.dep.bin')?.entries() ?? [])
    if (key[0] === name[0] && Math.abs(key.length - name.length) <= 2) candidates.push(key);
  return nearestName(name, candidates);
}
