import type { KmodError } from '../errors/kmod-error.ts';

/**
 * Takes what {@link ContributionReader} finds in one module file. Texts are latin1, one character for each byte of the
 * file. Symbols are numbers of the reader's `SymbolNames`.
 *
 * The arrays belong to the reader and hold the values of this call only in their first `count` places, and only until
 * the call returns: copy what is to be kept (`array.slice(0, count)`).
 */
export interface ContributionSink {
  /** A value of `alias=`; called in file order, as are the next two. */
  alias(text: string): void;
  /** A value of `softdep=`. */
  softDependency(text: string): void;
  /** A value of `weakdep=`. */
  weakDependency(text: string): void;
  /** The exported symbols in kmod's order; CRC 0 for none. Not called when there are none. */
  exports(symbols: Uint32Array, crcs: Uint32Array, count: number): void;
  /**
   * The symbols that the module needs, in kmod's order: undefined ones as the symbol table has them, then what only
   * the list of versions names. CRC 0 for none; `weak` is 1 where the symbol may be missing. Not called for none.
   */
  needs(symbols: Uint32Array, crcs: Uint32Array, weak: Uint8Array, count: number): void;
  /**
   * A part of the file cannot be read, while the rest can: the part adds nothing. `exports` is what kmod's depmod
   * reports too (`failed to load symbols from …`); for `needs` it says nothing.
   */
  problem(part: 'exports' | 'needs', error: KmodError): void;
}
