import { readdirSync } from 'node:fs';

import { type KernelLocation, kernelPath, readKernelText } from '../kernel-file.ts';
import type { ModuleState } from '../loaded-module.ts';
import { moduleCoreSize, moduleHolders, moduleRefcount, moduleState } from '../module-state.ts';
import { knownInstance } from './module-scan.ts';

/**
 * What /sys says of a module. It is read when the module's coming is noticed, a little after that: the numbers are those of that
 * moment. Each is null where the kernel does not tell it, or the module is gone again.
 */
export interface ModuleDetails {
  /** Memory in bytes, without that of its init sections. */
  readonly size: number | null;
  /** Number of users. One of them may still be the load itself. */
  readonly refcount: number | null;
  readonly state: ModuleState | null;
  readonly version: string | null;
  /** Checksum of the source files, where the module says one. */
  readonly sourceVersion: string | null;
  /** Letters of the taints that it causes, for example `OE`; empty for none. */
  readonly taints: string | null;
  /** Modules that use it already. */
  readonly holders: readonly string[];
  /** Values that the kernel shows, by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads them. Null where the module is gone, or another load of it came in meanwhile. */
export function moduleDetails(name: string, location: KernelLocation = {}): ModuleDetails | null {
  const instance = knownInstance(name, location);
  if (instance === undefined) return null;
  const details = {
    size: orNull(() => moduleCoreSize(name, location)),
    refcount: orNull(() => moduleRefcount(name, location)),
    state: orNull(() => moduleState(name, location)),
    version: text(name, 'version', location),
    sourceVersion: text(name, 'srcversion', location),
    taints: text(name, 'taint', location),
    holders: moduleHolders(name, location),
    parameters: parameterValues(name, location),
  };
  return knownInstance(name, location) === instance ? details : null;
}

/** Also where it cannot be read, be it that there are no descriptors left: that a module came is told all the same. */
function orNull<Value>(read: () => Value | undefined): Value | null {
  try {
    return read() ?? null;
  } catch {
    return null;
  }
}

function text(name: string, file: string, location: KernelLocation): string | null {
  return orNull(() => readKernelText(kernelPath(location, `sys/module/${name}/${file}`))?.text.trim());
}

/** Those that may be read: some are for root alone, some can only be written. */
function parameterValues(name: string, location: KernelLocation): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const parameter of parameterNames(name, location)) {
    const value = text(name, `parameters/${parameter}`, location);
    if (value !== null) values[parameter] = value;
  }
  return values;
}

function parameterNames(name: string, location: KernelLocation): readonly string[] {
  try {
    return readdirSync(kernelPath(location, `sys/module/${name}/parameters`));
  } catch {
    return [];
  }
}
