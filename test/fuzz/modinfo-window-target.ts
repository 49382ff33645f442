import { deepStrictEqual } from 'node:assert';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { type ModinfoOfFile, modinfoOfImage, ModinfoReader } from '../../src/module-file/modinfo-file.ts';

const reader = new ModinfoReader();
const folder = mkdtempSync(join(tmpdir(), 'kmodctl-fuzz-'));
const path = join(folder, 'fuzz.ko');
const descriptor = openSync(path, 'w');
process.once('exit', () => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
});

/** A module file: read in parts it says the same as read as a whole. */
export function fuzz(data: Buffer): void {
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, data, 0, data.length, 0);
  const inParts = partsOf(() => reader.readSync(path));
  if (inParts === undefined) return;
  const whole = partsOf(() => modinfoOfImage(data, path));
  // Sections that lie over each other, or have another fault, are not seen by who does not read them.
  if (whole !== undefined) deepStrictEqual(inParts, whole);
}

function partsOf(read: () => ModinfoOfFile): unknown {
  try {
    const { entries, signature, buildId } = read();
    // Where these two are depends on what was read.
    return { entries, signature: { ...signature, contentLength: 0, inner: null }, buildId };
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
}
