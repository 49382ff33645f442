import { closeSync, openSync, writeSync } from 'node:fs';

import { type KernelLocation, kernelPath } from './kernel-file.ts';

/** syslog(3)'s LOG_DAEMON; what user space writes cannot pass for the kernel's own. */
const DAEMON = 3 << 3;

/**
 * Writes a line to the kernel log, where dmesg and the system's log show it. The kernel limits how many it takes (sysctl
 * kernel.printk_devkmsg). Where it cannot be written it is lost: nobody is there to be told.
 *
 * @param level as of syslog(3): 3 error, 4 warning, 6 info
 * @param text printable, without newline
 */
export function writeKernelLog(level: number, text: string, location: KernelLocation = {}): void {
  try {
    const descriptor = openSync(kernelPath(location, 'dev/kmsg'), 'a');
    try {
      writeSync(descriptor, `<${DAEMON | level}>${text}\n`);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A message must not become a failure of what it tells of.
  }
}
