import { requireOptions } from '../errors/argument.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';

/**
 * The loaded modules, newest first.
 *
 * @param options `root`: folder that holds the `proc` to read, default `/`
 * @throws KmodError `ERR_KMOD_NO_MODULE_SUPPORT` on a kernel without modules, `ERR_KMOD_PROC` for an unknown form
 */
export function lsmod(options: KernelLocation = {}): readonly LoadedModule[] {
  requireOptions('options', options, { root: 'string' });
  return loadedModules(options);
}
