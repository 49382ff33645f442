import { closeSync, constants, openSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import { ModuleSystemError } from '../errors/system-error.ts';
import { COMMIT_FOLDER } from '../index-files/published-files.ts';
import { treeCalls } from '../native/tree-calls.ts';
import { holdSignals } from './held-signals.ts';
import { syncFolder } from './staging-folder.ts';

/** How moving the files went. */
export interface CommitOutcome {
  /** What stopped it; undefined when all is done. */
  readonly error: unknown;
  /** Whether the new set counts. */
  readonly isCommitted: boolean;
}

/** The files of a commit folder that an interrupted run has left; undefined when there is none. */
export function pendingFiles(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(join(directory, COMMIT_FOLDER));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes a staging folder the commit folder and moves its files to their places. Two programs that do so at a time help
 * each other: a move that the other has made already is not missed, and a second set cannot be committed before the
 * first is in place.
 *
 * @param staging name of the folder; undefined goes on with a commit folder that is there
 */
export function moveIntoPlace(
  directory: string,
  staging: string | undefined,
  names: readonly string[],
): CommitOutcome {
  const calls = treeCalls();
  if (calls === undefined) return moveHere(directory, staging, names);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    const answer = calls.moveFiles(descriptor, staging ?? null, COMMIT_FOLDER, names);
    const error =
      answer.error === 0 ? undefined : new ModuleSystemError({ result: answer.error, syscall: 'rename' });
    return { error, isCommitted: answer.committed };
  } catch (error) {
    return { error, isCommitted: false };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// Without the addon the renames are made by this process; at least signals that can be caught do not end it meanwhile.
function moveHere(directory: string, staging: string | undefined, names: readonly string[]): CommitOutcome {
  const commit = join(directory, COMMIT_FOLDER);
  const release = holdSignals(['SIGINT', 'SIGTERM', 'SIGHUP']);
  let isCommitted = staging === undefined;
  try {
    if (staging !== undefined) {
      renameSync(join(directory, staging), commit);
      isCommitted = true;
      syncFolder(directory);
    }
    for (const name of names)
      tolerating(['ENOENT'], () => renameSync(join(commit, name), join(directory, name)));
    syncFolder(directory);
    // Another program's set may be there by now.
    tolerating(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(commit));
    return { error: undefined, isCommitted };
  } catch (error) {
    return { error, isCommitted };
  } finally {
    release();
  }
}

function tolerating(codes: readonly string[], act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
