import type { Duplex } from 'node:stream';

import { encodeFrame, type Frame, FrameDecoder } from './protocol/frame.ts';
import { fromRemoteError } from './protocol/remote-error.ts';
import type { AnswerHead, EventHead, RequestHead, Requests } from './protocol/requests.ts';

/** An answer: its value and its bytes. */
export interface Answer<Method extends keyof Requests> {
  readonly value: Requests[Method]['value'];
  readonly payload: Buffer;
}

/** A request under way. */
export interface Pending<Method extends keyof Requests> {
  readonly id: number;
  readonly answer: Promise<Answer<Method>>;
}

interface Waiting {
  readonly resolve: (answer: Answer<never>) => void;
  readonly reject: (error: Error) => void;
  readonly onOutput: ((stream: 'stdout' | 'stderr', bytes: Buffer) => void) | undefined;
}

/** The host's side of the frames: numbers requests, and pairs the answers with them. */
export class GuestConnection {
  /** Resolves with the agent's greeting. Comes once, from a booting guest; a clone does not greet again. */
  readonly hello: Promise<EventHead>;
  private readonly waiting = new Map<number, Waiting>();
  private socket: Duplex;
  private nextId = 1;
  private failure: Error | undefined;
  private greeted: boolean;
  private greet: (head: EventHead) => void = () => {};

  /**
   * @param sockets the virtio-serial port and the serial line; the guest greets on the one that it uses
   * @param used which of them a clone's guest uses already; undefined when the guest has yet to boot
   */
  constructor(
    sockets: Readonly<Record<'agent' | 'fallback', Duplex>>,
    used: 'agent' | 'fallback' | undefined,
  ) {
    this.hello = new Promise((resolve) => {
      this.greet = resolve;
    });
    this.greeted = used !== undefined;
    this.socket = sockets[used ?? 'agent'];
    for (const socket of Object.values(sockets)) this.listen(socket);
  }

  /** Sends a request. Its promise rejects with the guest's error, or with the reason of {@link fail}. */
  request<Method extends keyof Requests>(
    method: Method,
    parameters: Requests[Method]['parameters'],
    payload?: Uint8Array,
    onOutput?: Waiting['onOutput'],
  ): Pending<Method> {
    const id = this.nextId++;
    const answer = new Promise<Answer<Method>>((resolve, reject) => {
      if (this.failure) {
        reject(this.failure);
        return;
      }
      this.waiting.set(id, { resolve, reject, onOutput });
      this.socket.write(encodeFrame({ id, method, parameters } satisfies RequestHead, payload));
    });
    answer.catch(() => {}); // whoever asked sees it; a request abandoned by a timeout has nobody
    return { id, answer };
  }

  /** Resolves when the agent shows that it is there: with its greeting while the guest boots, or with an answer. */
  async signOfLife(): Promise<void> {
    await (this.greeted ? this.request('ping', {}).answer : this.hello);
  }

  /** Rejects everything under way and all that comes later. The first reason stays. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }

  private listen(socket: Duplex): void {
    const decoder = new FrameDecoder();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of decoder.push(chunk)) this.dispatch(frame, socket);
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private dispatch({ head, payload }: Frame, socket: Duplex): void {
    if ('event' in head) this.dispatchEvent(head as unknown as EventHead, payload, socket);
    else this.dispatchAnswer(head as unknown as AnswerHead, payload);
  }

  private dispatchEvent(event: EventHead, payload: Buffer, socket: Duplex): void {
    if (event.event === 'hello') {
      this.socket = socket;
      this.greeted = true;
      this.greet(event);
    } else if (event.id !== undefined) {
      this.waiting.get(event.id)?.onOutput?.(event.stream ?? 'stdout', payload);
    }
  }

  private dispatchAnswer({ id, value, error }: AnswerHead, payload: Buffer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(fromRemoteError(error));
    else waiting?.resolve({ value: value as never, payload });
  }
}
