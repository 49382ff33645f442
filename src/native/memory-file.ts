import { closeSync, writeSync } from 'node:fs';

import { ModuleSystemError } from '../errors/system-error.ts';
import { nativeBinding } from './load-binding.ts';

const LONGEST_NAME = 249;

/**
 * A file in memory with this content, which nobody can change any more. Whoever gets the descriptor closes it.
 *
 * @param name what /proc shows for it, after `/memfd:`
 * @throws ModuleSystemError of memfd_create(2), fcntl(2) (sealing) or write(2); KmodError `ERR_KMOD_NATIVE_LOAD`,
 *   `ERR_KMOD_PLATFORM`
 */
export function memoryFile(name: string, content: Uint8Array): number {
  const native = nativeBinding();
  const descriptor = native.createMemoryFile(name.replaceAll('\0', '').slice(0, LONGEST_NAME));
  if (descriptor < 0) throw new ModuleSystemError({ syscall: 'memfd_create', result: descriptor });
  try {
    for (let done = 0; done < content.length;) done += writeSync(descriptor, content, done);
    const result = native.sealMemoryFile(descriptor);
    if (result !== 0) throw new ModuleSystemError({ syscall: 'fcntl', result });
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
