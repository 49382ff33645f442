import type { ReadingMode } from './reading-mode.ts';

/** How deep conditions may nest. */
export const MAX_NESTING = 20;

/** `waiting` for a branch that holds, `running` one, `done` with them. */
type BranchState = 'waiting' | 'running' | 'done';

interface Frame {
  state: BranchState;
  readonly isOuterRunning: boolean;
  hasElse: boolean;
}

/** The conditions that a line of one file is in. */
export class ConditionalStack {
  readonly #mode: ReadingMode;
  readonly #frames: Frame[] = [];

  constructor(mode: ReadingMode) {
    this.#mode = mode;
  }

  get depth(): number {
    return this.#frames.length;
  }

  /** Whether lines have an effect. In mode 2.4 only the innermost condition counts. */
  isRunning(): boolean {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return true;
    return frame.state === 'running' && (this.#mode === '2.4' || frame.isOuterRunning);
  }

  /** Whether the next `if` has to be decided at all. */
  isDeciding(): boolean {
    return this.#mode === '2.4' || this.isRunning();
  }

  open(holds: boolean): void {
    const isOuterRunning = this.isRunning();
    this.#frames.push({ state: holds ? 'running' : 'waiting', isOuterRunning, hasElse: false });
  }

  close(): void {
    this.#frames.pop();
  }

  /** Whether an `elseif` has to be decided; if not, its branch is passed over. */
  needsElseIf(): boolean {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return false;
    if (frame.state !== 'waiting') frame.state = 'done';
    return frame.state === 'waiting' && (this.#mode === '2.4' || frame.isOuterRunning);
  }

  elseIf(holds: boolean): void {
    const frame = this.#frames.at(-1);
    if (frame !== undefined) frame.state = holds ? 'running' : 'waiting';
  }

  /** Whether the innermost condition has had its `else`. */
  hasElse(): boolean {
    return this.#frames.at(-1)?.hasElse === true;
  }

  otherwise(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    // Every further `else` turns it over again in modutils.
    frame.state = frame.state === 'waiting' ? 'running' : this.#mode === '2.4' ? 'waiting' : 'done';
    frame.hasElse = true;
  }
}
