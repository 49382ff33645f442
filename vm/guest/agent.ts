/**
 * The guest's side of the harness: takes requests from the host, answers each exactly once. A guest whose answer does
 * not come is lost, never "passed".
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { serialize } from 'node:v8';

import { modprobeSync } from 'kmodctl';
import type { Frame } from '../protocol/frame.ts';
import { toRemoteError } from '../protocol/remote-error.ts';
import type { EventHead, RequestHead, Requests } from '../protocol/requests.ts';
import { ClockSetter } from './clock.ts';
import { type Channel, findPort, openChannel, prepareFallback } from './device-channel.ts';
import { EvaluationError, EvaluatorProcess } from './evaluator-process.ts';
import { killGroup, runProgram } from './program.ts';

const clock = new ClockSetter();
const evaluator = new EvaluatorProcess();
const programs = new Map<number, ChildProcess>();

interface Answer {
  readonly value: unknown;
  readonly payload?: Uint8Array;
}

type Handler = (id: number, parameters: never, payload: Buffer) => Promise<Answer>;

function handlers(channel: Channel): { readonly [Method in keyof Requests]: Handler } {
  return {
    resume: async (_id, { time }: Requests['resume']['parameters']) => {
      await clock.set(time);
      return { value: null };
    },
    ping: async () => ({ value: null }),
    run: async (id, parameters: Requests['run']['parameters'], input) => {
      try {
        const { value, output } = await runProgram({
          parameters,
          input,
          onStart: (child) => programs.set(id, child),
          onOutput: (stream, bytes) => {
            void channel.send({ event: 'output', id, stream } satisfies EventHead, bytes);
          },
        });
        return { value, payload: output };
      } finally {
        programs.delete(id);
      }
    },
    cancel: async (_id, { target }: Requests['cancel']['parameters']) => {
      const program = programs.get(target);
      if (program) killGroup(program);
      else evaluator.cancel(target);
      return { value: null };
    },
    evaluate: async (id, { source }: Requests['evaluate']['parameters'], payload) => ({
      value: null,
      payload: await evaluator.evaluate({ id, source, arguments: payload }),
    }),
    writeFile: async (_id, { path, mode }: Requests['writeFile']['parameters'], payload) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, payload, { mode });
      return { value: null };
    },
    readFile: async (_id, { path }: Requests['readFile']['parameters']) => ({
      value: null,
      payload: await readFile(path),
    }),
    shell: async (_id, parameters: Requests['shell']['parameters']) => ({
      value: await runShell(parameters),
    }),
  };
}

async function runShell({
  columns,
  rows,
  command,
}: Requests['shell']['parameters']): Promise<{ exitCode: number }> {
  const line = '/dev/ttyS2';
  // Opened before its size is set: the kernel forgets the size of a terminal that nobody has open.
  const script = `exec <${line} >${line} 2>&1; stty sane rows ${rows} cols ${columns}; exec cttyhack "$@"`;
  const child = spawn('setsid', ['sh', '-c', script, 'sh', ...command], {
    stdio: 'ignore',
    cwd: '/root',
    env: { ...process.env, TERM: 'linux', PS1: '\\w # ', ENV: '/etc/kmodctl-shell' },
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ exitCode: code ?? 1 });
    });
  });
}

async function answerRequest(
  channel: Channel,
  table: ReturnType<typeof handlers>,
  frame: Frame,
): Promise<void> {
  const { id, method, parameters } = frame.head as unknown as RequestHead;
  try {
    const handler = table[method] as (id: number, parameters: object, payload: Buffer) => Promise<Answer>;
    const { value, payload } = await handler(id, parameters, frame.payload);
    await channel.send({ id, value }, payload);
  } catch (thrown) {
    const error = thrown instanceof EvaluationError ? thrown.remote : toRemoteError(thrown);
    await channel.send({ id, error });
  }
}

// Debian 6.1 has the virtio drivers as modules. The package under test loads them itself, through its own calls.
async function chooseDevice(): Promise<string> {
  const commandLine = await readFile('/proc/cmdline', 'utf8');
  if (commandLine.split(/\s/).includes('kmodctl.channel=serial')) return prepareFallback();
  const builtin = await findPort(0);
  if (builtin !== undefined) return builtin;
  try {
    modprobeSync(['virtio_pci', 'virtio_console']);
  } catch (error) {
    console.error(`kmodctl: no virtio-serial: ${error instanceof Error ? error.message : String(error)}`);
    return prepareFallback();
  }
  return (await findPort(5000)) ?? prepareFallback();
}

// Compiles and pages in what requests will need, before the template is saved and not after each clone.
async function warmUp(): Promise<void> {
  await evaluator.start();
  await evaluator.evaluate({
    id: 0,
    source: 'async () => (await import("kmodctl")) && 1',
    arguments: serialize([]),
  });
  await runProgram({
    parameters: { argv: ['true'], environment: {}, directory: '/', stream: false },
    input: Buffer.alloc(0),
    onStart: () => {},
    onOutput: () => {},
  });
}

const device = await chooseDevice();
await warmUp();
const channel = await openChannel(device);
const table = handlers(channel);
await channel.send({ event: 'hello', device, node: process.version, release: release() } satisfies EventHead);
for await (const frame of channel.frames()) void answerRequest(channel, table, frame);
