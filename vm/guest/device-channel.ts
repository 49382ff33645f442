import { execFileSync } from 'node:child_process';
import { existsSync, open, read, readdirSync, readFileSync, readSync, write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { encodeFrame, type Frame, FrameDecoder } from '../protocol/frame.ts';

const PORT_NAME = 'kmodctl.agent';
const FALLBACK_DEVICE = '/dev/ttyS1';
const READ_SIZE = 64 * 1024;
// A virtio port takes at most 32 KiB at a time.
const WRITE_SIZE = 32 * 1024;
const HOST_ABSENT_PAUSE_MS = 5;

/** The agent's connection to the host: frames both ways over a character device. */
export interface Channel {
  readonly device: string;
  send(head: object, payload?: Uint8Array): Promise<void>;
  /** Frames as they come; ends never. */
  frames(): AsyncGenerator<Frame>;
}

/**
 * The device node of the host's virtio-serial port. The name of a port appears some time after the port, so
 * this looks again until the deadline. Undefined when it does not appear: no driver, or no such device.
 */
export async function findPort(timeoutMs: number): Promise<string | undefined> {
  const deadline = performance.now() + timeoutMs;
  do {
    const port = listPorts().find((candidate) => portName(candidate) === PORT_NAME);
    if (port !== undefined && existsSync(`/dev/${port}`)) return `/dev/${port}`;
    await sleep(20);
  } while (performance.now() < deadline);
  return undefined;
}

function listPorts(): string[] {
  try {
    return readdirSync('/sys/class/virtio-ports');
  } catch {
    return [];
  }
}

function portName(port: string): string {
  try {
    return readFileSync(`/sys/class/virtio-ports/${port}/name`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The second serial line in raw mode: slow (0.1 MB/s), but it needs no module on any kernel. */
export function prepareFallback(): string {
  execFileSync('stty', ['-F', FALLBACK_DEVICE, 'raw', '-echo']);
  return FALLBACK_DEVICE;
}

/** Opens a device for frames. It can be opened once only, so reading and writing share a descriptor. */
export async function openChannel(device: string): Promise<Channel> {
  const fd = await promisify(open)(device, 'r+');
  let lastWrite = Promise.resolve();
  return {
    device,
    send: async (head, payload) => {
      const bytes = encodeFrame(head, payload);
      const previous = lastWrite;
      lastWrite = (async () => {
        await previous;
        await writeAll(fd, bytes);
      })();
      await lastWrite;
    },
    frames: () => readFrames(fd),
  };
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const length = Math.min(WRITE_SIZE, bytes.length - offset);
    const { bytesWritten } = await promisify(write)(fd, bytes, offset, length, null);
    offset += bytesWritten;
  }
}

/**
 * A virtio port gives 4 KiB at a time. When a frame has begun, its rest is on its way: waiting for it here, and not in another
 * thread, makes long ones several times as fast. What is kept is copied, as a piece would keep the whole buffer.
 */
async function* readFrames(fd: number): AsyncGenerator<Frame> {
  const decoder = new FrameDecoder();
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  const take = (length: number): Frame[] => decoder.push(Buffer.from(buffer.subarray(0, length)));
  for (;;) {
    const { bytesRead } = await promisify(read)(fd, buffer, 0, READ_SIZE, null);
    const frames = take(bytesRead);
    for (let length = bytesRead; frames.length === 0 && length > 0;) {
      length = readSync(fd, buffer, 0, READ_SIZE, null);
      frames.push(...take(length));
    }
    // A port reads as empty while the host is not connected: between template and clone, for example.
    if (frames.length === 0) await sleep(HOST_ABSENT_PAUSE_MS);
    else yield* frames;
  }
}
