import { closeSync, constants, fstatSync, futimesSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { type PublishedFile, syncFiles } from './staging-folder.ts';

/** A reader of several files knows by a new one of this name that there is a new set, whatever else is in it. */
const WITNESS = 'modules.dep.bin';

/** The files that already are what they are to become, and the others. */
export interface FileComparison {
  readonly changed: readonly PublishedFile[];
  /** Open files, to be given to {@link renewKeptFiles} or {@link closeAll}. */
  readonly kept: readonly number[];
}

/**
 * Compares files with those of the same name that are there; what cannot be compared has changed. The others are synced,
 * since whoever wrote them may not have done so.
 *
 * @throws ModuleSystemError, or an error of node:fs, when that fails
 */
export function compareFiles(directory: string, files: readonly PublishedFile[]): FileComparison {
  const descriptors = new Map(
    files.map((file) => [file, openIfSame(join(directory, file.name), file.content)]),
  );
  const isKept = (file: PublishedFile): boolean => descriptors.get(file) !== undefined;
  const witness = files.find(({ name }) => name === WITNESS);
  if (witness !== undefined && isKept(witness) && !files.every(isKept)) {
    closeAll([descriptors.get(witness) ?? -1]);
    descriptors.set(witness, undefined);
  }
  const kept = [...descriptors.values()].filter((descriptor) => descriptor !== undefined);
  try {
    syncFiles(kept);
  } catch (error) {
    closeAll(kept);
    throw error;
  }
  return { changed: files.filter((file) => !isKept(file)), kept };
}

/** Closes the kept files, with the times of files written now: `depmod -A` and others go by them. */
export function renewKeptFiles(kept: readonly number[]): void {
  try {
    const now = new Date();
    for (const descriptor of kept) futimesSync(descriptor, now, now);
  } catch {
    // a read-only file system: nothing was to be written, so nothing is wrong
  } finally {
    closeAll(kept);
  }
}

/** Closes descriptors. */
export function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) closeSync(descriptor);
}

function openIfSame(path: string, content: Uint8Array): number | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (isSame(descriptor, content)) return descriptor;
  } catch {
    // then it is written anew
  }
  if (descriptor !== undefined) closeSync(descriptor);
  return undefined;
}

// A file with a second name is not the folder's own: its times would change there, too.
function isSame(descriptor: number, content: Uint8Array): boolean {
  const stats = fstatSync(descriptor);
  const isPlain = stats.isFile() && stats.nlink === 1 && (stats.mode & 0o7777) === 0o644;
  if (!isPlain || stats.uid !== process.geteuid?.() || stats.size !== content.length) return false;
  const present = Buffer.allocUnsafeSlow(content.length + 1);
  return (
    readSync(descriptor, present, 0, present.length, 0) === content.length &&
    present.subarray(0, -1).equals(content)
  );
}
