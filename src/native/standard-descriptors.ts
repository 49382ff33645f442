import { fstatSync, readFileSync } from 'node:fs';

import { nativeBinding } from './load-binding.ts';

/** The number of /dev/null, 1:3, in stat(2)'s form. */
const NULL_DEVICE = 0x103;
const ACCESS_MODE = 3;
const READ_AND_WRITE = 2;

/**
 * Whether this process was started without standard descriptors, as the kernel starts its helper. Node opens /dev/null,
 * for reading and writing, in place of each that is missing, before any script runs; so all three are that, and
 * opened apart. A daemon that gave its own child /dev/null opened it once and made duplicates, or only for one
 * direction.
 */
export function startedWithoutDescriptors(): boolean {
  try {
    return [2, 1, 0].every(isOpenedNull) && openedApart(1, 2) && openedApart(0, 2);
  } catch {
    // Without /proc nothing is known.
    return false;
  }
}

function isOpenedNull(descriptor: number): boolean {
  if (fstatSync(descriptor).rdev !== NULL_DEVICE) return false;
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === READ_AND_WRITE;
}

function openedApart(first: number, second: number): boolean {
  return nativeBinding().compareOpenFiles(first, second) !== 0;
}
