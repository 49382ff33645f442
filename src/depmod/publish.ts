import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolders } from '../native/make-folders.ts';
import { errnoNumber } from '../errors/errno.ts';
import { KmodError, type KmodErrorDetails } from '../errors/kmod-error.ts';
import { resultText } from '../errors/system-error.ts';
import { COMMIT_FOLDER } from '../index-files/published-files.ts';
import { moveIntoPlace, pendingFiles } from './commit-folder.ts';
import { closeAll, compareFiles, renewKeptFiles } from './kept-files.ts';
import { type PublishedFile, removeDeadStagingFolders, writeStagingFolder } from './staging-folder.ts';

export type { PublishedFile } from './staging-folder.ts';

/** How often other programs may get in between before it is taken for a failure. */
const MOST_ATTEMPTS = 100;

/**
 * Replaces files of a folder, all of them or none; the folder is made where it is missing, other files in it are left
 * alone. Whoever reads at any time, after a crash or a loss of power too, finds all old or all new files, if it looks
 * into {@link COMMIT_FOLDER} first.
 *
 * All is written and synced beside the old files. Then one rename decides; what is left are renames, which another
 * process makes, so that the end of this one does not interrupt them. What an earlier run left undone is done first.
 * Files that are right as they are stay, with new times.
 *
 * @throws KmodError `ERR_KMOD_PUBLISH` with `path`, `cause` and, where a system call failed, `errno` and `syscall`. The
 *   old files are as they were, unless the message says otherwise.
 */
export function publishIndexes(directory: string, files: readonly PublishedFile[]): void {
  const { changed, kept } = before(directory, () => {
    makeFolders(directory);
    finishPublication(directory);
    removeDeadStagingFolders(directory);
    refuseFolders(directory, files);
    return compareFiles(directory, files);
  });
  try {
    if (changed.length > 0) replaceFiles(directory, changed);
  } catch (error) {
    closeAll(kept);
    throw error;
  }
  renewKeptFiles(kept);
}

function replaceFiles(directory: string, files: readonly PublishedFile[]): void {
  const staging = before(directory, () => writeStagingFolder(directory, files));
  try {
    commit(directory, staging, files);
  } finally {
    rmSync(join(directory, staging), { recursive: true, force: true });
  }
}

/**
 * Moves the files into place that an interrupted run has left in {@link COMMIT_FOLDER}.
 *
 * @returns whether there were any
 * @throws KmodError `ERR_KMOD_PUBLISH`
 */
export function finishPublication(directory: string): boolean {
  const names = before(directory, () => pendingFiles(directory));
  if (names === undefined) return false;
  const { error } = moveIntoPlace(directory, undefined, names);
  if (error !== undefined) throw unfinishedError(directory, error);
  return true;
}

function commit(directory: string, staging: string, files: readonly PublishedFile[]): void {
  const names = files.map(({ name }) => name);
  for (let attempt = 1; ; attempt++) {
    const { error, isCommitted } = moveIntoPlace(directory, staging, names);
    if (error === undefined) return;
    if (isCommitted) throw unfinishedError(directory, error);
    // Another program's set is just being moved: that first.
    if (!isNotEmpty(error) || attempt === MOST_ATTEMPTS) throw unpublishedError(directory, error);
    finishPublication(directory);
  }
}

function isNotEmpty(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

// Nothing can be renamed to the name of a folder, and that would come out too late.
function refuseFolders(directory: string, files: readonly PublishedFile[]): void {
  for (const { name } of files) {
    const path = join(directory, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw Object.assign(new Error(`${path} is a folder`), { path });
  }
}

function before<T>(directory: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof KmodError ? error : unpublishedError(directory, error);
  }
}

function unpublishedError(directory: string, cause: unknown): KmodError {
  return new KmodError(
    'ERR_KMOD_PUBLISH',
    `The new indexes could not be written to ${directory}: ${reasonOf(cause)}. The old ones are as they were.`,
    detailsOf(directory, cause),
  );
}

function unfinishedError(directory: string, cause: unknown): KmodError {
  return new KmodError(
    'ERR_KMOD_PUBLISH',
    `The new indexes are complete in ${join(directory, COMMIT_FOLDER)}, and this package reads them there, but they could not be moved to ${directory}: ${reasonOf(cause)}. Run depmod again when that is mended.`,
    detailsOf(directory, cause),
  );
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const number = code === undefined ? undefined : errnoNumber(code);
  return number === undefined ? message : resultText(-number);
}

function detailsOf(directory: string, cause: unknown): KmodErrorDetails {
  const { errno, syscall, path } = cause as NodeJS.ErrnoException;
  return {
    cause,
    path: path ?? directory,
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
  };
}
