import test from 'ava';

import type { KmodError } from '../../src/errors/kmod-error.ts';
import { detectCompression, unpackModule, unpackModuleSync } from '../../src/module-file/compression.ts';
import { Decompressor } from '../../src/native/decompression.ts';
import {
  compressedSamples,
  sampleText,
  skippableFrame,
  xzZeros,
  ZEROS_LENGTH,
  zstdZeros,
} from '../fixtures/compressed-samples.ts';

const path = '/lib/modules/x/a.ko';

/** The three ways to unpack; each answers bytes of its own. */
const ways: Readonly<Record<string, (bytes: Buffer, limit?: number) => Promise<Buffer> | Buffer>> = {
  unpackModuleSync: (bytes, limit) => unpackModuleSync(bytes, { path, limit }),
  unpackModule: (bytes, limit) => unpackModule(bytes, { path, limit }),
  Decompressor: (bytes, limit) => Buffer.from(new Decompressor(limit).unpack(bytes, path)),
};

/** What a way answers: the bytes, or the error. */
async function outcome(way: string, bytes: Buffer, limit?: number): Promise<Buffer | KmodError> {
  try {
    return (await ways[way]?.(bytes, limit)) ?? Buffer.alloc(0);
  } catch (error) {
    return error as KmodError;
  }
}

const times = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => sampleText));

for (const way of Object.keys(ways)) {
  for (const { name, compression, bytes, times: count } of compressedSamples)
    test(`${way} unpacks ${name}`, async (t) => {
      t.is(detectCompression(bytes), compression);
      t.deepEqual(await outcome(way, bytes), times(count));
    });

  test(`${way} answers what is not compressed as it is`, async (t) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('7'), Buffer.from('\x7fELF...'), Buffer.alloc(100)]) {
      t.is(detectCompression(bytes), 'none');
      t.deepEqual(await outcome(way, bytes), bytes);
    }
  });

  test(`${way} stops at the limit, and not before it`, async (t) => {
    for (const { name, bytes, times: count } of compressedSamples) {
      const size = count * sampleText.length;
      t.deepEqual(await outcome(way, bytes, size), times(count), name);
      for (const limit of [size - 1, 700, 1]) {
        const error = (await outcome(way, bytes, limit)) as KmodError;
        t.is(error.code, 'ERR_KMOD_TOO_LARGE', name);
        t.true(error.message.includes(path) && error.message.includes(`${limit} bytes`), error.message);
      }
    }
    t.is(((await outcome(way, sampleText, 700)) as KmodError).code, 'ERR_KMOD_TOO_LARGE');
  });

  test(`${way} bounds a bomb`, async (t) => {
    // The default limit in one of the ways, for it takes a second.
    const limit = way === 'unpackModule' ? 512 * ZEROS_LENGTH : 8 * ZEROS_LENGTH;
    for (const bytes of [xzZeros, zstdZeros]) {
      t.is(((await outcome(way, bytes)) as Buffer).length, ZEROS_LENGTH);
      const bomb = Buffer.concat(Array.from({ length: 513 }, () => bytes));
      const error = (await outcome(way, bomb, way === 'unpackModule' ? undefined : limit)) as KmodError;
      t.is(error.code, 'ERR_KMOD_TOO_LARGE');
      t.true(error.message.includes(`the limit of ${limit} bytes`));
    }
  });

  test(`${way} tells a file that ends early, wherever it ends`, async (t) => {
    for (const { name, compression, bytes, seams } of compressedSamples) {
      const magic = compression === 'gzip' ? 2 : compression === 'xz' ? 6 : 4;
      for (let length = magic; length < bytes.length; length++) {
        if (seams.includes(length)) continue;
        const result = await outcome(way, bytes.subarray(0, length));
        // Padding that is cut is no longer in fours.
        const inPadding = name.includes('padding') && bytes.subarray(length).every((byte) => byte === 0);
        if (inPadding && result instanceof Buffer) continue;
        const error = result as KmodError;
        t.is(error.code, 'ERR_KMOD_COMPRESSED_DATA', `${name}, ${length} bytes`);
        const padded = name.includes('padding') && !error.message.includes('ends early');
        t.regex(
          error.message,
          padded ? /something else follows/ : /^\/lib.*: the (gzip|xz|zstd) data ends early/,
        );
      }
    }
  });

  test(`${way} tells bytes that follow the data`, async (t) => {
    for (const { name, bytes, times: count } of compressedSamples) {
      for (const garbage of [
        'garbage',
        '\x1f\x8c',
        '\xfd7zXX',
        '\x28\xb5\x2f\xfe',
        '~Module signature appended~\n',
      ]) {
        const error = (await outcome(
          way,
          Buffer.concat([bytes, Buffer.from(garbage, 'latin1')]),
        )) as KmodError;
        t.is(error.code, 'ERR_KMOD_COMPRESSED_DATA', name);
        t.regex(error.message, /is complete.*, but something else follows it/, name);
      }
      // Zero bytes are padding: for xz in fours, for gzip any number, for zstd none.
      const padded = await outcome(way, Buffer.concat([bytes, Buffer.alloc(12)]));
      if (name.startsWith('zstd')) t.regex((padded as KmodError).message, /something else follows/);
      else t.deepEqual(padded, times(count));
    }
  });
}

