import { availableParallelism } from 'node:os';

import type { ContributionCache } from './contribution-cache.ts';
import { type NamedColumns, ROW_FILE, ROW_WIDTH } from './contribution-columns.ts';
import { contributionSet, mergeColumns } from './contribution-set.ts';
import type { ContributionSet } from './contribution.ts';
import { isSettled, sizeOfStamp, stampFiles } from './file-stamps.ts';
import { ScanCrew } from './scan-crew.ts';
import {
  newControl,
  type ScanFailure,
  type ScanProblem,
  type ScanProgress,
  type ScanShare,
  scanShare,
  type ScanWork,
} from './scan-share.ts';

export type { ScanFailure, ScanProblem } from './scan-share.ts';

/** How to read. */
export interface ScanOptions {
  /** kmod's answer where kmod is wrong. Default false. */
  readonly compat?: boolean | undefined;
  /** What was read before; it is brought up to date. Default: everything is read. */
  readonly cache?: ContributionCache | undefined;
  /** Most threads in addition to the calling one. Default: one less than there are processors, at most 7. */
  readonly helpers?: number | undefined;
  /** Called by the calling thread after each file that it has read itself. */
  readonly onProgress?: ScanProgress | undefined;
  /** The time, in ms since 1970. Default: the system's clock. */
  readonly now?: number | undefined;
}

/** What all files add, and what went wrong. */
export interface ScanResult extends ContributionSet {
  /** Ascending by index. */
  readonly failures: readonly ScanFailure[];
  /** Ascending by index. */
  readonly problems: readonly ScanProblem[];
  /** How many files were read; the others were known from the cache. */
  readonly readCount: number;
}

/** Less work than this, in bytes to unpack or to read, is done before a thread has started. */
const WORTH_A_THREAD = 1 << 20;
/** What reading a plain file is like, in bytes to unpack. */
const PLAIN_FILE = 1 << 12;

/**
 * Reads what each module file adds to the indexes, with all processors. Blocks the calling thread; a file that cannot be
 * read is a failure in the result, not an exception.
 *
 * @param files absolute paths
 */
export function scanModules(files: readonly string[], options: ScanOptions = {}): ScanResult {
  const scan = new ModuleScan(options);
  try {
    return scan.run(files);
  } finally {
    scan.close();
  }
}

/**
 * {@link scanModules} in two steps: threads take some time to start, so whoever has to look for the files first makes this
 * object before. To be closed in any case.
 */
export class ModuleScan {
  readonly #options: ScanOptions;
  #crew: ScanCrew | undefined;

  constructor(options: ScanOptions = {}) {
    this.#options = options;
    if (options.cache === undefined || options.cache.isEmpty) this.#startCrew();
  }

  /** Once only. */
  run(files: readonly string[]): ScanResult {
    const { cache, compat = false } = this.#options;
    const now = BigInt(this.#options.now ?? Date.now()) * 1_000_000n;
    const stamps = stampFiles(files);
    const cached = cache?.look(files, stamps);
    const sizes = Float64Array.from(files.keys(), (file) => sizeOfStamp(stamps, file));
    const order = readingOrder(sizes, cached?.isKnown);
    const shares = this.#read({ files, sizes, order, compat });
    const failures = shares.flatMap((share) => share.failures).toSorted(byIndex);
    const problems = shares.flatMap((share) => share.problems).toSorted(byIndex);
    const merged = mergeColumns([...(cached?.parts ?? []), ...shares.map(({ columns }) => columns)]);
    const set = contributionSet(merged, files.length);
    if (cache !== undefined) {
      const troubled = new Set([...failures, ...problems].map(({ index }) => index));
      const added = [...order].filter((index) => !troubled.has(index) && isSettled(stamps, index, now));
      cache.store({ set, added, whole: added.length === files.length ? merged : undefined });
    }
    return { ...set, failures, problems, readCount: order.length };
  }

  /** Sends threads home that wait for work. */
  close(): void {
    this.#crew?.dismiss();
    this.#crew = undefined;
  }

  #read(work: ScanWork): readonly ScanShare[] {
    if (work.order.length === 0) return [];
    if (costOf(work) < WORTH_A_THREAD) this.close();
    else this.#startCrew();
    const crew = this.#crew;
    this.#crew = undefined;
    if (crew === undefined) return [scanShare(work, newControl(), this.#options.onProgress)];
    crew.begin(work);
    const own = scanShare(work, crew.control, this.#options.onProgress);
    const shares = [own, ...crew.collect()];
    // Errors do not travel between threads: what another thread could not read is read again.
    const done = new Uint8Array(work.files.length);
    for (const { columns, failures } of shares) markDone(columns, failures, done);
    const rest = work.order.filter((index) => done[index] === 0);
    return rest.length === 0 ? shares : [...shares, scanShare({ ...work, order: rest }, newControl())];
  }

  #startCrew(): void {
    const helpers = this.#options.helpers ?? Math.min(availableParallelism(), 8) - 1;
    if (helpers > 0) this.#crew ??= new ScanCrew(helpers);
  }
}

function markDone({ columns }: NamedColumns, failures: readonly ScanFailure[], done: Uint8Array): void {
  for (let row = 0; row < columns.rows.length; row += ROW_WIDTH)
    done[columns.rows[row + ROW_FILE] as number] = 1;
  for (const { index } of failures) done[index] = 1;
}

/** More than there can be files: a size times this, plus the file's place, is a number that has both in it. */
const PLACES = 2 ** 24;

// The largest first: whoever takes a large one last keeps all others waiting. And they have something of everything in
// them, so that the compiler knows early what the code is used for.
function readingOrder(sizes: Float64Array, isKnown: Uint8Array | undefined): Uint32Array {
  const keys = sizes.map((size, file) => Math.min(Math.max(size, 0), 2 ** 28) * PLACES + PLACES - 1 - file);
  const wanted = isKnown === undefined ? keys : keys.filter((_, file) => isKnown[file] !== 1);
  return Uint32Array.from(wanted.sort().reverse(), (key) => PLACES - 1 - (key % PLACES));
}

function costOf({ files, sizes, order }: ScanWork): number {
  let cost = 0;
  for (const file of order) cost += isCompressed(files[file] ?? '') ? (sizes[file] ?? 0) : PLAIN_FILE;
  return cost;
}

function isCompressed(path: string): boolean {
  return !path.endsWith('.ko');
}

function byIndex(a: ScanFailure, b: ScanFailure): number {
  return a.index - b.index;
}
