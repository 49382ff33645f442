import type { CliIo } from './cli-io.ts';

/** Work that is done sooner is not worth a line, in milliseconds. */
const PATIENCE = 500;
/** Shortest time between two lines, in milliseconds. */
const INTERVAL = 100;
const ERASE = '\r\u001b[K';

/** A line on the terminal that tells how far a long work is, and that is gone when the work is done. */
export class ProgressLine {
  readonly #io: CliIo;
  readonly #label: string;
  readonly #isWanted: boolean;
  readonly #now: () => number;
  #nextAt: number;
  #isShown = false;

  /**
   * Nothing is ever shown where stderr is no terminal.
   *
   * @param now the time in milliseconds, from any beginning
   */
  constructor(io: CliIo, label: string, now: () => number = () => performance.now()) {
    this.#io = io;
    this.#label = label;
    this.#isWanted = io.stderrIsTerminal?.() === true;
    this.#now = now;
    this.#nextAt = now() + PATIENCE;
  }

  /** What to call with the numbers; undefined where nothing is ever shown. */
  get onProgress(): ((done: number, total: number) => void) | undefined {
    return this.#isWanted ? (done, total) => this.#update(done, total) : undefined;
  }

  /** Takes the line away; before anything else is written. */
  erase(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#io.stderr(ERASE);
  }

  #update(done: number, total: number): void {
    const now = this.#now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + INTERVAL;
    this.#isShown = true;
    this.#io.stderr(`${ERASE}${this.#label} ${done} of ${total}`);
  }
}
