import type { ContributionSet } from './contribution.ts';
import {
  appendBlocks,
  type CacheArray,
  type CacheContent,
  type ElementSize,
  readBlocks,
  writeBlocks,
} from './cache-file.ts';
import {
  type ContributionColumns,
  type NamedColumns,
  NO_FILE,
  ROW_EXPORTS,
  ROW_FILE,
  ROW_NEEDS,
  ROW_WIDTH,
} from './contribution-columns.ts';
import { columnsOfModules } from './contribution-rows.ts';
import { STAMP_WIDTH } from './file-stamps.ts';
import type { PackedTexts } from './packed-texts.ts';

/** Put in by the bundler; absent when the single files run. */
declare const KMODCTL_VERSION: string | undefined;

/** Where a cache is, and what it is good for. */
export interface CacheOptions {
  /** The cache's own file; it need not exist. */
  readonly file: string;
  /** Folder of the modules; files below it are remembered by their path in it. */
  readonly directory: string;
  /** Whether the modules are read as kmod does where kmod is wrong; see `ScanOptions`. */
  readonly compat: boolean;
}

/** What the cache knows of a list of files. */
export interface CachedPart {
  /** Numbers of files as in the list; rows of other files count for nothing. */
  readonly parts: readonly NamedColumns[];
  /** For each file of the list: 1 if it is among the rows. */
  readonly isKnown: Uint8Array;
}

/** What a run has found out. */
export interface CacheUpdate {
  /** What was read now. */
  readonly fresh: readonly NamedColumns[];
  /** The files of `fresh` that may be remembered: places in the list. */
  readonly added: readonly number[];
  /** Everything, what the cache had included. Asked for only where `fresh` does not do. */
  readonly set: () => ContributionSet;
}

const MOST_BLOCKS = 16;
/** Identity, paths, stamps; rows, exports, CRCs, needs, CRCs, weak; three texts; names and their starts. */
const kinds: readonly ElementSize[] = [1, 1, 8, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 4];

/**
 * What each module file contributed when it was last read, kept in a file from one run to the next. Keyed by path, size,
 * both times in nanoseconds and the inode's number, so that a changed file is read again. Whatever is wrong with the
 * cache's file makes it worthless, never an error.
 *
 * The file is a list of blocks: a run after few changes adds a small one instead of writing all anew.
 */
export class ContributionCache {
  readonly #options: CacheOptions;
  readonly #identity: Uint8Array;
  readonly #content: CacheContent;
  #files: readonly string[] = [];
  #stamps: BigInt64Array = new BigInt64Array(0);
  #isKnown = new Uint8Array(0);
  #rowCount = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    const version = typeof KMODCTL_VERSION === 'string' ? KMODCTL_VERSION : '';
    this.#identity = Buffer.from([options.directory, version, options.compat].join('\0'));
    const content = readBlocks(options.file, kinds);
    const isOwn = content.blocks.every(([identity]) =>
      Buffer.from(this.#identity).equals(identity as Uint8Array),
    );
    this.#content = isOwn ? content : { blocks: [], isSound: false };
  }

  /** Whether there is anything in the cache. */
  get isEmpty(): boolean {
    return this.#content.blocks.length === 0;
  }

