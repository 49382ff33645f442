import { statSync } from 'node:fs';

import { moduleName, moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { filePath } from '../native/byte-text.ts';
import { lookUpName } from '../plan/lookup.ts';

/** A module to tell of. */
export interface ModinfoTarget {
  /** The kernel's name of it, with underscores. */
  readonly module: string;
  /** Absolute path of its file; null when the tree has none. */
  readonly path: string | null;
  /** Whether it is part of the kernel's image. */
  readonly builtin: boolean;
}

/** What a name is taken for. */
export type ModinfoKind = 'auto' | 'name' | 'file' | 'alias';

/** Where names are looked up. */
export interface ModinfoPlace {
  readonly tree: ModuleTree;
  /** Folder that relative paths of files begin at. */
  readonly workingDirectory: string;
}

/**
 * The modules that a name stands for, by kmod's rules for modinfo: as `auto` a regular file whose name ends like a
 * module's is that file, and all else is an alias, of which the names of modules are the simplest. As `name` it is cut
 * at its first dot and is no alias of a module in a file.
 *
 * @returns an empty list when nothing has the name; a file is not looked at
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function findModinfoTargets(
  { tree, workingDirectory }: ModinfoPlace,
  asked: string,
  kind: ModinfoKind,
): readonly ModinfoTarget[] {
  const absolute = asked.startsWith('/') ? asked : `${workingDirectory}/${asked}`;
  if (kind === 'file' || (kind === 'auto' && isModuleFile(asked, absolute)))
    return [{ module: moduleNameOfPath(asked), path: absolute, builtin: false }];
  if (kind === 'name') return nameTargets(tree, moduleName(asked));
  return lookUpName(tree, asked).map(({ module, by }) => {
    const path = tree.dependencyLine(module)?.path ?? null;
    const isMarked = by === 'builtin' || by === 'builtin-alias';
    return { module, path, builtin: path === null && (isMarked || tree.isBuiltin(module)) };
  });
}

/** The first module of a name, as `modinfo -m` finds it. */
function nameTargets(tree: ModuleTree, module: string): readonly ModinfoTarget[] {
  if (module === '') return [];
  const path = module.includes(':') ? undefined : tree.dependencyLine(module)?.path;
  if (path !== undefined) return [{ module, path, builtin: false }];
  const builtin = tree.isBuiltin(module) ? module : tree.builtinsOfAlias(module)[0];
  return builtin === undefined ? [] : [{ module: builtin, path: null, builtin: true }];
}

function isModuleFile(name: string, path: string): boolean {
  if (!/.\.ko(?:\.(?:gz|xz|zst))?$/s.test(name)) return false;
  try {
    return statSync(filePath(path)).isFile();
  } catch {
    return false;
  }
}
