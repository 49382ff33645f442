import { SymbolNames } from '../module-file/symbol-names.ts';
import type { Contribution, ContributionSet } from './contribution.ts';
import {
  type ContributionColumns,
  type NamedColumns,
  NO_FILE,
  ROW_EXPORTS,
  ROW_FILE,
  ROW_NEEDS,
  ROW_TEXTS,
  ROW_WIDTH,
} from './contribution-columns.ts';
import { type PackedTexts, unpackTexts } from './packed-texts.ts';
import { TextReader } from './text-reader.ts';

/** Columns of several readers with the numbers of one table of names. */
export interface MergedColumns {
  readonly names: PackedTexts;
  readonly parts: readonly ContributionColumns[];
}

/** Gives several parts common numbers. Parts with the same `names` object have them already. */
export function mergeColumns(parts: readonly NamedColumns[]): MergedColumns {
  const first = parts[0]?.names ?? { bytes: new Uint8Array(0), starts: new Uint32Array(1) };
  if (parts.every(({ names }) => names === first))
    return { names: first, parts: parts.map(({ columns }) => columns) };
  const names = new SymbolNames();
  internAll(names, first);
  const merged = parts.map((part) =>
    part.names === first ? part.columns : renumbered(part.columns, internAll(names, part.names)),
  );
  return { names: names.packed(), parts: merged };
}

/** The numbers of packed names in `names`. */
function internAll(names: SymbolNames, { bytes, starts }: PackedTexts): Uint32Array {
  const numbers = new Uint32Array(Math.max(0, starts.length - 1));
  for (let index = 0; index < numbers.length; index++)
    numbers[index] = names.intern(bytes, starts[index] as number, starts[index + 1] as number);
  return numbers;
}

function renumbered(columns: ContributionColumns, numbers: Uint32Array): ContributionColumns {
  const renumber = (symbols: Uint32Array): Uint32Array => {
    const result = new Uint32Array(symbols.length);
    for (let index = 0; index < symbols.length; index++)
      result[index] = numbers[symbols[index] as number] as number;
    return result;
  };
  return { ...columns, exports: renumber(columns.exports), needs: renumber(columns.needs) };
}

/**
 * The set as views on the columns, which must not change afterwards.
 *
 * @param fileCount length of the list of files that the rows' numbers belong to
 */
export function contributionSet(merged: MergedColumns, fileCount: number): ContributionSet {
  const modules = Array.from({ length: fileCount }, (): Contribution | undefined => undefined);
  for (const part of merged.parts) addModules(modules, part);
  return { symbols: unpackTexts(merged.names), modules };
}

function addModules(modules: (Contribution | undefined)[], columns: ContributionColumns): void {
  const { rows } = columns;
  const [aliases, soft, weak] = columns.texts.map((bytes) => new TextReader(bytes));
  let exported = 0;
  let needed = 0;
  for (let row = 0; row < rows.length; row += ROW_WIDTH) {
    const exportEnd = exported + (rows[row + ROW_EXPORTS] as number);
    const needEnd = needed + (rows[row + ROW_NEEDS] as number);
    const contribution = {
      aliases: aliases?.next(rows[row + ROW_TEXTS] as number) ?? none,
      softDependencies: soft?.next(rows[row + ROW_TEXTS + 1] as number) ?? none,
      weakDependencies: weak?.next(rows[row + ROW_TEXTS + 2] as number) ?? none,
      exports: columns.exports.subarray(exported, exportEnd),
      exportCrcs: columns.exportCrcs.subarray(exported, exportEnd),
      needs: columns.needs.subarray(needed, needEnd),
      needCrcs: columns.needCrcs.subarray(needed, needEnd),
      needWeak: columns.needWeak.subarray(needed, needEnd),
    };
    const file = rows[row + ROW_FILE] as number;
    if (file !== NO_FILE) modules[file] = contribution;
    exported = exportEnd;
    needed = needEnd;
  }
}

const none: readonly string[] = [];
