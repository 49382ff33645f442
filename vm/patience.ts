/** Longest piece of a wait that is measured as one, in milliseconds. */
const PIECE_MS = 1000;

/**
 * Resolves after so many milliseconds, unless `ended` fires before; never then. A time in which this process was stopped,
 * or the machine under it paused, counts at most one second: nothing can be said of a guest that stood still as well.
 */
export async function elapsed(milliseconds: number, ended: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (!Number.isFinite(milliseconds) || ended.aborted) return;
    let left = milliseconds;
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      const piece = Math.min(left, PIECE_MS);
      timer = setTimeout(() => {
        left -= piece;
        if (left > 0) wait();
        else resolve();
      }, piece);
    };
    wait();
    ended.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
      },
      { once: true },
    );
  });
}
