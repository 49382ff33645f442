import { writeSync } from 'node:fs';

import { textBytes } from '../native/byte-text.ts';

/**
 * A function that writes to a descriptor at once and in order. A pipe that is full is waited for; one whose reader is
 * gone swallows the rest, so that `modprobe -v … | head -1` still loads all.
 */
export function descriptorWriter(descriptor: number): (output: string | Uint8Array) => void {
  let isOpen = true;
  return (output) => {
    let rest = typeof output === 'string' ? textBytes(output) : output;
    while (isOpen && rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        else if (code === 'EPIPE' || code === 'EBADF') isOpen = false;
        else throw error;
      }
    }
  };
}
