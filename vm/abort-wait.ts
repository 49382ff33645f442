/** Resolves when the signal fires, at once if it has; never without a signal. `ended` releases the listener. */
export async function abortOf(signal: AbortSignal | undefined, ended: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    else
      signal?.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true, signal: ended },
      );
  });
}
