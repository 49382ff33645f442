import type { CliIo } from './cli-io.ts';

/**
 * Lets work that goes on side by side write as if it were done one after the other: what the first writes goes out at once, and
 * what the others write when all before them are done.
 */
export class OrderedOutput {
  readonly #io: CliIo;
  readonly #waiting: (() => void)[][];
  readonly #done: boolean[];
  /** The one whose output goes out at once. */
  #current = 0;

  /** @param count how many there are, which are numbered from 0 */
  constructor(io: CliIo, count: number) {
    this.#io = io;
    this.#waiting = Array.from({ length: count }, () => []);
    this.#done = Array.from({ length: count }, () => false);
  }

  /** What one of them sees in place of the io. */
  ioOf(position: number): CliIo {
    const put = (write: () => void): void => {
      if (position === this.#current) write();
      else this.#waiting[position]?.push(write);
    };
    const { stdout, stderr, systemLog } = this.#io;
    return {
      ...this.#io,
      stdout: (output) => {
        put(() => {
          stdout(output);
        });
      },
      stderr: (output) => {
        put(() => {
          stderr(output);
        });
      },
      ...(systemLog !== undefined && {
        systemLog: (...message) => {
          put(() => {
            systemLog(...message);
          });
        },
      }),
    };
  }

  /** Tells that one of them writes nothing more. */
  finish(position: number): void {
    this.#done[position] = true;
    while (this.#done[this.#current] === true) {
      this.#current++;
      for (const write of this.#waiting[this.#current]?.splice(0) ?? []) write();
    }
  }
}
