import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  SHARE_ENV,
  Worker,
} from 'node:worker_threads';

import {
  DISMISSED,
  DONE,
  newControl,
  PROGRESS,
  READY,
  type ScanShare,
  type ScanWork,
  STARTING,
  WORKING,
} from './scan-share.ts';
import type { WorkerSetUp } from './scan-worker.ts';

/** How long a thread may take for one file before it is taken for dead, in milliseconds. */
const PATIENCE = 60_000;

interface Member {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly state: Int32Array;
}

/**
 * Threads that help with a scan. They take some 30 ms to start, so they are started before it is known what there is to
 * read; everything goes through shared memory, because the main thread never waits for its event loop meanwhile.
 */
export class ScanCrew {
  /** Shared by all threads; see `scan-share.ts`. */
  readonly control = newControl();
  readonly #members: readonly Member[];

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => startMember(this.control));
  }

  /** Gives the work to the threads, once. */
  begin(work: ScanWork): void {
    for (const { port } of this.#members) port.postMessage(work);
    Atomics.store(this.control, READY, 1);
    Atomics.notify(this.control, READY);
  }

  /** Waits for those that are at work, and gives what they read. A thread that was lost gives nothing. */
  collect(): readonly ScanShare[] {
    return this.#members.flatMap((member) => {
      const report = isFinished(member, this.control) ? receiveMessageOnPort(member.port) : undefined;
      member.port.close();
      return report === undefined ? [] : [report.message as ScanShare];
    });
  }

  /** Sends all home that have nothing to do. */
  dismiss(): void {
    for (const { state } of this.#members) Atomics.compareExchange(state, 0, STARTING, DISMISSED);
    this.begin({ files: [], sizes: new Float64Array(0), order: new Uint32Array(0), compat: false });
    this.collect();
  }
}

function startMember(control: Int32Array): Member {
  const { port1, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(4));
  const setUp: WorkerSetUp = { control, state, port: port2 };
  const worker = new Worker(workerFile(), {
    workerData: setUp,
    transferList: [port2],
    env: SHARE_ENV,
    execArgv: [],
    trackUnmanagedFds: false,
  });
  // What a thread does not report, the main thread reads itself.
  worker.on('error', () => {});
  worker.unref();
  port1.unref();
  return { worker, port: port1, state };
}

/** The bundled program has the worker in a file beside it, and so has the library. */
function workerFile(): URL {
  return new URL(
    import.meta.url.endsWith('.cjs') ? './scan-worker.cjs' : './scan-worker.js',
    import.meta.url,
  );
}

function isFinished({ worker, state }: Member, control: Int32Array): boolean {
  if (Atomics.compareExchange(state, 0, STARTING, DISMISSED) !== WORKING)
    return Atomics.load(state, 0) === DONE;
  let progress = -1;
  for (;;) {
    if (Atomics.wait(state, 0, WORKING, PATIENCE) !== 'timed-out') return true;
    const now = Atomics.load(control, PROGRESS);
    if (now === progress) break;
    progress = now;
  }
  void worker.terminate();
  return false;
}
