import { deserialize, serialize } from 'node:v8';
import { compileFunction } from 'node:vm';
import type { Duplex, Readable, Writable } from 'node:stream';

import type { KernelLogRecord } from '../src/index.ts';
import { argumentTypeError, requireOptions } from '../src/errors/argument.ts';
import { CommandGuard } from './command-guard.ts';
import type { GuestMachine } from './guest-machine.ts';
import type { Kernel } from './kernels/kernel.ts';
import type { Requests } from './protocol/requests.ts';
import type { Accelerator } from './qemu/accelerator.ts';

/** Options of {@link VirtualMachine.run}. */
export interface RunOptions {
  /** Standard input. Default empty. */
  readonly input?: string | Uint8Array;
  /** Variables beside PATH, HOME, LANG, TERM and KMODCTL_IN_GUEST. Default none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory. Default `/`. */
  readonly cwd?: string;
  /** Milliseconds until the program and its children are killed. Default: the VM's command timeout. */
  readonly timeout?: number;
  /** Kills the program and its children. Default none. */
  readonly signal?: AbortSignal;
  /** Called with output as it comes. Default none. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** What a program in the guest did. A non-zero status is a result, not an error. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; null when a signal ended it. */
  readonly exitCode: number | null;
  /** Name of the signal that ended it; null when it exited. */
  readonly signal: string | null;
  /** Time in the guest, in milliseconds. */
  readonly durationMs: number;
}

/** Facts of a started VM. */
export interface VmFacts {
  readonly kernel: Kernel;
  readonly accelerator: Accelerator;
  /** Why this accelerator. */
  readonly acceleratorReason: string;
  /** Whether the guest was cloned from a template or booted by itself. */
  readonly origin: 'template' | 'boot';
  /** From the start of QEMU to the agent's first answer, in milliseconds. Kernel and template are there by then. */
  readonly readyMs: number;
  /** Milliseconds spent on making the template; 0 when it was in the cache. */
  readonly templateMs: number;
  /** Device that the agent talks over: a virtio-serial port, or `/dev/ttyS1`. */
  readonly agentDevice: string;
}

/** A guest with a real kernel. Every method rejects with a {@link VmError} when the guest is lost, at once. */
export class VirtualMachine implements AsyncDisposable {
  readonly facts: VmFacts;
  private readonly machine: GuestMachine;
  private readonly guard: CommandGuard;
  private readonly release: () => void;

  /** Not for callers: {@link startVm} makes these. `release` is called once, when the VM is stopped. */
  constructor(machine: GuestMachine, facts: VmFacts, commandTimeout: number, release: () => void) {
    this.machine = machine;
    this.facts = facts;
    this.guard = new CommandGuard(machine, commandTimeout);
    this.release = release;
  }

  /** Process id of QEMU. */
  get pid(): number {
    return this.machine.qemu.pid;
  }

