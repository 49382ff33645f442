/**
 * A child process for the tests of the addon's lifetime: starts a number of module calls, then goes through one stage
 * of a process's or worker's life. Arguments: the stage's name, the number of calls.
 */
import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { deleteModule, finitModule, initModule, obsoleteCalls } from '../../src/syscalls.ts';

const image = new Uint8Array(100);

/** What a call ended in: `loaded`, or the error's errno. */
type Outcome = number | 'loaded';

function startCalls(count: number): Promise<Outcome>[] {
  loadAddon();
  const fd = openSync(import.meta.filename, 'r');
  const calls = Array.from({ length: count }, (_, index) => {
    if (index % 3 === 0) return outcome(finitModule(fd, 'a=1', 0));
    return outcome(index % 3 === 1 ? initModule(image, 'a=1') : deleteModule('kmodctl_test'));
  });
  closeSync(fd);
  return calls;
}

function leaveCalls(count: number): void {
  void Promise.all(startCalls(count));
}

async function outcome(call: Promise<void>): Promise<Outcome> {
  try {
    await call;
    return 'loaded';
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    return errno;
  }
}

// Not one of the slow calls: the addon is there even where no call is in flight.
function loadAddon(): void {
  try {
    obsoleteCalls.createModule('kmodctl_test', 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSYS') throw error;
  }
}

const print = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

async function terminateWorker(calls: number): Promise<void> {
  const worker = startWorker('idle', calls);
  await new Promise((resolve) => worker.once('message', resolve));
  print({ terminated: await worker.terminate() });
}

/** Twenty workers, three rounds; their ends are spread evenly, so that some meet any moment of a call. */
async function terminateMany(behaviour: string, calls: number): Promise<void> {
  const [event, spacing] = behaviour === 'idle' ? ['message', 2] : ['online', 5];
  for (let round = 0; round < 3; round++)
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const worker = startWorker(behaviour, calls);
        await new Promise((resolve) => worker.once(event, resolve));
        await delay(index * spacing);
        await worker.terminate();
      }),
    );
  print({ terminated: 60 });
}

function startWorker(behaviour: string, calls: number): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: { behaviour, calls } });
  worker.on('error', (error: Error) => print({ workerError: error.message }));
  return worker;
}

async function workerEnd(behaviour: string, calls: number): Promise<void> {
  const worker = startWorker(behaviour, calls);
  print({ workerExit: await new Promise((resolve) => worker.once('exit', resolve)) });
}

const behaviours: Readonly<Record<string, (calls: number) => unknown>> = {
  idle(calls) {
    const started = startCalls(calls);
    parentPort?.postMessage('started', []);
    return Promise.all(calls === 0 ? [delay(60_000)] : started);
  },
  async busy(calls) {
    for (;;) await Promise.race([...startCalls(calls), delay(5)]);
  },
  exit(calls) {
    leaveCalls(calls);
    process.exit(7);
  },
  uncaught(calls) {
    leaveCalls(calls);
    throw new Error('uncaught on purpose');
  },
};

const stages: Readonly<Record<string, (calls: number) => unknown>> = {
  async settle(calls) {
    print(await Promise.all(startCalls(calls)));
  },
  exit(calls) {
    leaveCalls(calls);
    process.exit(7);
  },
  async 'exit-later'(calls) {
    leaveCalls(calls);
    await delay(50);
    process.exit(7);
  },
  uncaught(calls) {
    leaveCalls(calls);
    throw new Error('uncaught on purpose');
  },
  'uncaught-later'(calls) {
    leaveCalls(calls);
    setTimeout(() => {
      throw new Error('uncaught on purpose');
    }, 50);
  },
  terminate: terminateWorker,
  'terminate-around-completion': (calls) => terminateMany('idle', calls),
  'terminate-while-starting': (calls) => terminateMany('busy', calls),
  'worker-exit': (calls) => workerEnd('exit', calls),
  'worker-uncaught': (calls) => workerEnd('uncaught', calls),
  async 'stat-first'(calls) {
    const order: string[] = [];
    const started = startCalls(calls).map((call) => call.then(() => order.push('call')));
    await stat('/').then(() => order.push('stat'));
    await Promise.all(started);
    print(order);
  },
};

const stage = isMainThread
  ? stages[process.argv[2] ?? '']
  : behaviours[(workerData as { behaviour: string }).behaviour];
const count = isMainThread ? Number(process.argv[3]) : (workerData as { calls: number }).calls;
if (!stage) throw new Error(`no stage ${process.argv[2]}`);
await stage(count);
