/** The program of the thread that {@link depmod} works on. */
import { parentPort, workerData } from 'node:worker_threads';

import { KmodError } from '../errors/kmod-error.ts';
import type { DepmodNotice } from '../depmod/depmod-notice.ts';
import type { DepmodOptions as DepmodTask } from '../depmod/depmod-options.ts';
import { type DepmodResult, type ErrorFacts, runTask } from './depmod.ts';

/** What the thread tells. */
export type DepmodMessage =
  | { readonly kind: 'notice'; readonly notice: DepmodNotice }
  | { readonly kind: 'result'; readonly result: Omit<DepmodResult, 'notices'> }
  | { readonly kind: 'failure'; readonly failure: ErrorFacts };

function tell(message: DepmodMessage): void {
  parentPort?.postMessage(message, []);
}

// An error's class does not survive the way between threads, nor do its own properties.
function factsOf(error: unknown): ErrorFacts {
  if (!(error instanceof KmodError))
    return { code: undefined, message: String(error), details: { cause: error } };
  const { code, message, errno, syscall, path, cause } = error;
  return {
    code,
    message,
    details: {
      ...(errno !== undefined && { errno }),
      ...(syscall !== undefined && { syscall }),
      ...(path !== undefined && { path }),
      ...(cause !== undefined && {
        cause: new Error(cause instanceof Error ? cause.message : 'unknown'),
      }),
    },
  };
}

try {
  tell({
    kind: 'result',
    result: runTask(workerData as DepmodTask, (notice) => tell({ kind: 'notice', notice })),
  });
} catch (error) {
  tell({ kind: 'failure', failure: factsOf(error) });
}
