import type { ContributionSet } from './contribution.ts';
import type { NamedColumns } from './contribution-columns.ts';
import { ContributionTable } from './contribution-table.ts';

/** Columns for some modules of a set, in this order, with no other names than theirs. */
export function columnsOfModules(
  { symbols, modules }: ContributionSet,
  files: readonly number[],
): NamedColumns {
  const table = new ContributionTable();
  const numbers = new Uint32Array(symbols.length); // number + 1
  const names: string[] = [];
  const numberOf = (symbol: number): number => {
    if (numbers[symbol] === 0) numbers[symbol] = names.push(symbols[symbol] ?? '');
    return (numbers[symbol] as number) - 1;
  };
  for (const file of files) {
    const module = modules[file];
    if (module === undefined) continue;
    table.begin();
    for (const text of module.aliases) table.alias(text);
    for (const text of module.softDependencies) table.softDependency(text);
    for (const text of module.weakDependencies) table.weakDependency(text);
    for (const [index, symbol] of module.exports.entries())
      table.addExport(numberOf(symbol), module.exportCrcs[index] ?? 0);
    for (const [index, symbol] of module.needs.entries())
      table.addNeed(numberOf(symbol), module.needCrcs[index] ?? 0, module.needWeak[index] ?? 0);
    table.commit(file);
  }
  const starts = new Uint32Array(names.length + 1);
  for (const [number, name] of names.entries()) starts[number + 1] = (starts[number] ?? 0) + name.length;
  return { columns: table.columns(), names: { bytes: Buffer.from(names.join(''), 'latin1'), starts } };
}
