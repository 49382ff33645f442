import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { systemErrorText } from '../config/configuration-files.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { ContributionReader } from '../module-file/contribution-reader.ts';
import { SymbolNames } from '../module-file/symbol-names.ts';
import { Decompressor } from '../native/decompression.ts';
import type { NamedColumns } from './contribution-columns.ts';
import { ContributionTable } from './contribution-table.ts';
import { QuickReader } from './quick-reader.ts';

/** A file of more bytes than this is no module; kmod would take it until memory ends. */
const LARGEST_FILE = 512 << 20;

/** Reads module files into one table, as one thread does it. */
export class ModuleScanner {
  readonly table = new ContributionTable();
  readonly #symbols = new SymbolNames();
  readonly #reader: ContributionReader;
  readonly #quick: QuickReader;
  readonly #decompressor = new Decompressor();
  /** Memory for whole files. */
  #content: Buffer = Buffer.alloc(0);

  constructor(compat: boolean) {
    this.#reader = new ContributionReader({ symbols: this.#symbols, compat });
    this.#quick = new QuickReader(this.table, this.#symbols, compat);
  }

  /** All that was added. */
  result(): NamedColumns {
    return { columns: this.table.columns(), names: this.#symbols.packed() };
  }

  /**
   * Adds a module; `file` is its number in the list of files, `size` what is known of its size in bytes, or -1.
   *
   * @throws KmodError `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_MODULE_CORRUPT`, `ERR_KMOD_COMPRESSED_DATA`,
   *   `ERR_KMOD_COMPRESSION_LIBRARY`, `ERR_KMOD_TOO_LARGE`; the table is then as it was
   */
  scan(path: string, file: number, size: number): void {
    let descriptor: number | undefined;
    try {
      this.table.begin();
      descriptor = openSync(path, 'r');
      if (!this.#scanPlain(descriptor, path, size)) this.#scanWhole(descriptor, path);
      this.table.commit(file);
    } catch (error) {
      this.table.begin();
      throw error instanceof KmodError ? error : unreadableError(path, error);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  // True where that was all.
  #scanPlain(descriptor: number, path: string, size: number): boolean {
    return path.endsWith('.ko') && this.#quick.readFile(descriptor, size);
  }

  #scanWhole(descriptor: number, path: string): void {
    const content = this.#read(descriptor, path, fstatSync(descriptor).size);
    const image = this.#decompressor.unpack(content, path);
    this.table.begin();
    if (this.#quick.readImage(image)) return;
    this.table.begin();
    this.#reader.read(image, path, this.table);
  }

  #read(descriptor: number, path: string, size: number): Buffer {
    if (size > LARGEST_FILE)
      throw new KmodError(
        'ERR_KMOD_TOO_LARGE',
        `The module file ${path} has ${size} bytes, more than the limit of ${LARGEST_FILE}.`,
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
