/** Longest time between two attempts, in milliseconds. */
const LONGEST_PAUSE_MS = 250;

/**
 * How long to wait before the next attempt, in milliseconds: 2, then twice as long each time; near the deadline halved
 * until it fits, so that the last attempt is made at the deadline itself. The pauses are kmod's, but never longer than
 * 250 ms.
 *
 * @param previous the last pause; 1 before the first
 * @param remaining time until the deadline
 * @returns 0 when the deadline has passed
 */
export function nextPause(previous: number, remaining: number): number {
  if (remaining <= 0) return 0;
  let pause = Math.min(previous * 2, LONGEST_PAUSE_MS);
  while (pause > remaining && pause >= 1) pause /= 2;
  return pause >= 1 ? pause : remaining;
}