  /**
   * Runs a program in the guest, found through PATH; no shell is involved.
   *
   * @param argv program and arguments
   * @throws VmError `ERR_KMOD_VM_TIMEOUT`, `ERR_KMOD_VM_ABORTED`, or the reason why the guest was lost; an Error with code
   *   `ENOENT` when there is no such program; TypeError for wrong arguments
   */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    if (!Array.isArray(argv) || argv.length === 0 || argv.some((word) => typeof word !== 'string'))
      throw argumentTypeError('argv', 'a non-empty array of strings', argv);
    requireOptions('options', options, runOptionTypes);
    const { onOutput } = options;
    const { value, payload } = await this.guard.request('run', {
      parameters: {
        argv,
        environment: options.env ?? {},
        directory: options.cwd ?? '/',
        stream: onOutput !== undefined,
      },
      payload: Buffer.from(options.input ?? ''),
      what: argv.join(' '),
      timeout: options.timeout,
      signal: options.signal,
      onOutput:
        onOutput &&
        ((stream, bytes) => {
          onOutput(stream, bytes.toString());
        }),
    });
    return {
      stdout: payload.toString('utf8', 0, value.stdoutLength),
      stderr: payload.toString('utf8', value.stdoutLength),
      exitCode: value.exitCode,
      signal: value.signal,
      durationMs: value.durationMs,
    };
  }

  /**
   * Runs a function in the guest's Node, where `import('kmodctl')` finds this package. The function is sent as source, so
   * it sees its arguments and nothing of what surrounds it; arguments and result are copied as `structuredClone`
   * does. All functions of a VM run in one process, apart from the agent.
   *
   * @throws what the function threw: an Error of the same name, message, code and properties, with `guestStack`; VmError as
   *   {@link run}; TypeError for a function that is not written as one (a method, a native function)
   */
  async evaluate<Arguments extends readonly unknown[], Result>(
    fn: (...values: Arguments) => Result,
    ...values: Arguments
  ): Promise<Awaited<Result>> {
    const source = functionSource(fn);
    const { payload } = await this.guard.request('evaluate', {
      parameters: { source },
      payload: serialize(values),
      what: `function ${fn.name === '' ? source.slice(0, 60) : fn.name}`,
    });
    return deserialize(payload) as Awaited<Result>;
  }

  /**
   * Writes a file in the guest, making its folders.
   *
   * @param mode permissions of a new file, default 0o644
   */
  async writeFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const payload = typeof content === 'string' ? Buffer.from(content) : content;
    await this.guard.request('writeFile', { parameters: { path, mode }, payload, what: `writing ${path}` });
  }

  /** Reads a file of the guest, also one of /proc or /sys: bytes, or text when an encoding is given. */
  async readFile(path: string): Promise<Buffer>;
  async readFile(path: string, encoding: BufferEncoding): Promise<string>;
  async readFile(path: string, encoding?: BufferEncoding): Promise<Buffer | string> {
    const { payload } = await this.guard.request('readFile', {
      parameters: { path },
      what: `reading ${path}`,
    });
    return encoding === undefined ? payload : payload.toString(encoding);
  }

  /** The guest's kernel log since boot, oldest first, from /dev/kmsg. */
  async kernelLog(): Promise<readonly KernelLogRecord[]> {
    return await this.evaluate(async () => {
      const { readKernelLog } = await import('kmodctl');
      return readKernelLog();
    });
  }

  /** Everything on the guest's console since power-on. */
  console(): string {
    return this.machine.console.contents();
  }

  /**
   * Connects a terminal to a shell in the guest until the shell ends. Answers its exit status.
   *
   * @param terminal streams of the user's terminal, and its size; `command` defaults to a login shell
   */
  async shell(terminal: {
    readonly input: Readable;
    readonly output: Writable;
    readonly columns?: number;
    readonly rows?: number;
    readonly command?: readonly string[];
  }): Promise<number> {
    const line: Duplex = this.machine.qemu.terminal;
    line.pipe(terminal.output, { end: false });
    terminal.input.pipe(line, { end: false });
    terminal.input.once('end', () => line.write(END_OF_INPUT));
    try {
      const { columns = 80, rows = 24, command = ['busybox', 'ash', '-l'] } = terminal;
      const parameters: Requests['shell']['parameters'] = { columns, rows, command };
      const { value } = await this.guard.request('shell', {
        parameters,
        what: 'the shell',
        timeout: Infinity,
      });
      return value.exitCode;
    } finally {
      terminal.input.unpipe(line);
      line.unpipe(terminal.output);
    }
  }

  /** Ends the guest at once and waits until QEMU is gone. Calling it again does nothing. */
  async stop(): Promise<void> {
    this.release();
    await this.machine.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Control-D, at which the guest's terminal tells the shell that its input has ended. */
const END_OF_INPUT = '\u0004';

const runOptionTypes = {
  input: ['string', 'object'],
  env: 'object',
  cwd: 'string',
  timeout: 'number',
  signal: 'object',
  onOutput: 'function',
} as const;

function functionSource(fn: unknown): string {
  if (typeof fn !== 'function') throw argumentTypeError('fn', 'a function', fn);
  const source = Function.prototype.toString.call(fn);
  try {
    compileFunction(`return (${source})`);
    return source;
  } catch (cause) {
    throw new TypeError(
      `The "fn" argument must be an arrow function or a function expression, to be sent as source. Received: ${source.slice(0, 60)}`,
      { cause },
    );
  }
}
