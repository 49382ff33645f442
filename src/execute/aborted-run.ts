/** Thrown inside a run to end it. */
export class AbortedRun extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('aborted');
    this.reason = reason;
  }
}

/** @throws AbortedRun when the signal is aborted */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AbortedRun(signal.reason);
}
