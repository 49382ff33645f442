import test from 'ava';

import { detectCompression } from '../../src/native/compression-magic.ts';
import { statedContentSize } from '../../src/native/content-size.ts';
import { DEFAULT_UNPACK_LIMIT, unpackSync } from '../../src/native/decompression.ts';
import { compressedSamples, sampleText, xzZeros, ZEROS_LENGTH } from '../fixtures/compressed-samples.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const sizeOf = (bytes: Uint8Array): number | undefined => statedContentSize(bytes, detectCompression(bytes));

test('what a file says that it unpacks to', (t) => {
  for (const { name, bytes, times, compression } of compressedSamples) {
    const size = sizeOf(bytes);
    if (size === undefined) continue;
    t.true(compression !== 'gzip');
    if (times === 1) t.is(size, sampleText.length, name);
  }
  const said = new Set(
    compressedSamples.flatMap(({ name, bytes }) => (sizeOf(bytes) === sampleText.length ? [name] : [])),
  );
  for (const name of ['xz, CRC32', 'xz, SHA-256', 'xz of two blocks', 'zstd with content size'])
    t.true(said.has(name), name);
  t.is(sizeOf(xzZeros), ZEROS_LENGTH);
});

test('it is not believed: whatever is said, what is unpacked is the same', (t) => {
  const below = pseudoRandom(7);
  for (const { name, bytes, compression } of compressedSamples) {
    if (compression === 'gzip') continue;
    for (let round = 0; round < 60; round++) {
      const changed = Buffer.from(bytes);
      // The header of a frame, or the index behind the data.
      const place = compression === 'zstd' ? 4 + below(10) : bytes.length - 1 - below(40);
      changed[place] = below(256);
      let unpacked: Buffer | undefined;
      try {
        unpacked = unpackSync(changed, 'some.ko', DEFAULT_UNPACK_LIMIT);
      } catch {
        t.notThrows(() => sizeOf(changed), name);
        continue;
      }
      t.is(unpacked.length % sampleText.length, 0, name);
    }
  }
  for (let length = 0; length < 64; length++) {
    sizeOf(
      Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(length, 0xff), Buffer.from('YZ')]),
    );
    t.is(sizeOf(Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(length)])), undefined);
  }
});
