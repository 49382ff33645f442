import type { KernelLocation } from '../kernel/kernel-file.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { hasCode } from './refusal-text.ts';

/** The loaded modules; none on a kernel that cannot load any, where kmod's tools find none either. */
export function loadedIfSupported(kernel: KernelLocation): readonly LoadedModule[] {
  try {
    return loadedModules(kernel);
  } catch (error) {
    if (hasCode(error, 'ERR_KMOD_NO_MODULE_SUPPORT')) return [];
    throw error;
  }
}
