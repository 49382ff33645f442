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

/**
 * A check for the gaps between steps: it throws AbortedRun when the signal is aborted or the time is up.
 *
 * @param deadlineMs from now on; default none
 */
export function endCheck(signal: AbortSignal | undefined, deadlineMs?: number): () => void {
  const deadline = deadlineMs === undefined ? Infinity : performance.now() + deadlineMs;
  return () => {
    checkSignal(signal);
    if (performance.now() >= deadline)
      throw new AbortedRun(new DOMException(`It took longer than ${deadlineMs} ms`, 'TimeoutError'));
  };
}
