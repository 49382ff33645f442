import { fstatSync } from 'node:fs';

import { type EventLoopHandle, ReadableWatch } from './readable-watch.ts';

/**
 * Tells when nobody reads from a pipe any more, without writing to it: then its end for writing has an error to give, and
 * otherwise nothing to read. It does not keep the event loop going. Undefined where the descriptor is no pipe.
 */
export function watchReader(descriptor: number, onGone: () => void): EventLoopHandle | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    const watch = new ReadableWatch(descriptor, () => {
      watch.close();
      onGone();
    });
    watch.refer(false);
    return watch;
  } catch {
    return undefined;
  }
}
