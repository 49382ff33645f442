/**
 * Keeps signals from ending the process until the function that this gives is called; what came in between then has its
 * usual effect. In a worker thread it does nothing: signals are the main thread's.
 */
export function holdSignals(signals: readonly NodeJS.Signals[]): () => void {
  const handlers = signals.map((signal) => {
    const handler = (): void => {
      process.off(signal, handler);
      process.kill(process.pid, signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  const release = (turns: number): void => {
    if (turns > 0) setImmediate(release, turns - 1);
    else for (const { signal, handler } of handlers) process.off(signal, handler);
  };
  // A signal that came meanwhile is told of some turns of the event loop later, and only to handlers that are still there.
  return () => release(TURNS);
}

const TURNS = 5;
