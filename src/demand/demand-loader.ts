import { EventEmitter, on } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { makeFolders } from '../native/make-folders.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { answerFault, type DemandAnswer, LineReader, loaderFolder, loaderSocket } from './loader-protocol.ts';

/** A request by the kernel. */
export interface DemandRequest {
  /** What is asked for, for example `net-pf-29`. */
  readonly name: string;
}

/** A request that is over. */
export interface AnsweredRequest extends DemandRequest {
  readonly answer: DemandAnswer;
  /** Exit code of the modprobe that carried the answer out; null when it went away before its end. */
  readonly exitCode: number | null;
  /** From the request to the end, in milliseconds. */
  readonly durationMs: number;
  /** Why the answer is `default` although another was to be given: what `decide` threw, or what was wrong with its answer. */
  readonly error: Error | null;
}

/** Decides about a request. */
export type Decide = (request: DemandRequest) => DemandAnswer | Promise<DemandAnswer>;

/** Events of a {@link DemandLoader}. */
interface DemandEvents {
  request: [DemandRequest];
  answered: [AnsweredRequest];
}

/**
 * Decides about what the kernel asks for, as long as it is open. Emits `request` when one comes and `answered` when it is over;
 * the latter is also what iteration gives.
 */
export class DemandLoader extends EventEmitter<DemandEvents> {
  readonly #server: Server;
  readonly #decide: Decide;
  readonly #sockets = new Set<Socket>();
  readonly #closed = new AbortController();

  private constructor(decide: Decide) {
    super();
    this.#decide = decide;
    this.#server = createServer((socket) => this.#converse(socket));
  }

  /**
   * Begins to decide.
   *
   * @throws KmodError `ERR_KMOD_HELPER` when another program decides already; Error of node:fs or node:net without the right to
   */
  static async open(decide: Decide, kernel: KernelLocation = {}): Promise<DemandLoader> {
    const loader = new DemandLoader(decide);
    makeFolders(loaderFolder(kernel), 0o755);
    chmodSync(loaderFolder(kernel), 0o700);
    const path = loaderSocket(kernel);
    if (await isAnswered(path))
      throw new KmodError(
        'ERR_KMOD_HELPER',
        `Another program decides about requests already: it listens on ${path}.`,
        {
          path,
        },
      );
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      loader.#server.once('error', reject).listen(path, resolve);
    });
    return loader;
  }

  /** Ends it: requests are answered as if it had never been. Those under way are over by then. */
  async close(): Promise<void> {
    this.#closed.abort();
    const end = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroySoon();
    await end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Requests that are over, from now on until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<AnsweredRequest, void, undefined> {
    try {
      for await (const [answered] of on(this, 'answered', { signal: this.#closed.signal })) yield answered;
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error;
    }
  }

  #converse(socket: Socket): void {
    this.#sockets.add(socket);
    const started = performance.now();
    let exitCode: number | null = null;
    let begun: Promise<Omit<AnsweredRequest, 'exitCode' | 'durationMs'>> | undefined;
    const reader = new LineReader((line) => {
      const message = messageOf(line);
      if (begun === undefined && typeof message.name === 'string')
        begun = this.#answer({ name: message.name }, socket);
      else if (typeof message.exitCode === 'number') exitCode = message.exitCode;
    });
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => reader.push(text));
    socket.on('error', () => undefined); // what it means is seen by the missing exit code
    socket.once('close', () => {
      this.#sockets.delete(socket);
      void begun?.then((facts) => {
        this.emit('answered', { ...facts, exitCode, durationMs: performance.now() - started });
      });
    });
  }

  async #answer(
    request: DemandRequest,
    socket: Socket,
  ): Promise<Omit<AnsweredRequest, 'exitCode' | 'durationMs'>> {
    let answer: DemandAnswer = 'default';
    let error: Error | null = null;
    try {
      this.emit('request', request);
      const given = await this.#decide(request);
      const fault = answerFault(given);
      if (fault !== undefined) throw new TypeError(fault);
      answer = given;
    } catch (reason) {
      error = reason instanceof Error ? reason : new Error(String(reason));
    }
    if (socket.writable) socket.write(`${JSON.stringify({ answer })}\n`);
    return { ...request, answer, error };
  }
}

function messageOf(line: string): { readonly name?: unknown; readonly exitCode?: unknown } {
  try {
    return (JSON.parse(line) ?? {}) as object;
  } catch {
    return {};
  }
}

async function isAnswered(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
