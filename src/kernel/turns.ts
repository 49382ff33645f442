import { setImmediate } from 'node:timers/promises';

/** How long work goes on before others have their turn, in milliseconds. */
const TURN_MS = 8;

/** Long work in turns with whatever else the event loop has to do. */
export class Turns {
  #start = performance.now();

  /** Whether others should have their turn: then await {@link next}. To be asked every few thousand operations. */
  get isOver(): boolean {
    return performance.now() - this.#start > TURN_MS;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#start = performance.now();
  }
}
