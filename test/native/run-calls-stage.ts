/** A child process for the test of memory files and locks under AddressSanitizer. Prints one JSON value. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nativeBinding } from '../../src/native/load-binding.ts';
import { memoryFile } from '../../src/native/memory-file.ts';

const native = nativeBinding();
const EAGAIN = -11;
const EBADF = -9;

const lengths = [0, 1, 4096, 300_000].map((length) => {
  const descriptor = memoryFile(
    `a\udcff\ud800\u{1f600}\0b${'x'.repeat(length % 1000)}`,
    Buffer.alloc(length, 7),
  );
  const content = readFileSync(`/proc/self/fd/${descriptor}`);
  let refusal = '';
  try {
    writeSync(descriptor, Buffer.alloc(1), 0, 1, 0);
  } catch (error) {
    refusal = (error as NodeJS.ErrnoException).code ?? '';
  }
  closeSync(descriptor);
  return `${content.length} ${content.every((byte) => byte === 7)} ${refusal}`;
});

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-locks-'));
const [one, two] = [openSync(join(folder, 'lock'), 'a+'), openSync(join(folder, 'lock'), 'a+')];
const locks = [
  native.setByteLock(one, 2 ** 46, 1),
  native.setByteLock(two, 2 ** 46, 1),
  native.setByteLock(one, 2 ** 46, 2) === EAGAIN,
  native.setByteLock(two, 2 ** 46, 0),
  native.setByteLock(one, 2 ** 46, 2),
  native.setByteLock(two, 2 ** 46, 1) === EAGAIN,
];
closeSync(one);
locks.push(native.setByteLock(two, 2 ** 46, 2), native.setByteLock(1_000_000, 0, 1) === EBADF);
closeSync(two);
rmSync(folder, { recursive: true });

const refused = [
  () => native.createMemoryFile(1 as never),
  () => native.sealMemoryFile('' as never),
  () => native.setByteLock(0, 0, 3 as never),
].map((call) => {
  try {
    return call();
  } catch (error) {
    return (error as Error).name;
  }
});

process.stdout.write(JSON.stringify({ lengths, locks, refused, sealed: native.sealMemoryFile(0) < 0 }));
