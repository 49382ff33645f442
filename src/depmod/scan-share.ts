import type { NamedColumns } from './contribution-columns.ts';
import type { PartProblem } from './contribution-table.ts';
import { ModuleScanner } from './module-scanner.ts';

/** Numbers that the threads of a scan share: an Int32Array of this length on shared memory. */
const CONTROL_LENGTH = 4;
/** Place of the next file to take. */
const NEXT = 0;
/** 1 as soon as the list of files is there; see `scan-crew.ts`. */
export const READY = 1;
/** How many files were read: what moves while somebody works. */
export const PROGRESS = 2;

/** States of a worker, in shared memory. The worker moves from the first to the second to the last. */
export const STARTING = 0;
export const WORKING = 1;
export const DONE = 2;
/** Set by the main thread on a worker that had not begun when there was nothing left to do. */
export const DISMISSED = 3;

/** A file that could not be read at all; it adds nothing. */
export interface ScanFailure {
  /** Place in the list of files. */
  readonly index: number;
  readonly error: Error;
}

/** A file of which one part could not be read; the other parts count. */
export interface ScanProblem extends PartProblem {
  /** Place in the list of files. */
  readonly index: number;
}

/** What one thread read. */
export interface ScanShare {
  readonly columns: NamedColumns;
  readonly failures: readonly ScanFailure[];
  readonly problems: readonly ScanProblem[];
}

/** Takes how many files all threads have read, of how many. */
export type ScanProgress = (done: number, total: number) => void;

/** Fresh numbers, for one thread or for several. */
export function newControl(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(CONTROL_LENGTH * 4));
}

/** What to read: the same for every thread. */
export interface ScanWork {
  readonly files: readonly string[];
  /** Their sizes in bytes, -1 for one that could not be looked at. */
  readonly sizes: Float64Array;
  /** Places in `files`, in the order in which to read them. */
  readonly order: Uint32Array;
  readonly compat: boolean;
}

/** Reads files, as many as the other threads leave, until there is none left. */
export function scanShare(
  { files, sizes, order, compat }: ScanWork,
  control: Int32Array,
  onProgress?: ScanProgress,
): ScanShare {
  const scanner = new ModuleScanner(compat);
  const failures: ScanFailure[] = [];
  const problems: ScanProblem[] = [];
  for (;;) {
    const index = order[Atomics.add(control, NEXT, 1)];
    if (index === undefined) break;
    try {
      scanner.scan(files[index] ?? '', index, sizes[index] ?? -1);
      for (const problem of scanner.table.problems) problems.push({ index, ...problem });
    } catch (error) {
      failures.push({ index, error: error as Error });
    }
    const done = Atomics.add(control, PROGRESS, 1) + 1;
    onProgress?.(done, order.length);
  }
  return { columns: scanner.result(), failures, problems };
}
