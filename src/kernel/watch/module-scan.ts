import type { KernelLocation } from '../kernel-file.ts';
import { loadedModules } from '../loaded-modules.ts';
import type { ModuleState } from '../loaded-module.ts';
import { moduleInstance } from '../module-state.ts';

/** A module as a scan of the kernel's list found it. */
export interface ScannedModule {
  readonly state: ModuleState;
  /** See `moduleInstance`; undefined where it is not known. */
  readonly instance: bigint | undefined;
}

/** All modules at one time, by their names, the oldest first. */
export type ModuleScan = ReadonlyMap<string, ScannedModule>;

/**
 * Reads /proc/modules, and which load each module is of.
 *
 * @throws KmodError as `loadedModules`
 */
export function scanModules(location: KernelLocation = {}): ModuleScan {
  return new Map(
    loadedModules(location)
      .toReversed()
      .map(({ name, state }) => [name, { state, instance: moduleInstance(name, location) }]),
  );
}
