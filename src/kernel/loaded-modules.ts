import { existsSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';
import { type LoadedModule, parseLoadedModules } from './loaded-module.ts';

export type { LoadedModule } from './loaded-module.ts';

const MAX_PASSES = 10;

/**
 * The loaded modules as /proc/modules lists them, newest first.
 *
 * The kernel gives the file out in pieces of a page and lets modules come and go in between: a load doubles a line, an
 * unload drops one. So a list of more than one piece is read again until two passes name the same modules; after
 * 10 passes under constant change the last one counts, without its doubles.
 *
 * @throws KmodError `ERR_KMOD_NO_MODULE_SUPPORT` without /proc/modules, `ERR_KMOD_PROC` for an unknown form
 */
export function loadedModules(location: KernelLocation = {}): readonly LoadedModule[] {
  const path = kernelPath(location, 'proc/modules');
  let previous: string | undefined;
  let modules: readonly LoadedModule[] = [];
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const content = readKernelText(path);
    if (content === undefined) throw missingListError(location, path);
    modules = parseLoadedModules(content.text, path);
    const names = modules.map(({ name }) => name).join('\n');
    if (content.pieces <= 1 || names === previous) return modules;
    previous = names;
  }
  return [...new Map(modules.map((module) => [module.name, module])).values()];
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