  /** What of these files, in this state, is known. */
  look(files: readonly string[], stamps: BigInt64Array): CachedPart {
    this.#files = files;
    this.#stamps = stamps;
    this.#isKnown = new Uint8Array(files.length);
    this.#rowCount = 0;
    const parts: NamedColumns[] = [];
    const finder = new FileFinder(files, this.#options.directory);
    for (const block of this.#content.blocks) {
      const part = { columns: columnsOf(block), names: namesOf(block) };
      const { columns } = part;
      if (!isConsistent(part, block)) continue;
      this.#rowCount += columns.rows.length / ROW_WIDTH;
      if (this.#numberRows(block, columns, finder)) parts.push(part);
    }
    return { parts, isKnown: this.#isKnown };
  }

  // True where at least one row is of use.
  #numberRows(block: readonly CacheArray[], { rows }: ContributionColumns, finder: FileFinder): boolean {
    const paths = textOf(block[1] as Uint8Array).split('\0');
    const stamps = block[2] as BigInt64Array;
    let isUsed = false;
    for (let row = 0; row * ROW_WIDTH < rows.length; row++) {
      const file = finder.find(paths[row] ?? '');
      const isKnown = file !== -1 && this.#isKnown[file] === 0 && this.#isSame(stamps, row, file);
      rows[row * ROW_WIDTH + ROW_FILE] = isKnown ? file : NO_FILE;
      if (!isKnown) continue;
      this.#isKnown[file] = 1;
      isUsed = true;
    }
    return isUsed;
  }

  #isSame(stamps: BigInt64Array, row: number, file: number): boolean {
    for (let index = 0; index < STAMP_WIDTH; index++)
      if (stamps[row * STAMP_WIDTH + index] !== this.#stamps[file * STAMP_WIDTH + index]) return false;
    return true;
  }

  /** Keeps what was found out, for the files last given to {@link look}. */
  store({ fresh, added, set }: CacheUpdate): void {
    const known = this.#isKnown.reduce((sum, one) => sum + one, 0);
    const { blocks, isSound } = this.#content;
    if (known === 0 && added.length === 0) return;
    const isAll = rowCount(fresh) === added.length;
    const newBlocks = (): readonly (readonly CacheArray[])[] =>
      isAll
        ? fresh.map((part) => this.#block(part, filesOf(part.columns)))
        : [this.#block(columnsOfModules(set(), added), added)];
    const mayAppend = isSound && blocks.length < MOST_BLOCKS && known * 4 > this.#rowCount * 3;
    if (mayAppend && added.length * 4 <= known) {
      if (added.length > 0) appendBlocks(this.#options.file, newBlocks());
    } else if (known === 0) {
      writeBlocks(this.#options.file, newBlocks());
    } else {
      const all = [...this.#files.keys()].filter((file) => this.#isKnown[file] === 1).concat(added);
      writeBlocks(this.#options.file, [this.#block(columnsOfModules(set(), all), all)]);
    }
  }

  #block({ columns, names }: NamedColumns, files: readonly number[]): readonly CacheArray[] {
    const prefix = `${this.#options.directory}/`;
    const paths = files.map((file) => shortened(this.#files[file] ?? '', prefix)).join('\0');
    const stamps = new BigInt64Array(files.length * STAMP_WIDTH);
    for (const [row, file] of files.entries())
      stamps.set(this.#stamps.subarray(file * STAMP_WIDTH, (file + 1) * STAMP_WIDTH), row * STAMP_WIDTH);
    return [this.#identity, Buffer.from(paths), stamps, ...arraysOf(columns), names.bytes, names.starts];
  }
}

function rowCount(parts: readonly NamedColumns[]): number {
  return parts.reduce((sum, { columns }) => sum + columns.rows.length / ROW_WIDTH, 0);
}

function filesOf({ rows }: ContributionColumns): readonly number[] {
  return Array.from(
    { length: rows.length / ROW_WIDTH },
    (_, row) => rows[row * ROW_WIDTH + ROW_FILE] as number,
  );
}

function arraysOf(columns: ContributionColumns): readonly CacheArray[] {
  const { rows, exports, exportCrcs, needs, needCrcs, needWeak, texts } = columns;
  return [rows, exports, exportCrcs, needs, needCrcs, needWeak, ...texts];
}

function columnsOf(block: readonly CacheArray[]): ContributionColumns {
  const [, , , rows, exports, exportCrcs, needs, needCrcs] = block as readonly Uint32Array[];
  const [needWeak, ...texts] = block.slice(8, 12) as Uint8Array[];
  return { rows, exports, exportCrcs, needs, needCrcs, needWeak, texts } as ContributionColumns;
}

function namesOf(block: readonly CacheArray[]): PackedTexts {
  return { bytes: block[12] as Uint8Array, starts: block[13] as Uint32Array };
}

// A sound checksum says that nothing was damaged since; this, that nothing was wrong from the start.
function isConsistent({ columns, names }: NamedColumns, block: readonly CacheArray[]): boolean {
  const { rows, exports, exportCrcs, needs, needCrcs, needWeak } = columns;
  let [exported, needed] = [0, 0];
  for (let row = 0; row < rows.length; row += ROW_WIDTH) {
    exported += rows[row + ROW_EXPORTS] as number;
    needed += rows[row + ROW_NEEDS] as number;
  }
  const symbolCount = names.starts.length - 1;
  return (
    rows.length % ROW_WIDTH === 0 &&
    (block[2] as BigInt64Array).length * ROW_WIDTH === rows.length * STAMP_WIDTH &&
    [exports.length, exportCrcs.length].every((length) => length === exported) &&
    [needs.length, needCrcs.length, needWeak.length].every((length) => length === needed) &&
    areBelow(exports, symbolCount) &&
    areBelow(needs, symbolCount)
  );
}

function areBelow(numbers: Uint32Array, limit: number): boolean {
  let most = -1;
  for (let index = 0; index < numbers.length; index++) most = Math.max(most, numbers[index] as number);
  return most < limit;
}

/** Finds files by path. The cache has them in nearly the same order, so usually it is the next one. */
class FileFinder {
  readonly #files: readonly string[];
  readonly #prefix: string;
  #next = 0;
  #places: Map<string, number> | undefined;

  constructor(files: readonly string[], directory: string) {
    this.#files = files;
    this.#prefix = `${directory}/`;
  }

  find(path: string): number {
    const full = path.startsWith('/') ? path : this.#prefix + path;
    if (this.#files[this.#next] === full) return this.#next++;
    this.#places ??= new Map(this.#files.map((file, place) => [file, place]));
    const place = this.#places.get(full) ?? -1;
    this.#next = place + 1;
    return place;
  }
}

function shortened(path: string, prefix: string): string {
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
