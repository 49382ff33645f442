import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { systemErrorText } from '../config/configuration-files.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { ContributionReader } from '../module-file/contribution-reader.ts';
import { SymbolNames } from '../module-file/symbol-names.ts';
import { DEFAULT_UNPACK_LIMIT, Decompressor } from '../native/decompression.ts';
import type { NamedColumns } from './contribution-columns.ts';
import { ContributionTable, type PartProblem } from './contribution-table.ts';

/** Reads module files of every kind, one after the other, and says what is wrong with one that it cannot read. */
export class ModuleScanner {
  readonly #table = new ContributionTable();
  readonly #symbols = new SymbolNames();
  readonly #reader: ContributionReader;
  readonly #decompressor = new Decompressor();
  #content: Buffer = Buffer.alloc(0);

  constructor(compat: boolean) {
    this.#reader = new ContributionReader({ symbols: this.#symbols, compat });
  }

  /** All that was added. */
  result(): NamedColumns {
    return { columns: this.#table.columns(), names: this.#symbols.packed() };
  }

  /**
   * Adds a module; `file` is its number in the list of files.
   *
   * @returns what is wrong with parts of it, which then add nothing
   * @throws KmodError `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_MODULE_CORRUPT`, `ERR_KMOD_COMPRESSED_DATA`,
   *   `ERR_KMOD_COMPRESSION_LIBRARY`, `ERR_KMOD_TOO_LARGE`, `ERR_KMOD_NATIVE_LOAD`; nothing was added then
   */
  scan(path: string, file: number): readonly PartProblem[] {
    let descriptor: number | undefined;
    this.#table.begin();
    try {
      descriptor = openSync(path, 'r');
      const content = this.#read(descriptor, path);
      this.#reader.read(this.#decompressor.unpack(content, path), path, this.#table);
    } catch (error) {
      this.#table.begin();
      throw error instanceof KmodError ? error : unreadableError(path, error);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
    this.#table.commit(file);
    return this.#table.problems;
  }

  #read(descriptor: number, path: string): Buffer {
    const { size } = fstatSync(descriptor);
    if (size > DEFAULT_UNPACK_LIMIT)
      throw new KmodError(
        'ERR_KMOD_TOO_LARGE',
        `The module file ${path} has ${size} bytes, more than the limit of ${DEFAULT_UNPACK_LIMIT}.`,
        { path },
      );
    if (this.#content.length < size) this.#content = Buffer.allocUnsafeSlow(size * 2);
    let length = 0;
    while (length < size) {
      const count = readSync(descriptor, this.#content, length, size - length, length);
      if (count === 0) break;
      length += count;
    }
    return this.#content.subarray(0, length);
  }
}

function unreadableError(path: string, cause: unknown): KmodError {
  return new KmodError(
    'ERR_KMOD_MODULE_FILE',
    `The module file ${path} cannot be read: ${systemErrorText(cause)}.`,
    { cause, path },
  );
}
