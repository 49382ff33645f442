import { closeSync, constants, openSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { treeCalls } from '../native/tree-calls.ts';

const EAGAIN = -11;
const PAUSE = 25;

/** How to wait for others. */
export interface RunLockOptions {
  /** Longest wait in ms. Default: 10 minutes. */
  readonly patience?: number | undefined;
  /** Called once if there is something to wait for. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Lets only one run at a time work on a folder, so that of two that overlap the one that reads the modules last is also
 * the one that writes last. Nothing worse than that would happen without: publishing needs no lock. So there is none
 * where the addon is missing, or the folder, or its file system has no locks.
 *
 * It is the kernel's lock on the folder itself (flock): it leaves nothing behind, and ends with the process.
 *
 * @returns what releases the lock
 * @throws KmodError `ERR_KMOD_PUBLISH` when another run takes too long
 */
export function lockRun(directory: string, options: RunLockOptions = {}): () => void {
  const calls = treeCalls();
  if (calls === undefined) return nothing;
  let descriptor: number;
  try {
    descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return nothing; // whoever needs the folder will say what is wrong with it
  }
  const deadline = performance.now() + (options.patience ?? 600_000);
  for (let turn = 0; calls.tryLock(descriptor) === EAGAIN; turn++) {
    if (turn === 0) options.onWait?.();
    if (performance.now() > deadline) {
      closeSync(descriptor);
      throw new KmodError(
        'ERR_KMOD_PUBLISH',
        `Another depmod is at work on ${directory} and does not come to an end. See what holds the folder's lock: grep FLOCK /proc/locks. Nothing was changed.`,
        { path: directory },
      );
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
  return () => closeSync(descriptor);
}

function nothing(): void {
  // there is no lock
}
