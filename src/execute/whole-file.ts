import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/**
 * Writes a file so that its readers see all of it or what was there before, also after a crash.
 *
 * @param mode permissions, whatever the umask
 * @throws Error of node:fs; nothing is changed then
 */
export function writeWholeFile(path: string, text: string | Uint8Array, mode = 0o644): void {
  const partial = `${path}.${process.pid}`;
  rmSync(partial, { force: true });
  const descriptor = openSync(partial, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
