import type { ContributionSet } from './contribution.ts';
import {
  appendBlocks,
  type CacheArray,
  type CacheContent,
  cacheVersion,
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
import { STAMP_WIDTH, stampsAt, wordsOf } from './file-stamps.ts';
import { ModuleList } from './module-list.ts';
import { type PackedTexts, packTexts } from './packed-texts.ts';
import { matchTexts, NO_MATCH } from './text-matching.ts';

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
/**
 * Identity; paths and their starts, stamps; rows, exports, CRCs, needs, CRCs, weak; three texts; names and their starts.
 */
const kinds: readonly ElementSize[] = [1, 1, 4, 8, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 4];
const [IDENTITY, PATHS, STAMPS, COLUMNS, TEXTS, NAMES] = [0, 1, 3, 4, 10, 13] as const;
const NO_LIST = new ModuleList({
  directory: undefined,
  names: packTexts([]),
  paths: packTexts([]),
});

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
  #list = NO_LIST;
  #isKnown = new Uint8Array(0);
  #rowCount = 0;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#identity = Buffer.from([options.directory, cacheVersion, options.compat].join('\0'));
    const content = readBlocks(options.file, kinds);
    const isOwn = content.blocks.every((block) =>
      Buffer.from(this.#identity).equals(block[IDENTITY] as Uint8Array),
    );
    this.#content = isOwn ? content : { blocks: [], isSound: false };
  }

  /** Whether there is anything in the cache. */
  get isEmpty(): boolean {
    return this.#content.blocks.length === 0;
  }

  /** What of these modules, in the present state of their files, is known. */
  look(list: ModuleList): CachedPart {
    this.#list = list;
    this.#isKnown = new Uint8Array(list.length);
    this.#rowCount = 0;
    const parts: NamedColumns[] = [];
    for (const block of this.#content.blocks) {
      const part = { columns: columnsOf(block), names: textsAt(block, NAMES) };
      const { rows } = part.columns;
      if (!isConsistent(part, block)) continue;
      this.#rowCount += rows.length / ROW_WIDTH;
      if (this.#numberRows(block, rows)) parts.push(part);
    }
    return { parts, isKnown: this.#isKnown };
  }

  // True where at least one row is of use.
  #numberRows(block: readonly CacheArray[], rows: Uint32Array): boolean {
    const places = matchTexts(textsAt(block, PATHS), this.#list.paths);
    const stamps = wordsOf(block[STAMPS] as BigInt64Array);
    const present = wordsOf(this.#list.stamps);
    let isUsed = false;
    for (let row = 0; row < places.length; row++) {
      const file = places[row] as number;
      const isKnown =
        file !== NO_MATCH && this.#isKnown[file] === 0 && areSame(stamps, row, { words: present, file });
      rows[row * ROW_WIDTH + ROW_FILE] = isKnown ? file : NO_FILE;
      if (!isKnown) continue;
      this.#isKnown[file] = 1;
      isUsed = true;
    }
    return isUsed;
  }

  /** Keeps what was found out, for the files last given to {@link look}. */
  store({ fresh, added, set }: CacheUpdate): void {
    const knownCount = this.#isKnown.reduce((sum, one) => sum + one, 0);
    const { blocks, isSound } = this.#content;
    if (knownCount === 0 && added.length === 0) return;
    const isAll = rowCount(fresh) === added.length;
    const newBlocks = (): readonly (readonly CacheArray[])[] =>
      isAll
        ? fresh.map((part) => this.#block(part, filesOf(part.columns)))
        : [this.#block(columnsOfModules(set(), added), added)];
    const mayAppend = isSound && blocks.length < MOST_BLOCKS && knownCount * 4 > this.#rowCount * 3;
    if (mayAppend && added.length * 4 <= knownCount) {
      if (added.length > 0) appendBlocks(this.#options.file, newBlocks());
    } else if (knownCount === 0) {
      writeBlocks(this.#options.file, newBlocks());
    } else {
      const known = Array.from(this.#isKnown.keys()).filter((file) => this.#isKnown[file] === 1);
      const all = known.concat(added);
      writeBlocks(this.#options.file, [this.#block(columnsOfModules(set(), all), all)]);
    }
  }

  #block({ columns, names }: NamedColumns, files: readonly number[]): readonly CacheArray[] {
    const paths = packTexts(this.#list.indexPaths(files));
    const stamps = stampsAt(this.#list.stamps, Uint32Array.from(files));
    return [
      this.#identity,
      paths.bytes,
      paths.starts,
      stamps,
      ...arraysOf(columns),
      names.bytes,
      names.starts,
    ];
  }
}

function areSame(
  stamps: Uint32Array,
  row: number,
  { words, file }: { readonly words: Uint32Array; readonly file: number },
): boolean {
  for (let index = 0; index < STAMP_WIDTH * 2; index++)
    if (stamps[row * STAMP_WIDTH * 2 + index] !== words[file * STAMP_WIDTH * 2 + index]) return false;
  return true;
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
  const [rows, exports, exportCrcs, needs, needCrcs] = block.slice(COLUMNS) as Uint32Array[];
  const [needWeak, ...texts] = block.slice(TEXTS - 1, NAMES) as Uint8Array[];
  return { rows, exports, exportCrcs, needs, needCrcs, needWeak, texts } as ContributionColumns;
}

function textsAt(block: readonly CacheArray[], place: number): PackedTexts {
  return { bytes: block[place] as Uint8Array, starts: block[place + 1] as Uint32Array };
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
    (block[STAMPS] as BigInt64Array).length * ROW_WIDTH === rows.length * STAMP_WIDTH &&
    (block[PATHS + 1] as Uint32Array).length === rows.length / ROW_WIDTH + 1 &&
    areTexts(textsAt(block, PATHS)) &&
    areTexts(names) &&
    [exports.length, exportCrcs.length].every((length) => length === exported) &&
    [needs.length, needCrcs.length, needWeak.length].every((length) => length === needed) &&
    areBelow(exports, symbolCount) &&
    areBelow(needs, symbolCount)
  );
}

function areTexts({ bytes, starts }: PackedTexts): boolean {
  let last = 0;
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index] as number;
    if (start < last || (index === 0 && start > 0)) return false;
    last = start;
  }
  return starts.length > 0 && last <= bytes.length;
}

function areBelow(numbers: Uint32Array, limit: number): boolean {
  let most = -1;
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] as number;
    if (number > most) most = number;
  }
  return most < limit;
}
