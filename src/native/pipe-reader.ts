import { fstatSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { nativeBinding } from './load-binding.ts';
import { type EventLoopHandle, ReadableWatch } from './readable-watch.ts';

/**
 * Tells when nobody reads from a pipe or a socket any more, without writing to it. (The pipes that Node makes for its children are
 * sockets.) It does not keep the event loop going. Undefined where the descriptor is neither.
 */
export function watchReader(descriptor: number, onGone: () => void): EventLoopHandle | undefined {
  try {
    const status = fstatSync(descriptor);
    if (!status.isFIFO() && !status.isSocket()) return undefined;
    const onEnd = (): void => {
      watch.close();
      onGone();
    };
    const watch = new ReadableWatch(descriptor, onEnd, 'end');
    watch.refer(false);
    return watch;
  } catch {
    return undefined;
  }
}

/** How often a reader that does not read is asked after, in milliseconds. */
const INTERVAL_MS = 20;

/**
 * Waits until whoever reads from a descriptor has read enough for more to be written, and leaves the event loop to others meanwhile:
 * a write would keep everything from running, signals among it. Without the addon it does not wait.
 *
 * @returns false where `isOver` said so before
 */
export async function roomToWrite(descriptor: number, isOver: () => boolean): Promise<boolean> {
  while (!hasRoom(descriptor)) {
    if (isOver()) return false;
    await delay(INTERVAL_MS);
  }
  return true;
}

function hasRoom(descriptor: number): boolean {
  try {
    return nativeBinding().hasRoom(descriptor);
  } catch {
    return true;
  }
}
