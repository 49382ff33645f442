import { existsSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';
import { type LoadedModule, type ModuleState, parseLoadedModules } from './loaded-module.ts';
import { hasModuleFolder, isModuleListVisible, moduleState } from './module-state.ts';

export type { LoadedModule } from './loaded-module.ts';

const MAX_PASSES = 10;

/**
 * The loaded modules as /proc/modules lists them, newest first.
 *
 * The kernel gives the file out in pieces of a page and lets modules come and go in between: a load doubles a line, an
 * unload drops one. So a list of more than one piece is read again until two passes name the same modules, each once. After
 * 10 passes under constant change all that they named counts, without doubles, as far as /sys/module still has it: a
 * module that stays is never missing.
 *
 * @param read reads the list, see {@link readKernelText}
 * @throws KmodError `ERR_KMOD_NO_MODULE_SUPPORT` without /proc/modules, `ERR_KMOD_PROC` for an unknown form
 */
export function loadedModules(
  location: KernelLocation = {},
  read: typeof readKernelText = readKernelText,
): readonly LoadedModule[] {
  const path = kernelPath(location, 'proc/modules');
  let previous: string | undefined;
  let merged: readonly LoadedModule[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const content = read(path);
    if (content === undefined) throw missingListError(location, path);
    const modules = parseLoadedModules(content.text, path);
    const names = modules.map(({ name }) => name).join('\n');
    if (content.pieces <= 1) return modules;
    merged = mergeLists(modules, merged);
    if (names === previous && isWhole(modules, merged, location)) return modules;
    previous = names;
  }
  return merged.filter(({ name }) => hasModuleFolder(name, location));
}

/** Changes in step with the reading can spoil two passes in the same way: nothing is doubled, and nothing lacks that is there. */
function isWhole(
  modules: readonly LoadedModule[],
  merged: readonly LoadedModule[],
  location: KernelLocation,
): boolean {
  const names = new Set(modules.map(({ name }) => name));
  return (
    names.size === modules.length &&
    !merged.some(({ name }) => !names.has(name) && hasModuleFolder(name, location))
  );
}

/** The modules of a list, each once, and those of an older one that it lacks, each behind the one that it was behind. */
function mergeLists(list: readonly LoadedModule[], older: readonly LoadedModule[]): readonly LoadedModule[] {
  const merged = new Map(list.map((module) => [module.name, module]));
  const missing = older.filter(({ name }) => !merged.has(name));
  if (missing.length === 0) return [...merged.values()];
  const followers = new Map<string | undefined, LoadedModule[]>();
  let place: string | undefined;
  for (const module of older) {
    if (merged.has(module.name)) place = module.name;
    else followers.set(place, [...(followers.get(place) ?? []), module]);
  }
  const behind = (name: string | undefined): readonly LoadedModule[] => followers.get(name) ?? [];
  return [
    ...behind(undefined),
    ...[...merged.values()].flatMap((module) => [module, ...behind(module.name)]),
  ];
}

function missingListError(location: KernelLocation, path: string): KmodError {
  if (!existsSync(kernelPath(location, 'proc/self')) && !existsSync(kernelPath(location, 'proc/version')))
    return new KmodError(
      'ERR_KMOD_PROC',
      `${path} does not exist: no proc file system is mounted there. Mount it with: mount -t proc proc ${kernelPath(location, 'proc')}`,
      { path, errno: -2, syscall: 'open' },
    );
  return new KmodError(
    'ERR_KMOD_NO_MODULE_SUPPORT',
    `${path} does not exist: the running kernel was built without loadable modules (CONFIG_MODULES=n), so none can be loaded.`,
    { path, errno: -2, syscall: 'open' },
  );
}

/**
 * State of a loaded module: by /sys, or by /proc/modules where there is no /sys (as in some containers and rescue systems).
 * Undefined when it is not loaded, and where neither can be read.
 *
 * @param name with underscores, as the kernel writes it
 */
export function loadedState(name: string, location: KernelLocation = {}): ModuleState | undefined {
  if (isModuleListVisible(location)) return moduleState(name, location);
  try {
    return loadedModules(location).find((module) => module.name === name)?.state;
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
}
