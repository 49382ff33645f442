import type { KernelLocation } from '../kernel-file.ts';
import { loadedModules } from '../loaded-modules.ts';
import type { ModuleState } from '../loaded-module.ts';
import { moduleInstance } from '../module-state.ts';

/** A module as a scan of the kernel's list found it. */
export interface ScannedModule {
  readonly state: ModuleState;
  /** See {@link knownInstance}. */
  readonly instance: bigint | undefined;
}

/** What `moduleInstance` answers; undefined also where one may not ask. */
export function knownInstance(module: string, location: KernelLocation): bigint | undefined {
  try {
    return moduleInstance(module, location);
  } catch {
    return undefined;
  }
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
      .map(({ name, state }) => [name, { state, instance: knownInstance(name, location) }]),
  );
}
