import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** `/dev/null` as the kernel numbers it: major 1, minor 3. */
const NULL_DEVICE = 0x103;

/**
 * The bytes of a list that the kernel's build leaves in the folder of a release. One that is a link to `/dev/null` is empty.
 *
 * @throws Error of node:fs; Error for what would be waited for without an end, or has no end itself: a FIFO, another device
 */
export function readListFile(path: string): Buffer {
  // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(descriptor);
    const isNull = status.isCharacterDevice() && status.rdev === NULL_DEVICE;
    if (status.isFile() || status.isDirectory() || isNull) return readFileSync(descriptor);
    throw new Error('it is not a regular file');
  } finally {
    closeSync(descriptor);
  }
}
