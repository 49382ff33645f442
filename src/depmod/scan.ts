import { availableParallelism } from 'node:os';

import type { ContributionCache } from './contribution-cache.ts';
import type { NamedColumns } from './contribution-columns.ts';
import { contributionSet, mergeColumns } from './contribution-set.ts';
import type { PartProblem } from './contribution-table.ts';
import type { Contribution, ContributionSet } from './contribution.ts';
import { isSettled, sizeOfStamp, stampFiles } from './file-stamps.ts';
import { ModuleScanner } from './module-scanner.ts';
import { scanInParallel, type ScanProgress } from './parallel-scan.ts';

/** How to read. */
export interface ScanOptions {
  /** kmod's answer where kmod is wrong. Default false. */
  readonly compat?: boolean | undefined;
  /** What was read before; it is brought up to date. Default: everything is read. */
  readonly cache?: ContributionCache | undefined;
  /** Most threads in addition to the calling one. Default: one less than there are processors, at most 15. */
  readonly helpers?: number | undefined;
  readonly onProgress?: ScanProgress | undefined;
  /** The time, in ms since 1970. Default: the system's clock. */
  readonly now?: number | undefined;
}

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

/** What was read, and what went wrong. */
interface ScanParts {
  readonly parts: readonly NamedColumns[];
  /** Length of the list of files that the rows' numbers belong to. */
  readonly fileCount: number;
  /** Ascending by index. */
  readonly failures: readonly ScanFailure[];
  /** Ascending by index. */
  readonly problems: readonly ScanProblem[];
  readonly readCount: number;
}

/** What all files add, and what went wrong. Columns are made into objects only when somebody asks for those. */
export class ScanResult implements ContributionSet {
  /** All that was read or known, in columns. */
  readonly parts: readonly NamedColumns[];
  /** Ascending by index. */
  readonly failures: readonly ScanFailure[];
  /** Ascending by index. */
  readonly problems: readonly ScanProblem[];
  /** How many files were read; the others were known from the cache. */
  readonly readCount: number;
  readonly #fileCount: number;
  #set: ContributionSet | undefined;

  constructor({ parts, fileCount, failures, problems, readCount }: ScanParts) {
    this.parts = parts;
    this.failures = failures;
    this.problems = problems;
    this.readCount = readCount;
    this.#fileCount = fileCount;
  }

  get symbols(): readonly string[] {
    return this.#contributions().symbols;
  }

  get modules(): readonly (Contribution | undefined)[] {
    return this.#contributions().modules;
  }

  #contributions(): ContributionSet {
    return (this.#set ??= contributionSet(mergeColumns(this.parts), this.#fileCount));
  }
}

const MOST_THREADS = 16;
/** Less work than this, in bytes to unpack or to read, is not worth a thread. */
const WORTH_A_THREAD = 1 << 18;
/** What reading a plain file is like, in bytes to unpack. */
const PLAIN_FILE = 1 << 12;

/**
 * Reads what each module file adds to the indexes, with all processors. Blocks the calling thread; a file that cannot be
 * read is a failure in the result, not an exception.
 *
 * @param files absolute paths
 */
export function scanModules(files: readonly string[], options: ScanOptions = {}): ScanResult {
  const { cache, compat = false, onProgress } = options;
  const now = BigInt(options.now ?? Date.now()) * 1_000_000n;
  const stamps = stampFiles(files);
  const cached = cache?.look(files, stamps);
  const order = readingOrder(files, stamps, cached?.isKnown);
  const most = options.helpers ?? Math.min(availableParallelism(), MOST_THREADS) - 1;
  const helpers = costOf(files, stamps, order) < WORTH_A_THREAD ? 0 : most;
  const { part, left } = scanInParallel({ files, order, compat, helpers, onProgress });
  const failures: ScanFailure[] = [];
  const problems: ScanProblem[] = [];
  const scanner = new ModuleScanner(compat);
  for (const index of left.toSorted())
    try {
      for (const problem of scanner.scan(files[index] ?? '', index)) problems.push({ index, ...problem });
    } catch (error) {
      failures.push({ index, error: error as Error });
    }
  const fresh = part === undefined ? [] : [part];
  if (left.length > 0) fresh.push(scanner.result());
  const result = new ScanResult({
    parts: [...(cached?.parts ?? []), ...fresh],
    fileCount: files.length,
    failures,
    problems,
    readCount: order.length,
  });
  if (cache !== undefined) {
    const troubled = new Set([...failures, ...problems].map(({ index }) => index));
    const added = [...order].filter((index) => !troubled.has(index) && isSettled(stamps, index, now));
    cache.store({ fresh, added, set: () => result });
  }
  return result;
}

// Compressed files begin with the largest: whoever takes a large one last keeps all others waiting.
function readingOrder(
  files: readonly string[],
  stamps: BigInt64Array,
  isKnown: Uint8Array | undefined,
): Uint32Array {
  const order = Uint32Array.from(files.keys()).filter((file) => isKnown?.[file] !== 1);
  if (!order.some((file) => isCompressed(files[file] ?? ''))) return order;
  const sizes = Float64Array.from(files.keys(), (file) => sizeOfStamp(stamps, file));
  return order.sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
}

function costOf(files: readonly string[], stamps: BigInt64Array, order: Uint32Array): number {
  let cost = 0;
  for (const file of order) cost += isCompressed(files[file] ?? '') ? sizeOfStamp(stamps, file) : PLAIN_FILE;
  return cost;
}

function isCompressed(path: string): boolean {
  return !path.endsWith('.ko');
}
