import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

import { filePath } from '../native/byte-text.ts';

const LENGTH = 8;

/** More files than any plan has, and less than a megabyte. */
const MOST_KEPT = 4096;

/**
 * Two changes within a tick of the kernel's clock cannot be told apart by their times. What has changed so lately is
 * read again.
 */
const SETTLED_MILLISECONDS = 1000;

interface KnownStart {
  readonly status: Stats;
  readonly bytes: Buffer;
}

const known = new Map<string, KnownStart>();

/**
 * The first eight bytes of a file, fewer when it has no more. They are kept as long as the file is the same and has not been
 * changed: a plan looks at the same few files as the plan before it, and to ask for a file's state takes less than half of the
 * time.
 *
 * @throws Error of node:fs when the file cannot be read
 */
export function readFileStart(path: string): Buffer {
  const earlier = known.get(path);
  if (earlier !== undefined) {
    const now = statSync(filePath(path), { throwIfNoEntry: false });
    if (now !== undefined && isUnchanged(earlier.status, now)) return earlier.bytes;
    known.delete(path);
  }
  // Without O_NONBLOCK a FIFO of that name would wait for a writer for ever.
  const descriptor = openSync(filePath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.allocUnsafe(LENGTH);
    const start = bytes.subarray(0, readSync(descriptor, bytes, 0, LENGTH, 0));
    keep(path, { status: fstatSync(descriptor), bytes: start });
    return start;
  } finally {
    closeSync(descriptor);
  }
}

function keep(path: string, start: KnownStart): void {
  if (Date.now() - start.status.ctimeMs < SETTLED_MILLISECONDS) return;
  if (known.size >= MOST_KEPT) known.clear();
  known.set(path, start);
}

function isUnchanged(before: Stats, now: Stats): boolean {
  return (
    before.ino === now.ino &&
    before.ctimeMs === now.ctimeMs &&
    before.size === now.size &&
    before.dev === now.dev
  );
}
