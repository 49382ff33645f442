import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { readPresentBytes } from '../index-files/index-bytes.ts';
import { COMMIT_FOLDER } from '../index-files/published-files.ts';
import type { PublishedFile } from './staging-folder.ts';

/** How the index files of a folder compare with what they should be. */
export interface IndexCheck {
  /** Whether there is nothing to complain of. */
  readonly isCurrent: boolean;
  /** Names of files with other content, in the order of the files asked about. */
  readonly differing: readonly string[];
  /** Names of files that are not there. */
  readonly missing: readonly string[];
  /** Whether a run was stopped while it moved its files into place, so that other programs may find old and new ones. */
  readonly isInterrupted: boolean;
}

/**
 * Compares the files of a folder, byte for byte, with what depmod would write. Nothing is changed.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
 */
export function checkIndexes(directory: string, files: readonly PublishedFile[]): IndexCheck {
  const commit = join(directory, COMMIT_FOLDER);
  const isInterrupted = existsSync(commit);
  const differing: string[] = [];
  const missing: string[] = [];
  for (const { name, content } of files) {
    const pending = isInterrupted ? readPresentBytes(join(commit, name)) : undefined;
    const present = pending ?? readPresentBytes(join(directory, name));
    if (present === undefined) missing.push(name);
    else if (!present.equals(content)) differing.push(name);
  }
  const isCurrent = !isInterrupted && differing.length === 0 && missing.length === 0;
  return { isCurrent, differing, missing, isInterrupted };
}
