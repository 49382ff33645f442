import { ModuleSystemError } from '../errors/system-error.ts';
import type { NativeWatch } from './binding.ts';
import { nativeBinding } from './load-binding.ts';

/** Something on the event loop that can be made to keep it going, or not. */
export interface EventLoopHandle {
  /** Whether the event loop goes on because of it. At first it does. */
  refer(keeps: boolean): void;
  /** Ends it; may be called again. */
  close(): void;
}

/** Tells when a descriptor can be read. It works on a duplicate: the caller closes its own. */
export class ReadableWatch implements EventLoopHandle {
  readonly #watch: NativeWatch;

  /**
   * @param onReadable called as long as there is something to read; what it throws is thrown as an uncaught exception
   * @param awaited `end`: only an error is told, and that nobody has the other end any more
   * @throws ModuleSystemError where the descriptor cannot be waited for
   */
  constructor(fd: number, onReadable: () => void, awaited: 'content' | 'end' = 'content') {
    const watch = nativeBinding().watchReadable(fd, onReadable, awaited === 'end');
    if (typeof watch === 'number') throw new ModuleSystemError({ syscall: 'epoll_ctl', result: watch });
    this.#watch = watch;
  }

  refer(keeps: boolean): void {
    nativeBinding().referWatch(this.#watch, keeps);
  }

  close(): void {
    nativeBinding().closeWatch(this.#watch);
  }
}