test('changed bits are found by the checks, and never make anything but an error or data', async (t) => {
  const decompressor = new Decompressor();
  for (const { name, bytes, checked, times: count } of compressedSamples) {
    const expected = times(count);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let result: Buffer;
      try {
        result = decompressor.unpack(changed, path);
      } catch (error) {
        if (!/^ERR_KMOD_(COMPRESSED_DATA|TOO_LARGE)$/.test((error as KmodError).code)) throw error;
        continue;
      }
      const untouched = result.equals(changed); // its magic is none now
      if (checked)
        t.true(untouched || result.equals(expected) || name.startsWith('gzip'), `${name}, bit ${bit}`);
    }
  }
});

test('a window that needs more memory than the limit is refused, whatever the data is', async (t) => {
  // Frame header without content size: the descriptor says 0, the next byte is the window's size.
  const zstd = Buffer.concat([zstdZeros.subarray(0, 4), Buffer.from([0, (31 - 10) << 3, 1, 0, 0])]);
  const xz = withDictionarySize(xzZeros, 35); // 768 MiB
  for (const bytes of [zstd, xz])
    for (const way of Object.keys(ways)) {
      const error = (await outcome(way, bytes)) as KmodError;
      t.is(error.code, 'ERR_KMOD_TOO_LARGE');
      t.regex(error.message, /needs more memory than the limit for its window/);
    }
  // A larger limit allows it; what the tools' highest presets need is always allowed.
  t.is(((await outcome('unpackModuleSync', withDictionarySize(xzZeros, 34))) as Buffer).length, ZEROS_LENGTH);
  t.deepEqual(await outcome('unpackModuleSync', zstd, 2 ** 31), Buffer.alloc(0));
  t.is(
    ((await outcome('unpackModuleSync', withDictionarySize(xzZeros, 28), ZEROS_LENGTH)) as Buffer).length,
    ZEROS_LENGTH,
  );
});

/** The same xz file with another dictionary size in the header of its first block, and the header's CRC made right. */
function withDictionarySize(bytes: Buffer, code: number): Buffer {
  const changed = Buffer.from(bytes);
  const start = 12;
  const length = ((changed[start] ?? 0) + 1) * 4;
  const filter = changed.indexOf(Buffer.from([0x21, 1]), start);
  changed[filter + 2] = code;
  changed.writeUInt32LE(crc32(changed.subarray(start, start + length - 4)), start + length - 4);
  return changed;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}

test('a zstd file that needs a dictionary is refused', async (t) => {
  // Frame header flags: dictionary id of one byte, single segment of one byte.
  const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 0, 1, 0, 0]);
  const error = (await outcome('unpackModuleSync', bytes)) as KmodError;
  t.is(error.code, 'ERR_KMOD_COMPRESSED_DATA');
  t.regex(error.message, /uses a feature/);
});

test('only skippable frames: no data', async (t) => {
  t.deepEqual(await outcome('unpackModuleSync', skippableFrame), Buffer.alloc(0));
  t.deepEqual(await outcome('unpackModule', skippableFrame), Buffer.alloc(0));
});

test('one decompressor takes all kinds in any order, after errors too, and grows', (t) => {
  const decompressor = new Decompressor();
  for (let round = 0; round < 3; round++) {
    for (const { name, bytes, times: count } of compressedSamples) {
      t.deepEqual(Buffer.from(decompressor.unpack(bytes, path)), times(count), name);
      t.throws(() => decompressor.unpack(bytes.subarray(0, 40), path), { code: 'ERR_KMOD_COMPRESSED_DATA' });
    }
    const many = Buffer.concat(Array.from({ length: 90 }, () => [zstdZeros, xzZeros][round % 2] ?? xzZeros));
    t.is(decompressor.unpack(many, path).length, 90 * ZEROS_LENGTH);
    if (round === 1) decompressor.release();
  }
});

test('the bytes answered are valid until the next call, also when they were transferred away', (t) => {
  const decompressor = new Decompressor();
  const first = decompressor.unpack(compressedSamples[3]?.bytes ?? Buffer.alloc(0), path);
  structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
  t.is(first.length, 0);
  t.is(decompressor.unpack(xzZeros, path).length, ZEROS_LENGTH);
});

// First and alone: with others under way it would wait for its turn, and find nothing.
test.serial('input in shared, resizable and detached memory', async (t) => {
  for (const { bytes, times: count } of compressedSamples) {
    const shared = Buffer.from(new SharedArrayBuffer(bytes.length));
    bytes.copy(shared);
    for (const way of Object.keys(ways)) t.deepEqual(await outcome(way, shared), times(count));
  }
  const detached = Buffer.from(Uint8Array.from(xzZeros).buffer);
  const unpacking = unpackModule(detached, { path });
  structuredClone(detached, { transfer: [detached.buffer] });
  t.is((await unpacking).length, ZEROS_LENGTH);
  t.deepEqual(unpackModuleSync(detached, { path }), detached);
});

test('fifty files at once, in their own order', async (t) => {
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, index) => {
      const { bytes } = compressedSamples[index % compressedSamples.length] ?? { bytes: Buffer.alloc(0) };
      return unpackModule(bytes, { path });
    }),
  );
  for (const [index, result] of results.entries())
    t.deepEqual(result, times(compressedSamples[index % compressedSamples.length]?.times ?? 0));
});

test('wrong arguments', async (t) => {
  const loose = unpackModuleSync as (bytes: unknown, options: unknown) => unknown;
  t.throws(() => loose(sampleText, { path: 5 }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => loose(sampleText, { path, limt: 5 }), { message: /did you mean "limit"/ });
  for (const limit of [0, -1, 1.5, 2 ** 53])
    t.throws(() => loose(sampleText, { path, limit }), { code: 'ERR_OUT_OF_RANGE' });
  await t.throwsAsync(unpackModule(sampleText, { path, limit: 0 }), { code: 'ERR_OUT_OF_RANGE' });
});
