import { setTimeout as sleep } from 'node:timers/promises';

import { abortOf } from './abort-wait.ts';
import type { Answer, Pending } from './guest-connection.ts';
import type { GuestMachine } from './guest-machine.ts';
import { elapsed } from './patience.ts';
import type { Requests } from './protocol/requests.ts';
import { VmError } from './vm-error.ts';

/** A request with its limits. */
export interface GuardedRequest<Method extends keyof Requests> {
  readonly parameters: Requests[Method]['parameters'];
  readonly payload?: Uint8Array;
  /** For messages: what is being done. */
  readonly what: string;
  /** Milliseconds; default: the guard's. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onOutput?: ((stream: 'stdout' | 'stderr', bytes: Buffer) => void) | undefined;
}

/** Time between signs of life asked for while a request is under way, and the longest silence allowed, in milliseconds. */
const PING_INTERVAL_MS = 5000;
const LONGEST_SILENCE_MS = 20_000;
/** What a cancelled program gets to end in, before the guest counts as hung. */
const CANCEL_TIME_MS = 5000;

/** How a request stands: `cancelled` when its answer is that of a killed command, `ended` when nobody waits any more. */
interface Course {
  readonly cancelled: AbortController;
  readonly ended: AbortSignal;
}

/** Puts limits on requests, and tells a guest that is slow from one that does not answer any more. */
export class CommandGuard {
  private readonly machine: GuestMachine;
  private readonly timeout: number;
  private underWay = 0;
  private watching = false;

  constructor(machine: GuestMachine, timeout: number) {
    this.machine = machine;
    this.timeout = timeout;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws VmError `ERR_KMOD_VM_TIMEOUT` or `ERR_KMOD_VM_ABORTED` after the guest has ended the command,
   *   `ERR_KMOD_VM_HUNG` when it does not even do that, or the reason why the guest was lost; the guest's own error
   */
  async request<Method extends keyof Requests>(
    method: Method,
    request: GuardedRequest<Method>,
  ): Promise<Answer<Method>> {
    if (this.machine.failed) throw this.machine.failed;
    const pending = this.machine.connection.request(
      method,
      request.parameters,
      request.payload,
      request.onOutput,
    );
    const ended = new AbortController();
    const cancelled = new AbortController();
    this.underWay++;
    void this.watch();
    try {
      return await Promise.race([
        unlessCancelled(pending, cancelled.signal),
        this.stopAfterTimeout(pending, request, { cancelled, ended: ended.signal }),
        this.stopOnAbort(pending, request, { cancelled, ended: ended.signal }),
      ]);
    } finally {
      this.underWay--;
      ended.abort();
    }
  }

  private async stopAfterTimeout<Method extends keyof Requests>(
    pending: Pending<Method>,
    { what, timeout = this.timeout }: GuardedRequest<Method>,
    { cancelled, ended }: Course,
  ): Promise<never> {
    await elapsed(timeout, ended);
    cancelled.abort();
    await this.cancel(pending);
    throw new VmError('ERR_KMOD_VM_TIMEOUT', `${what}: not finished after ${timeout / 1000} s, ended.`, {
      consoleTail: this.machine.console.tail(10),
    });
  }

  private async stopOnAbort<Method extends keyof Requests>(
    pending: Pending<Method>,
    { what, signal }: GuardedRequest<Method>,
    { cancelled, ended }: Course,
  ): Promise<never> {
    await abortOf(signal, ended);
    cancelled.abort();
    await this.cancel(pending);
    throw new VmError('ERR_KMOD_VM_ABORTED', `${what}: aborted by its signal.`, { cause: signal?.reason });
  }

  // Waits for the cancelled command's own answer: after that nothing of it runs on in the guest.
  private async cancel<Method extends keyof Requests>(pending: Pending<Method>): Promise<void> {
    const { answer } = this.machine.connection.request('cancel', { target: pending.id });
    const settled = Promise.allSettled([answer, pending.answer]);
    const ended = new AbortController();
    try {
      await Promise.race([
        settled,
        this.failAfter(CANCEL_TIME_MS, 'The guest did not end a command', ended.signal),
      ]);
    } finally {
      ended.abort();
    }
    if (this.machine.failed) throw this.machine.failed;
  }

  // One loop for all requests under way; none, and no traffic, while nothing is asked of the guest.
  private async watch(): Promise<void> {
    if (this.watching) return;
    this.watching = true;
    try {
      while (this.underWay > 0 && !this.machine.failed) {
        await sleep(PING_INTERVAL_MS, undefined, { ref: false });
        if (this.underWay === 0 || this.machine.failed) break;
        const ended = new AbortController();
        const { answer } = this.machine.connection.request('ping', {});
        await Promise.race([
          answer.catch(() => {}),
          this.failAfter(LONGEST_SILENCE_MS, 'The guest gave no sign of life', ended.signal).catch(() => {}),
        ]);
        ended.abort();
      }
    } finally {
      this.watching = false;
    }
  }

  private async failAfter(milliseconds: number, message: string, ended: AbortSignal): Promise<never> {
    await elapsed(milliseconds, ended);
    const error = new VmError('ERR_KMOD_VM_HUNG', `${message} within ${milliseconds / 1000} s.`, {
      consoleTail: this.machine.console.tail(),
    });
    this.machine.fail(error);
    throw error;
  }
}

// The answer of a command that was killed is not the answer to the request, and must not win the race.
async function unlessCancelled<Method extends keyof Requests>(
  pending: Pending<Method>,
  cancelled: AbortSignal,
): Promise<Answer<Method>> {
  const never = new Promise<never>(() => {});
  try {
    const answer = await pending.answer;
    return cancelled.aborted ? await never : answer;
  } catch (error) {
    if (cancelled.aborted) return await never;
    throw error;
  }
}
