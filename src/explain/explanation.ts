import type { Diagnosis } from './diagnosis.ts';

// A file of its own, so that what only shows errors does without all that makes explanations.
const explanations = new WeakMap<Error, Diagnosis>();

/**
 * The explanation of an error that `modprobe`, `insmod` or `rmmod` has thrown: the cause, its evidence, what helps. Undefined
 * for other errors, and for wrong arguments.
 */
export function explanationOf(error: unknown): Diagnosis | undefined {
  return error instanceof Error ? explanations.get(error) : undefined;
}

/** Gives an error its explanation, also as a property that is not shown with it: it is long. */
export function explainError(error: Error, diagnosis: Diagnosis): void {
  explanations.set(error, diagnosis);
  if (Object.isExtensible(error))
    Object.defineProperty(error, 'explanation', { value: diagnosis, configurable: true });
}
