import { writeSync } from 'node:fs';

import { textBytes } from '../native/byte-text.ts';

/** What goes to one descriptor. */
export interface DescriptorOutput {
  /** Writes at once and in order. It never fails: what a command has begun it ends, whether its words arrive or not. */
  readonly write: (output: string | Uint8Array) => void;
  /** What kept the descriptor from taking all, or undefined. A reader that is gone is no failure. */
  readonly failure: () => Error | undefined;
}

/**
 * Output to a descriptor. A pipe that is full is waited for; one whose reader is gone swallows the rest, so that
 * `modprobe -v … | head -1` still loads all. So does a file on a full disk, but then there is a failure to tell.
 *
 * @param onFailure called once, when something but a reader that is gone keeps the rest from being written
 */
export function descriptorOutput(descriptor: number, onFailure?: () => void): DescriptorOutput {
  let isOpen = true;
  let failure: Error | undefined;
  return {
    write(output) {
      let rest = typeof output === 'string' ? textBytes(output) : output;
      while (isOpen && rest.length > 0) {
        try {
          rest = rest.subarray(writeSync(descriptor, rest));
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === 'EAGAIN') {
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
            continue;
          }
          isOpen = false;
          if (code === 'EPIPE' || code === 'EBADF') continue;
          failure = error as Error;
          onFailure?.();
        }
      }
    },
    failure: () => failure,
  };
}
