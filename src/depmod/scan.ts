import { availableParallelism } from 'node:os';

import type { ContributionCache } from './contribution-cache.ts';
import {
  type ContributionColumns,
  type NamedColumns,
  NO_FILE,
  ROW_FILE,
  ROW_WIDTH,
} from './contribution-columns.ts';
import { contributionSet, mergeColumns } from './contribution-set.ts';
import type { PartProblem } from './contribution-table.ts';
import type { Contribution, ContributionSet } from './contribution.ts';
import { isSettled, sizeOfStamp } from './file-stamps.ts';
import { ModuleList } from './module-list.ts';
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
  return scanList(
    ModuleList.of(
      files.map((indexPath) => ({ name: '', indexPath })),
      undefined,
    ),
    options,
  );
}

/** {@link scanModules} for a list. */
export function scanList(list: ModuleList, options: ScanOptions = {}): ScanResult {
  const { cache, compat = false } = options;
  const now = BigInt(options.now ?? Date.now()) * 1_000_000n;
  const { stamps } = list;
  const cached = cache?.look(list);
  const files = filesToRead(list, cached?.isKnown);
  const { fresh, failures, problems } = readFiles(files, { ...options, compat });
  const result = new ScanResult({
    parts: [...(cached?.parts ?? []), ...fresh],
    fileCount: list.length,
    failures,
    problems,
    readCount: files.length,
  });
  if (cache !== undefined) {
    const troubled = new Set([...failures, ...problems].map(({ index }) => index));
    const added = files
      .map(({ index }) => index)
      .filter((index) => !troubled.has(index) && isSettled(stamps, index, now));
    cache.store({ fresh, added, set: () => result });
  }
  return result;
}

/** A file that is to be read. */
interface ListedFile {
  /** Place in the list. */
  readonly index: number;
  readonly path: string;
  readonly size: number;
}

// Compressed files begin with the largest: whoever takes a large one last keeps all others waiting.
function filesToRead(list: ModuleList, isKnown: Uint8Array | undefined): readonly ListedFile[] {
  const places = Array.from({ length: list.length }, (_, index) => index);
  const unknown = isKnown === undefined ? places : places.filter((index) => isKnown[index] === 0);
  const all = unknown.length === list.length ? list.allPaths() : undefined;
  const files = unknown.map((index) => ({
    index,
    path: all?.[index] ?? list.path(index),
    size: sizeOfStamp(list.stamps, index),
  }));
  return files.some(({ path }) => isCompressed(path)) ? files.toSorted((a, b) => b.size - a.size) : files;
}

type FilesRead = Pick<ScanResult, 'failures' | 'problems'> & { readonly fresh: readonly NamedColumns[] };

function readFiles(
  files: readonly ListedFile[],
  { compat, helpers, onProgress }: ScanOptions & { readonly compat: boolean },
): FilesRead {
  const most = helpers ?? Math.min(availableParallelism(), MOST_THREADS) - 1;
  const { part, left } = scanInParallel({
    files: files.map(({ path }) => path),
    order: Uint32Array.from(files.keys()),
    compat,
    helpers: costOf(files) < WORTH_A_THREAD ? 0 : most,
    onProgress,
  });
  const fresh = part === undefined ? [] : [part];
  const failures: ScanFailure[] = [];
  const problems: ScanProblem[] = [];
  if (left.length > 0) {
    const scanner = new ModuleScanner(compat);
    for (const place of left.toSorted()) {
      const { index = 0, path = '' } = files[place] ?? {};
      try {
        for (const problem of scanner.scan(path, place)) problems.push({ index, ...problem });
      } catch (error) {
        failures.push({ index, error: error as Error });
      }
    }
    fresh.push(scanner.result());
  }
  for (const { columns } of fresh) numberRows(columns, files);
  return { fresh, failures: failures.toSorted(byIndex), problems: problems.toSorted(byIndex) };
}

function byIndex(a: { readonly index: number }, b: { readonly index: number }): number {
  return a.index - b.index;
}

// The readers know the files by their places among those to be read.
function numberRows({ rows }: ContributionColumns, files: readonly ListedFile[]): void {
  for (let row = 0; row < rows.length; row += ROW_WIDTH)
    rows[row + ROW_FILE] = files[rows[row + ROW_FILE] as number]?.index ?? NO_FILE;
}

function costOf(files: readonly ListedFile[]): number {
  return files.reduce((sum, { path, size }) => sum + (isCompressed(path) ? size : PLAIN_FILE), 0);
}

function isCompressed(path: string): boolean {
  return !path.endsWith('.ko');
}
