import { lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';

import { writeWholeFile } from '../execute/whole-file.ts';

/** What is at a path. */
interface Kept {
  /** Differs when another file is there. */
  readonly identity: string;
  /** Puts it there again. */
  readonly restore: () => void;
}

/**
 * Keeps what is at a path, byte for byte, before it is replaced by another file.
 *
 * @returns puts it there again, or takes away what is new; does nothing where nothing was replaced
 */
export function keepFile(path: string): () => void {
  const earlier = look(path);
  return () => {
    const now = look(path);
    if (now?.identity === earlier?.identity) return;
    if (earlier === undefined) rmSync(path, { force: true });
    else earlier.restore();
  };
}

/** Undefined where nothing is, or nothing can be. */
function look(path: string): Kept | undefined {
  let status;
  try {
    status = lstatSync(path);
  } catch {
    return undefined;
  }
  const identity = `${status.dev}:${status.ino}`;
  if (status.isSymbolicLink()) {
    const target = readlinkSync(path, 'buffer');
    return {
      identity,
      restore: () => {
        rmSync(path, { force: true });
        symlinkSync(target, path);
      },
    };
  }
  if (!status.isFile()) return { identity, restore: () => undefined };
  const bytes = readFileSync(path);
  return { identity, restore: () => writeWholeFile(path, bytes, status.mode & 0o7777) };
}
