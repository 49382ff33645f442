/**
 * A child process for the test of a worker that is terminated in the middle of a long call of the addon's part for folders of
 * modules: the call goes on to its end, and then no value can be made any more. Argument: the call. Prints the worker's exit code.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import { packTexts } from '../../src/depmod/packed-texts.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { moduleImage } from '../fixtures/module-image.ts';

interface Task {
  readonly call: string;
  readonly file: string;
  /** Becomes 1 when the call begins, and 2 should it come back. */
  readonly progress: Int32Array;
}

const FILES = 100_000;
const TEXTS = 1_000_000;

const calls: Readonly<Record<string, (file: string) => () => unknown>> = {
  takeScan(file) {
    const binding = nativeBinding();
    const paths = Buffer.from(`${file}\0`.repeat(FILES));
    const scan = binding.startScan(
      paths,
      Uint32Array.from({ length: FILES }).map((_, place) => place),
      0,
      false,
    );
    return () => scan !== null && binding.takeScan(scan);
  },
  matchTexts() {
    const binding = nativeBinding();
    const texts = packTexts(Array.from({ length: TEXTS }, (_, number) => `text ${number}`));
    return () => binding.matchTexts(texts, texts);
  },
};

function work({ call, file, progress }: Task): void {
  const prepared = calls[call]?.(file);
  Atomics.store(progress, 0, 1);
  prepared?.();
  Atomics.store(progress, 0, 2);
}

async function terminateDuring(call: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-termination-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a.ko');
  const exports = Array.from({ length: 5 }, (_, number) => ({ name: `symbol_${number}`, crc: number }));
  writeFileSync(file, moduleImage({ modinfo: ['alias=pci:*'], exports }));
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const task: Task = { call, file, progress };
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  while (Atomics.load(progress, 0) === 0) await delay(1);
  const code = await worker.terminate();
  process.stdout.write(JSON.stringify([Atomics.load(progress, 0), code]));
}

if (isMainThread) await terminateDuring(process.argv[2] ?? '');
else work(workerData as Task);
