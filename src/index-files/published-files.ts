import { type BigIntStats, existsSync, statSync } from 'node:fs';

import { filePath } from '../native/byte-text.ts';
import { isNoFile, readPresentBytes, unreadableError } from './index-bytes.ts';
import { IndexContent } from './index-content.ts';

/**
 * Folder within a module directory that holds a complete new set of files while they are moved to their places, one after
 * the other. With its appearance the new set counts: a file is looked for there first.
 */
export const COMMIT_FOLDER = '.depmod-commit';

/** How often the set may be replaced while one file of it is read. */
const MOST_ATTEMPTS = 100;

/**
 * Reads files of a module directory one by one and takes care that they are of one publication: when another one has
 * taken place since the first file was read, that is told, and reading goes on with the new set.
 */
export class PublishedFiles {
  readonly #directory: string;
  readonly #witness: string;
  readonly #onReplaced: () => void;
  /** Of the set that is being read; undefined before the first file. */
  #identity: string | undefined;

  /**
   * @param directory the module directory of a release; it need not exist
   * @param witness name of a file that every publication replaces
   * @param onReplaced called when what was read before belongs to a set that has been replaced
   */
  constructor(directory: string, witness: string, onReplaced: () => void) {
    this.#directory = directory;
    this.#witness = witness;
    this.#onReplaced = onReplaced;
  }

  /**
   * The bytes of a file, undefined when there is none or it has no bytes.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
   */
  read(name: string): Buffer | undefined {
    const bytes = this.#fromOneSet(name, readPresentBytes);
    return bytes?.length === 0 ? undefined : bytes;
  }

  /**
   * A file that is read in pieces: those of the file that there is now, whatever takes its place. Undefined as with
   * {@link read}.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
   */
  open(name: string): IndexContent | undefined {
    const content = this.#fromOneSet(
      name,
      (path) => IndexContent.open(path),
      (old) => old?.close(),
    );
    if (content === undefined || content.bytes.length > 0) return content;
    content.close();
    return undefined;
  }

  #fromOneSet<T>(
    name: string,
    get: (path: string) => T | undefined,
    drop?: (got: T | undefined) => void,
  ): T | undefined {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const before = this.#identity ?? identityOf(this.#directory, this.#witness);
      const got = published(this.#directory, name, get);
      const after = identityOf(this.#directory, this.#witness);
      const isSameSet = before === after;
      if (!isSameSet && this.#identity !== undefined) this.#onReplaced();
      this.#identity = isSameSet ? after : undefined;
      if (isSameSet) return got;
      drop?.(got);
    }
    throw unreadableError(`${this.#directory}/${name}`, 'it is being replaced all the time');
  }
}

function published<T>(directory: string, name: string, get: (path: string) => T | undefined): T | undefined {
  const pending = existsSync(filePath(`${directory}/${COMMIT_FOLDER}`))
    ? get(`${directory}/${COMMIT_FOLDER}/${name}`)
    : undefined;
  return pending ?? get(`${directory}/${name}`);
}

/** Stays as it is while the file is moved. A file that takes over a freed inode number has a later time. */
function identityOf(directory: string, name: string): string {
  const pending = existsSync(filePath(`${directory}/${COMMIT_FOLDER}`))
    ? statusOf(`${directory}/${COMMIT_FOLDER}/${name}`)
    : undefined;
  const status = pending ?? statusOf(`${directory}/${name}`);
  return status === undefined ? '' : `${status.dev} ${status.ino} ${status.size} ${status.mtimeNs}`;
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(filePath(path), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isNoFile(error)) return undefined;
    throw unreadableError(path, error);
  }
}
