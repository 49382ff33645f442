import { ModuleSystemError } from '../errors/system-error.ts';
import type { NativeWatch } from './binding.ts';
import { nativeBinding } from './load-binding.ts';
import type { EventLoopHandle } from './readable-watch.ts';
import { INITIAL_USER_NAMESPACE } from './user-namespace.ts';

const EAGAIN = 11;
const ENOBUFS = 105;
/** Length, sender, cut. */
const FACTS = 3;
const MESSAGES = 2048;
const BUFFER_BYTES = 256 * 1024;
/** Rounds of a reception, so that it ends also where messages come as fast as they are read. */
const MOST_ROUNDS = 256;
const KERNEL = 0;

/** The kernel's uevents over netlink. Messages of anybody else are dropped. */
export class UeventSocket implements EventLoopHandle {
  readonly #watch: NativeWatch;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  readonly #facts = new Uint32Array(1 + MESSAGES * FACTS);

  /**
   * @param bufferBytes size of the kernel's buffer, or as much of that as is allowed
   * @param filter see `NativeBinding.watchUevents`
   * @param onReadable called as long as there is something to receive
   * @throws ModuleSystemError where there can be no such socket
   */
  constructor(bufferBytes: number, filter: Uint8Array, onReadable: () => void) {
    const watch = nativeBinding().watchUevents(bufferBytes, filter, onReadable);
    if (typeof watch === 'number')
      throw new ModuleSystemError({
        syscall: 'socket',
        result: watch,
        hint: "no socket for the kernel's events (netlink, NETLINK_KOBJECT_UEVENT)",
      });
    this.#watch = watch;
  }

  /**
   * Receives all that is there. The bytes are good until `receiver` returns.
   *
   * @returns whether messages were lost or cut
   * @throws ModuleSystemError for any other error of the socket
   */
  receive(receiver: (message: Buffer) => void): boolean {
    const facts = this.#facts;
    let isLossy = false;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const count = nativeBinding().receiveUevents(this.#watch, this.#buffer, facts);
      let start = 0;
      for (let at = 1; at <= count * FACTS; at += FACTS) {
        const end = start + (facts[at] ?? 0);
        if (facts[at + 1] === KERNEL && facts[at + 2] === 0) receiver(this.#buffer.subarray(start, end));
        else if (facts[at + 1] === KERNEL) isLossy = true;
        start = end;
      }
      const error = facts[0] ?? 0;
      if (error === EAGAIN) break;
      if (error === ENOBUFS) isLossy = true;
      else if (error !== 0) throw new ModuleSystemError({ syscall: 'recvmsg', result: -error });
    }
    return isLossy;
  }

  refer(keeps: boolean): void {
    nativeBinding().referWatch(this.#watch, keeps);
  }

  close(): void {
    nativeBinding().closeWatch(this.#watch);
  }
}

/**
 * Whether the kernel sends uevents into this process's network namespace: it does into those that belong to the first user
 * namespace. Null where that is not known, as where it belongs to an ancestor of one's own.
 */
export function areUeventsDelivered(): boolean | null {
  const owner = nativeBinding().networkOwner();
  return owner < 0 ? null : owner === INITIAL_USER_NAMESPACE;
}
