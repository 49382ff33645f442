import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { nearestName } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath, normalizeAlias } from '../index-files/module-name.ts';
import { indexConfiguration } from '../config/configuration-index.ts';
import type { CommandRecord, ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import { filePath } from '../native/byte-text.ts';

/** A module that a name stands for. */
export interface LookupResult {
  /** The kernel's name of the module, with underscores. */
  readonly module: string;
  /** What was asked for. */
  readonly asked: string;
  /** How it was found. */
  readonly by:
    'configured-alias' | 'name' | 'symbol' | 'command' | 'alias' | 'builtin' | 'builtin-alias' | 'path';
  /**
   * The alias that it was found by, which options may be for: the pattern of a configured one, otherwise what was asked
   * for. Null where it was found by its own name.
   */
  readonly alias: string | null;
  /** Its file, where that was named; otherwise null and the tree knows it. */
  readonly path: string | null;
  /** The install command that it was found by; null where it was found otherwise. */
  readonly command: CommandRecord | null;
  /** The line of the configuration that it was found by; null where it was found otherwise. */
  readonly origin: TextOrigin | null;
}

/** How to look up. */
export interface LookupOptions {
  /** Its aliases and commands are looked through. Default: none. */
  readonly configuration?: ModprobeConfiguration | undefined;
  /** Folder that `./` stands for. Default: the process's. */
  readonly workingDirectory?: string | undefined;
}

/**
 * All modules that a name stands for, in the order in which they are to be loaded. What begins with `/` or `./` is a
 * file. Otherwise the first of these that knows the name decides, as with kmod: the aliases of the configuration, the
 * modules of the tree, exported symbols (`symbol:NAME`), modules that only the configuration has a command for, the
 * aliases that modules declare, the modules built into the kernel and their aliases.
 *
 * @returns an empty list when nothing has the name
 * @throws KmodError `ERR_KMOD_MODULE_FILE` when a named file does not exist; `ERR_KMOD_INDEX_UNREADABLE`,
 *   `ERR_KMOD_INDEX_CORRUPT`
 */
export function lookUp(
  tree: ModuleTree,
  asked: string,
  { configuration, workingDirectory }: LookupOptions = {},
): readonly LookupResult[] {
  if (asked.startsWith('/') || asked.startsWith('./')) return [lookUpFile(asked, workingDirectory)];
  return lookUpName(tree, asked, configuration);
}

/**
 * {@link lookUp} for what is never a file.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function lookUpName(
  tree: ModuleTree,
  asked: string,
  configuration?: ModprobeConfiguration,
): readonly LookupResult[] {
  const name = normalizeAlias(asked);
  if (name === undefined || name === '') return [];
  const index = configuration && indexConfiguration(configuration);
  const facts = { asked, path: null, command: null, origin: null } as const;
  const configured = index?.aliases(name) ?? [];
  if (configured.length > 0)
    return configured.map(({ module, pattern, origin }) => ({
      ...facts,
      module,
      by: 'configured-alias',
      alias: pattern,
      origin,
    }));
  const found = (
    by: LookupResult['by'],
    modules: readonly string[],
    alias: string | null = null,
  ): readonly LookupResult[] => modules.map((module) => ({ ...facts, module, by, alias }));
  if (!name.includes(':') && tree.dependencyLine(name) !== undefined) return found('name', [name]);
  const bySymbol = name.startsWith('symbol:') ? tree.modulesOfSymbol(name) : [];
  if (bySymbol.length > 0) return found('symbol', bySymbol, name);
  const command = index?.namedCommand(name);
  if (command !== undefined) {
    const { directive, record } = command;
    const install = directive === 'install' ? record : null;
    return [{ ...facts, module: name, by: 'command', alias: null, command: install, origin: record.origin }];
  }
  const byAlias = tree.modulesOfAlias(name);
  if (byAlias.length > 0) return found('alias', byAlias, name);
  if (tree.isBuiltin(name)) return found('builtin', [name]);
  return found('builtin-alias', tree.builtinsOfAlias(name), name);
}

/**
 * {@link lookUp} where a name without a module is an error.
 *
 * @throws KmodError `ERR_KMOD_NOT_FOUND`, with the nearest name of the tree if there is one; `ERR_KMOD_INDEX_MISSING`
 *   when there is nothing to look into
 */
export function requireModules(
  tree: ModuleTree,
  asked: string,
  options: LookupOptions = {},
): readonly LookupResult[] {
  const results = lookUp(tree, asked, options);
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
    statSync(filePath(path));
  } catch (cause) {
    const { errno, message } = cause as NodeJS.ErrnoException;
    throw fileError(asked, path, { reason: message, cause, ...(errno !== undefined && { errno }) });
  }
  const module = path.endsWith('/') ? '' : moduleNameOfPath(path);
  // kmod answers as if there were no such file.
  if (module === '') throw fileError(asked, path, { reason: 'no module can have this name', errno: ENOENT });
  return { module, asked, by: 'path', alias: null, path, command: null, origin: null };
}

const ENOENT = -2;

function fileError(
  asked: string,
  path: string,
  { reason, ...facts }: { readonly reason: string; readonly errno?: number; readonly cause?: unknown },
): KmodError {
  const text = `The module file ${asked} cannot be used: ${reason}`;
  return new KmodError('ERR_KMOD_MODULE_FILE', text, { path, syscall: 'stat', ...facts });
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
