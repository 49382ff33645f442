import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** The files that reading a modules.conf looks at. */
export interface FileAccess {
  /**
   * The content of a file.
   *
   * @throws Error of node:fs when it cannot be read
   */
  readonly read: (path: string) => Buffer;
  readonly isReadable: (path: string) => boolean;
  readonly exists: (path: string) => boolean;
  /** Names in a folder; none if there is no such folder. */
  readonly names: (path: string) => readonly string[];
  /** A key that is the same for two paths of one file; undefined if there is none. */
  readonly identity: (path: string) => string | undefined;
}

/** Where files are looked for. */
export interface FileLocation {
  /** Folder that stands for `/`. Default the real one. */
  readonly root?: string | undefined;
  /** Folder that relative paths start at. Default that of the process. */
  readonly workingDirectory?: string | undefined;
}

/** The files of this machine, or of another root. */
export function fileAccess({ root = '', workingDirectory = '' }: FileLocation = {}): FileAccess {
  const place = (path: string): string =>
    path.startsWith('/') ? `${root}${path}` : resolve(workingDirectory, path);
  return {
    read: (path) => readFileSync(place(path)),
    isReadable: (path) =>
      attempt(() => {
        accessSync(place(path), constants.R_OK);
        return true;
      }, false),
    exists: (path) => existsSync(place(path)),
    names: (path) => attempt(() => readdirSync(place(path)), []),
    identity: (path) =>
      attempt(() => {
        const { dev, ino } = statSync(place(path), { bigint: true });
        return `${dev}:${ino}`;
      }, undefined),
  };
}

function attempt<Result>(action: () => Result, otherwise: Result): Result {
  try {
    return action();
  } catch {
    return otherwise;
  }
}
