import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { filePath } from './byte-text.ts';

/**
 * Makes a folder, and those above it that are missing. Node's own `mkdirSync` with `recursive` never ends where the kernel
 * answers ENOENT for a folder that is there, as in /proc.
 *
 * @param mode of each that is made, less the umask
 * @throws Error of node:fs, `mkdir`, when it cannot be made
 */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    makeFolder(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' || existsSync(filePath(dirname(path)))) throw error;
    makeFolders(dirname(path), mode);
    makeFolder(path, mode);
  }
}

/** That it is there already, be it by somebody else's doing just now, is as good. */
function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(filePath(path), { mode });
  } catch (error) {
    if (!existsSync(filePath(path)) || !statSync(filePath(path)).isDirectory()) throw error;
  }
}
