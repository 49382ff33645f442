import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { RemoteError } from '../protocol/requests.ts';
import type { EvaluateAnswer, EvaluateMessage } from './evaluator.ts';

interface Pending {
  readonly resolve: (value: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** An error of a function in the guest, still in the form that travels. */
export class EvaluationError extends Error {
  readonly remote: RemoteError;

  constructor(remote: RemoteError) {
    super(remote.message);
    this.remote = remote;
  }
}

/** The agent's side of the evaluator: keeps one process ready, and starts another when it is lost. */
export class EvaluatorProcess {
  private child: ChildProcess | undefined;
  private ready: Promise<void> = Promise.resolve();
  private readonly pending = new Map<number, Pending>();

  /** Starts the process unless it runs; resolves when it can take a function. */
  async start(): Promise<void> {
    if (this.child !== undefined) {
      await this.ready;
      return;
    }
    const child = fork(fileURLToPath(new URL('./evaluator.js', import.meta.url)), {
      serialization: 'advanced',
      execArgv: ['--no-warnings'], // importModuleDynamically counts as experimental
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.on('message', (message) => {
      if (message !== 'ready') this.settle(message as EvaluateAnswer);
    });
    child.once('exit', (code, signal) => {
      this.lose(child, `the process that runs functions ended with ${signal ?? `status ${code}`}`);
    });
    this.ready = new Promise((resolve) => {
      child.once('message', () => {
        resolve();
      });
      child.once('exit', () => {
        resolve();
      });
    });
    await this.ready;
  }

  /**
   * Runs a function.
   *
   * @throws EvaluationError with what the function threw; Error when the process was lost
   */
  async evaluate(message: EvaluateMessage): Promise<Uint8Array> {
    await this.start();
    return await new Promise((resolve, reject) => {
      this.pending.set(message.id, { resolve, reject });
      this.child?.send(message);
    });
  }

  /** Ends the function with this number, and with it all others in progress: they share a process. */
  cancel(id: number): boolean {
    if (!this.pending.has(id)) return false;
    this.child?.kill('SIGKILL');
    return true;
  }

  private settle(answer: EvaluateAnswer): void {
    const pending = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if (answer.error) pending?.reject(new EvaluationError(answer.error));
    else pending?.resolve(answer.value ?? new Uint8Array());
  }

  private lose(child: ChildProcess, reason: string): void {
    if (this.child === child) this.child = undefined;
    for (const { reject } of this.pending.values()) reject(new Error(reason));
    this.pending.clear();
  }
}
