/**
 * A child process for the tests of the socket for uevents and of watches on descriptors. Arguments: the stage, and a program that
 * sends forged messages. Real messages come from writing to the file `uevent` of the loopback device, as root.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, threadId, Worker } from 'node:worker_threads';

import { parseUevent } from '../../src/kernel/uevent.ts';
import { moduleEventFilter } from '../../src/kernel/watch/uevent-filter.ts';
import { nativeBinding } from '../../src/native/load-binding.ts';
import { watchReader } from '../../src/native/pipe-reader.ts';
import { ReadableWatch } from '../../src/native/readable-watch.ts';
import { UeventSocket } from '../../src/native/uevent-socket.ts';

const LOOPBACK = '/sys/class/net/lo/uevent';
const MEBIBYTE = 1024 * 1024;
const everything = new Uint8Array(0);

function poke(times: number): void {
  for (let left = times; left > 0; left--) writeFileSync(LOOPBACK, 'change');
}

/** A socket that notes what comes from the loopback device. */
function listen(
  bufferBytes: number,
  filter: Uint8Array = everything,
): { readonly socket: UeventSocket; readonly heard: { messages: number; losses: number; others: number } } {
  const heard = { messages: 0, losses: 0, others: 0 };
  const socket = new UeventSocket(bufferBytes, filter, () => {
    const isLossy = socket.receive((message) => {
      const event = parseUevent(message);
      if (event?.devicePath === '/devices/virtual/net/lo') heard.messages++;
      else if (event?.devicePath.startsWith('/module/') === true) heard.others++;
    });
    if (isLossy) heard.losses++;
  });
  return { socket, heard };
}

async function receive(sender: string): Promise<unknown> {
  const usual = listen(MEBIBYTE);
  const tiny = listen(1);
  const filtered = listen(1, moduleEventFilter());
  poke(40);
  await delay(100);
  const isFilteredLossy = filtered.heard.losses > 0;
  // The filter lets these through, whoever sent them.
  execFileSync(sender, ['3']);
  await delay(100);
  const before = [usual.heard.messages, tiny.heard.messages];
  poke(1);
  await delay(100);
  // Other tests may do the same meanwhile.
  const [first = 0, short = 0] = before;
  const result = {
    usual: { hasAll: first >= 40, losses: usual.heard.losses, others: usual.heard.others },
    tiny: { isLossy: tiny.heard.losses > 0, isShort: short < first, goesOn: tiny.heard.messages > short },
    filtered: { messages: filtered.heard.messages, isLossy: isFilteredLossy, others: filtered.heard.others },
  };
  for (const { socket } of [usual, tiny, filtered]) {
    socket.close();
    socket.close();
  }
  return { ...result, closed: failure(() => usual.socket.receive(() => undefined)) };
}

function failure(action: () => unknown): string {
  try {
    return JSON.stringify(action()) ?? 'nothing';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).name;
  }
}

/** What a mistake in this package would hand over. */
function refuse(): unknown {
  const binding = nativeBinding() as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
  const call = (name: string, ...values: readonly unknown[]): string =>
    failure(() => binding[name]?.(...values));
  const socket = new UeventSocket(MEBIBYTE, everything, () => undefined);
  const watch = binding['watchReadable']?.(openPipe(), () => undefined, false);
  const short = new Uint32Array(1);
  const facts = new Uint32Array(100);
  const results = [
    call('watchUevents', 'x', everything, () => undefined),
    call('watchUevents', 1, everything, null),
    call('watchReadable', 10_000, () => undefined, false),
    call('watchReadable', 0, 1, false),
    call('watchReadable', 0, () => undefined),
    call('watchReadable', openSync('/etc/passwd', 'r'), () => undefined, true),
    call('receiveUevents', {}, new Uint8Array(10_000), facts),
    call('receiveUevents', watch, new Uint8Array(100), new Uint8Array(400)),
    call('receiveUevents', watch, new Uint8Array(100), facts),
    call('receiveUevents', watch, new Uint8Array(10_000), short),
    call('receiveUevents', watch, new Uint8Array(10_000), new Uint32Array(0)),
    call('referWatch', {}, true),
    call('closeWatch', {}),
    call('closeWatch', watch),
    call('closeWatch', watch),
    call('referWatch', watch, false),
    call('hasRoom', '1'),
    call('hasRoom', 10_000),
  ];
  socket.close();
  return results;
}

function openPipe(): number {
  const path = join(tmpdir(), `kmodctl-fifo-${process.pid}-${threadId}`);
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  unlinkSync(path);
  return fd;
}

/** What is noticed of a reader: before its end, and after it. */
async function readerEnds(descriptor: number, end: () => void): Promise<readonly [boolean, boolean]> {
  let isGone = false;
  const watch = watchReader(descriptor, () => (isGone = true));
  await delay(50);
  const before = isGone;
  end();
  await delay(50);
  watch?.close();
  return [before, isGone];
}

/** The readers of a pipe and of a socket, which has something to read all the time, go. */
async function readers(): Promise<unknown> {
  const path = join(tmpdir(), `kmodctl-fifo-${process.pid}`);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  let blocks = false;
  const pipe = await readerEnds(writer, () => {
    const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${writer}`, 'latin1'))?.[1] ?? '0';
    blocks = (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
    closeSync(reader);
  });
  const server = createServer().listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect(path).pause();
  const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
  server.close();
  peer.write('something to read');
  const { fd = -1 } = (client as unknown as { _handle: { readonly fd?: number } })._handle;
  const socket = await readerEnds(fd, () => peer.destroy());
  client.destroy();
  return { pipe, blocks, socket };
}

/** A socket, and a pipe that has something to read all the time. */
function busy(): void {
  const { socket } = listen(MEBIBYTE);
  socket.refer(true);
  const pipe = openPipe();
  writeFileSync(pipe, 'x');
  const watch = new ReadableWatch(pipe, () => parentPort?.postMessage('turn', []));
  closeSync(pipe);
  watch.refer(false);
}

async function terminate(): Promise<unknown> {
  let turns = 0;
  for (let round = 0; round < 2; round++)
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const worker = new Worker(new URL(import.meta.url));
        worker.on('message', () => turns++);
        // Half of them end at work, the others at any moment before.
        await new Promise((resolve) => worker.once(index % 2 === 0 ? 'message' : 'online', resolve));
        await delay(index * 10);
        poke(5);
        await worker.terminate();
      }),
    );
  return { terminated: 24, isBusy: turns > 0 };
}

const stages: Readonly<Record<string, (sender: string) => unknown>> = {
  receive,
  refuse,
  terminate,
  readers,
  exit() {
    busy();
    setTimeout(() => process.exit(7), 50);
    return 'leaving';
  },
  async 'by-itself'() {
    const { socket } = listen(MEBIBYTE);
    socket.refer(false);
    const gone = new Promise((resolve) => watchReader(1, () => resolve('reader gone')));
    return await Promise.race([gone, delay(20, 'reader there')]);
  },
  throws() {
    process.once('uncaughtException', (error) => {
      process.stdout.write(`${JSON.stringify(error.message)}\n`);
      socket.close();
    });
    const socket = new UeventSocket(MEBIBYTE, everything, () => {
      socket.receive(() => undefined);
      throw new Error('on purpose');
    });
    poke(1);
    return 'thrown';
  },
};

if (isMainThread) {
  const result = await stages[process.argv[2] ?? '']?.(process.argv[3] ?? '');
  process.stdout.write(`${JSON.stringify(result)}\n`);
} else busy();
