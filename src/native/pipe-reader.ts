import { fstatSync } from 'node:fs';

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
