/** What one module file adds to the indexes. Texts are latin1, so that every byte of the file is kept. */
export interface Contribution {
  /** Values of `alias=` in `.modinfo`, in file order. */
  readonly aliases: readonly string[];
  /** Values of `softdep=`, in file order. */
  readonly softDependencies: readonly string[];
  /** Values of `weakdep=`, in file order. */
  readonly weakDependencies: readonly string[];
  /** Exported symbols in file order, as numbers into {@link ContributionSet.symbols}. */
  readonly exports: Uint32Array;
  /** CRC of each export, 0 where the module has none. */
  readonly exportCrcs: Uint32Array;
  /** Symbols that the module needs, in the order in which kmod looks at them; numbers as in `exports`. */
  readonly needs: Uint32Array;
  /** CRC that the module expects of each needed symbol, 0 where it names none. */
  readonly needCrcs: Uint32Array;
  /** 1 for a needed symbol that may be missing. */
  readonly needWeak: Uint8Array;
}

/** What all the module files of a tree add. */
export interface ContributionSet {
  /** Each name that occurs, once, as it stands in the files. A symbol's number is its place here. */
  readonly symbols: readonly string[];
  /** Parallel to the list of files; undefined for one that could not be read. */
  readonly modules: readonly (Contribution | undefined)[];
}
