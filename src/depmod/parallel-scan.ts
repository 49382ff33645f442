import { treeCalls } from '../native/tree-calls.ts';
import type { NamedColumns } from './contribution-columns.ts';

/** Told from time to time how many files are done. */
export type ScanProgress = (done: number, total: number) => void;

/** What to read, and how. */
export interface ScanWork {
  readonly files: readonly string[];
  /** Places in `files`, in the order in which to read them. */
  readonly order: Uint32Array;
  readonly compat: boolean;
  /** Most threads in addition to the calling one. */
  readonly helpers: number;
  readonly onProgress?: ScanProgress | undefined;
}

/** What was read, and what was not. */
export interface ParallelShare {
  readonly part: NamedColumns | undefined;
  /** Places in `files`: what is of another form than nearly all modules, damaged, or cannot be read. */
  readonly left: Uint32Array;
}

const STEP = 100;

/**
 * Reads the files that the addon's own reader knows how to read, which is nearly all, on several threads. It is there for
 * speed alone: everything is left where there is no addon.
 */
export function scanInParallel({ files, order, compat, helpers, onProgress }: ScanWork): ParallelShare {
  const calls = treeCalls();
  const nothing = { part: undefined, left: order };
  if (calls === undefined || files.some((path) => path.includes('\0'))) return nothing;
  const scan = calls.startScan(Buffer.from(`${files.join('\0')}\0`), order, helpers, compat);
  if (scan === null) return nothing;
  for (let done = 0; done < order.length; onProgress?.(done, order.length)) done = calls.stepScan(scan, STEP);
  const answer = calls.takeScan(scan);
  if (answer === null) return nothing;
  const { columns, names, left } = answer;
  return { part: { columns, names }, left };
}
