import type { PackedTexts } from './packed-texts.ts';

/** The texts of `.modinfo` that depmod wants, in the order of their columns. */
export const textKinds = ['alias', 'softdep', 'weakdep'] as const;

/** Length of a row of {@link ContributionColumns.rows}: the file's number, then how many of each column are its own. */
export const ROW_WIDTH = 6;
export const ROW_FILE = 0;
/** In place of a file's number: the row counts for nothing. */
export const NO_FILE = 0xffff_ffff;
export const ROW_EXPORTS = 1;
export const ROW_NEEDS = 2;
/** The first of three, one for each kind of text. */
export const ROW_TEXTS = 3;

/**
 * Contributions of many modules. What belongs to one module follows what belongs to the one before, so that a tree's
 * 250,000 references are a few arrays instead of as many objects; threads hand them over and the cache keeps them as
 * they are. Symbols are numbers of the names beside them.
 */
export interface ContributionColumns {
  readonly rows: Uint32Array;
  readonly exports: Uint32Array;
  readonly exportCrcs: Uint32Array;
  readonly needs: Uint32Array;
  readonly needCrcs: Uint32Array;
  readonly needWeak: Uint8Array;
  /** For each of {@link textKinds} its texts, each with a NUL after it. */
  readonly texts: readonly Uint8Array[];
}

/** Columns with names of their own, as one reader makes them. */
export interface NamedColumns {
  readonly columns: ContributionColumns;
  readonly names: PackedTexts;
}
