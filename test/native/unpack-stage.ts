/**
 * A child process for the tests of unpacking that need one of their own. Argument: the stage's name. Prints one JSON
 * value.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

import type { KmodError } from '../../src/errors/kmod-error.ts';
import { unpackModule, unpackModuleSync } from '../../src/module-file/compression.ts';
import { Decompressor } from '../../src/native/decompression.ts';
import { obsoleteCalls } from '../../src/syscalls.ts';
import { compressedSamples, xzZeros, ZEROS_LENGTH, zstdZeros } from '../fixtures/compressed-samples.ts';

const path = 'a.ko';

interface Refused {
  readonly code: string;
  readonly message: string;
}

async function refusal(call: () => unknown): Promise<Refused | 'unpacked'> {
  try {
    await call();
    return 'unpacked';
  } catch (error) {
    const { code, message } = error as KmodError;
    return { code, message };
  }
}

/** Which of the addon and the libraries are in this process. */
function mapped(): string[] {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return ['kmodctl.node', 'liblzma', 'libzstd'].filter((name) => maps.includes(name));
}

function sampleOf(name: string): Buffer {
  const found = compressedSamples.find((sample) => sample.name === name);
  if (!found) throw new Error(`no sample ${name}`);
  return found.bytes;
}

function loadAddon(): void {
  try {
    obsoleteCalls.createModule('kmodctl_test', 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSYS') throw error;
  }
}

/** Each sample whole, cut at every byte, and with every bit changed. */
function* variants(): Generator<Buffer> {
  for (const { bytes } of compressedSamples) {
    for (let length = 0; length <= bytes.length; length++) yield bytes.subarray(0, length);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      yield changed;
    }
  }
}

const bomb = (bytes: Buffer, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

/** Unpacks without end, in this thread and beside it. */
async function unpackForEver(samples = compressedSamples): Promise<never> {
  const decompressor = new Decompressor();
  for (;;) {
    const calls = samples.map(({ bytes }) => unpackModule(bytes, { path }));
    calls.push(unpackModule(bomb(xzZeros, 20), { path }), unpackModule(bomb(zstdZeros, 20), { path }));
    for (const { bytes } of samples) decompressor.unpack(bytes, path);
    await Promise.race(calls);
    parentPort?.postMessage('unpacking', []);
  }
}

async function unpackAndCollect(): Promise<void> {
  const decompressor = new Decompressor();
  decompressor.unpack(bomb(xzZeros, 3), path);
  for (const { bytes } of compressedSamples) decompressor.unpack(bytes, path);
  await unpackModule(bomb(zstdZeros, 3), { path });
  await unpackModule(bomb(xzZeros, 3), { path });
  globalThis.gc?.();
  await delay(1); // finalizers run in a turn of their own
}

const stages: Readonly<Record<string, () => unknown>> = {
  async lazy() {
    const steps = [mapped()];
    unpackModuleSync(sampleOf('gzip'), { path });
    await unpackModule(sampleOf('gzip'), { path });
    steps.push(mapped());
    loadAddon();
    steps.push(mapped());
    await unpackModule(sampleOf('xz, CRC32'), { path });
    steps.push(mapped());
    unpackModuleSync(sampleOf('zstd with content size'), { path });
    steps.push(mapped());
    return steps;
  },

  async refusals() {
    const refused: Record<string, unknown> = {};
    for (const name of ['gzip', 'xz, CRC32', 'zstd with content size']) {
      const bytes = sampleOf(name);
      refused[name] = [
        await refusal(() => unpackModuleSync(bytes, { path })),
        await refusal(() => unpackModule(bytes, { path })),
        await refusal(() => new Decompressor().unpack(bytes, path)),
      ];
    }
    return refused;
  },

  async variants() {
    const outcomes: Record<string, number> = {};
    const count = (outcome: Refused | 'unpacked'): void => {
      const key = outcome === 'unpacked' ? outcome : outcome.code;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    };
    const decompressor = new Decompressor(32 * ZEROS_LENGTH);
    let index = 0;
    for (const bytes of variants()) {
      // Memory that ends where the data ends, so that a sanitizer sees a read past it.
      const exact = Buffer.from(Uint8Array.from(bytes).buffer);
      count(await refusal(() => decompressor.unpack(exact, path)));
      if (index++ % 5 === 0)
        count(await refusal(() => unpackModule(exact, { path, limit: 32 * ZEROS_LENGTH })));
    }
    for (const zeros of [xzZeros, zstdZeros])
      count(await refusal(() => unpackModule(bomb(zeros, 40), { path, limit: 32 * ZEROS_LENGTH })));
    return Object.keys(outcomes).sort();
  },

  /** Twenty workers, three rounds; their ends are spread, so that some meet any moment of an unpacking. */
  async terminate() {
    let terminated = 0;
    for (let round = 0; round < 3; round++)
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const worker = new Worker(new URL(import.meta.url));
          await new Promise((resolve) => worker.once(index % 2 === 0 ? 'message' : 'online', resolve));
          await delay(index * 3);
          await worker.terminate();
          terminated++;
        }),
      );
    return { terminated };
  },

  exit() {
    void unpackForEver();
    setTimeout(() => process.exit(7), 30);
    return 'leaving';
  },

  /** Memory after many files, in MiB above what it was after a few; the limit keeps a bomb within bounds. */
  async memory() {
    for (let index = 0; index < 20; index++) await unpackAndCollect();
    const before = process.memoryUsage().rss;
    for (let index = 0; index < 60; index++) await unpackAndCollect();
    const growth = (process.memoryUsage().rss - before) / ZEROS_LENGTH;
    const limit = 64 * ZEROS_LENGTH;
    const refused = await refusal(() => unpackModule(bomb(zstdZeros, 8000), { path, limit }));
    const peak = process.resourceUsage().maxRSS / 1024 - before / ZEROS_LENGTH;
    return {
      grown: growth > 40,
      refused: refused === 'unpacked' ? refused : refused.code,
      bounded: peak < 300,
    };
  },
};

if (isMainThread) {
  const stage = stages[process.argv[2] ?? ''];
  if (!stage) throw new Error(`no stage ${process.argv[2]}`);
  process.stdout.write(`${JSON.stringify(await stage())}\n`);
} else {
  // Node 26 aborts by itself when a worker is terminated between the making and the start of a zlib stream ("close before
  // init"), so gzip, which is Node's own work, is left out here.
  await unpackForEver(compressedSamples.filter(({ bytes }) => bytes[0] !== 0x1f));
}
