import { KmodError } from '../errors/kmod-error.ts';
import type { ContributionSink } from './contribution-sink.ts';
import { type ByteRange, ElfLayout } from './elf-layout.ts';
import { noSymbolTable, SymbolTable } from './elf-symbol-table.ts';
import { ExportCollector } from './export-collector.ts';
import { findModuleSections, type ModuleSections } from './module-sections.ts';
import { NeedCollector } from './need-collector.ts';
import { SymbolNames } from './symbol-names.ts';

/**
 * Reads out of module files what the indexes are made of, one file after the other, with one table of symbol names for
 * all of them. This is where depmod spends its time, so nothing is made per symbol but numbers in arrays that are kept.
 */
export class ContributionReader {
  /** Names of the numbers that a sink is given. Grows with every file. */
  readonly symbols: SymbolNames;
  readonly #compat: boolean;
  readonly #exports: ExportCollector;
  readonly #needs: NeedCollector;

  /** @param compat kmod's answer where kmod is wrong: symbols that lack a CRC are not exported where others have one */
  constructor({
    symbols = new SymbolNames(),
    compat = false,
  }: { symbols?: SymbolNames; compat?: boolean } = {}) {
    this.symbols = symbols;
    this.#compat = compat;
    this.#exports = new ExportCollector(symbols, compat);
    this.#needs = new NeedCollector(symbols, compat);
  }

  /**
   * Hands over what one module contributes. A part that is broken goes to `sink.problem` and adds nothing.
   *
   * @param bytes the unpacked file
   * @throws KmodError `ERR_KMOD_MODULE_CORRUPT` when the file as a whole cannot be read, before anything is handed over
   */
  read(bytes: Uint8Array, path: string, sink: ContributionSink): void {
    const layout = new ElfLayout(bytes, path);
    const sections = findModuleSections(layout, this.#compat);
    if (sections.modinfo !== undefined) readModinfo(bytes, sections.modinfo, sink);
    let table: SymbolTable | undefined;
    let tableProblem: KmodError | undefined;
    try {
      table = SymbolTable.of(layout, sections);
    } catch (error) {
      tableProblem = problemOf(error);
    }
    this.#readExports(layout, table, sections, sink);
    this.#readNeeds(layout, table, tableProblem, sections, sink);
  }

  #readExports(
    layout: ElfLayout,
    table: SymbolTable | undefined,
    sections: ModuleSections,
    sink: ContributionSink,
  ): void {
    const found = this.#exports;
    try {
      found.collect(layout, table, sections.exportNames);
    } catch (error) {
      sink.problem('exports', problemOf(error));
      return;
    }
    if (found.count > 0) sink.exports(found.symbols, found.crcs, found.count);
  }

  #readNeeds(
    layout: ElfLayout,
    table: SymbolTable | undefined,
    tableProblem: KmodError | undefined,
    sections: ModuleSections,
    sink: ContributionSink,
  ): void {
    const found = this.#needs;
    try {
      if (tableProblem !== undefined) throw tableProblem;
      if (table === undefined) throw noSymbolTable(layout);
      found.collect(layout, table, sections);
    } catch (error) {
      sink.problem('needs', problemOf(error));
      return;
    }
    if (found.count > 0) sink.needs(found.symbols, found.crcs, found.weak, found.count);
  }
}

function readModinfo(bytes: Uint8Array, { start, end }: ByteRange, sink: ContributionSink): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
  for (let at = 0; at < text.length;) {
    const nul = text.indexOf('\0', at);
    const entryEnd = nul === -1 ? text.length : nul;
    const key = indexedKeys.find((name) => isKeyAt(text, at, entryEnd, name));
    if (key !== undefined) sink[keyCalls[key]](text.slice(at + key.length + 1, entryEnd));
    at = entryEnd + 1;
  }
}

const keyCalls = { alias: 'alias', softdep: 'softDependency', weakdep: 'weakDependency' } as const;
const indexedKeys = Object.keys(keyCalls) as (keyof typeof keyCalls)[];

// An entry without "=" is a key with an empty value.
function isKeyAt(text: string, at: number, end: number, key: string): boolean {
  if (!text.startsWith(key, at)) return false;
  return at + key.length === end || text[at + key.length] === '=';
}

function problemOf(error: unknown): KmodError {
  if (error instanceof KmodError) return error;
  throw error;
}
