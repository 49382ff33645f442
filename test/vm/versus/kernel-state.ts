/** Reads, in a guest, what the kernel shows of its modules, and brings it back to what it was. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { deleteModuleSync } from '../../../src/syscalls.ts';
import type { KernelState } from './scenario.ts';

const [O_NONBLOCK, O_TRUNC] = [0o4000, 0o1000];
const PATIENCE_MS = 10_000;

/** The names of the loaded modules, the newest first. */
export function loadedNames(): readonly string[] {
  return moduleLines().map((line) => line.split(' ')[0] ?? '');
}

/** @param base names of the modules that were there at the start */
export function readKernelState(base: ReadonlySet<string>): KernelState {
  const added = loadedNames().filter((name) => !base.has(name));
  return {
    modules: moduleLines().map((line) => {
      const [name, , count, users, state, , taints = ''] = line.split(' ');
      return [name, count, users, state, taints].join(' ').trimEnd();
    }),
    parameters: Object.fromEntries(added.map((name) => [name, readParameters(name)])),
    holders: Object.fromEntries(added.map((name) => [name, namesIn(`/sys/module/${name}/holders`)])),
  };
}

/**
 * Unloads all that was not there at the start, by force what cannot be unloaded otherwise.
 *
 * @throws Error that names what stays loaded
 */
export async function restoreKernel(base: ReadonlySet<string>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const added = loadedNames().filter((name) => !base.has(name));
    if (added.length === 0) return;
    for (const name of added) unload(name);
    if (Date.now() > deadline) throw new Error(`still loaded: ${moduleLines().join('\n')}`);
    if (loadedNames().length === base.size + added.length)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function unload(name: string): void {
  try {
    if (name === 'kmodctl_hold') writeFileSync('/sys/module/kmodctl_hold/parameters/held', '0');
    const isPermanent = moduleLines().some(
      (line) => line.startsWith(`${name} `) && line.includes('[permanent]'),
    );
    deleteModuleSync(name, isPermanent ? O_NONBLOCK | O_TRUNC : O_NONBLOCK);
  } catch {
    // Its users go first; it is tried again.
  }
}

function moduleLines(): readonly string[] {
  return readFileSync('/proc/modules', 'latin1').split('\n').filter(Boolean);
}

function readParameters(name: string): Readonly<Record<string, string>> {
  const folder = `/sys/module/${name}/parameters`;
  return Object.fromEntries(namesIn(folder).map((file) => [file, readOr(`${folder}/${file}`)]));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
