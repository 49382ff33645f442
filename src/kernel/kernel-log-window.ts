import { closeSync, constants, openSync } from 'node:fs';

import { nativeBinding } from '../native/load-binding.ts';
import { type KernelLocation, kernelPath } from './kernel-file.ts';
import { type KernelLogRecord, readKernelLogFrom } from './kernel-log.ts';

/** The kernel log from a moment on. To be closed. */
export interface KernelLogWindow {
  /** The records since then, or since the last call; empty where there are none. */
  readonly read: () => readonly KernelLogRecord[];
  readonly close: () => void;
}

/** Opens a window at the log's present end. Undefined where the log cannot be read (dmesg_restrict, no such file). */
export function openKernelLogWindow(location: KernelLocation = {}): KernelLogWindow | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(kernelPath(location, 'dev/kmsg'), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (nativeBinding().seekToEnd(descriptor) === 0)
      return {
        read: () => readKernelLogFrom(descriptor),
        close: () => {
          closeSync(descriptor);
        },
      };
  } catch {
    // Without the addon there are no loads to watch either.
  }
  closeSync(descriptor);
  return undefined;
}
