import { type IndexColumns, writeIndexColumns } from '../index-files/index-writer.ts';
import { type IndexOutput, textOutput } from './index-output.ts';
import type { ModuleIndexData } from './module-index-data.ts';
import { hashOrder } from './name-hash.ts';

/** Buckets of kmod's table of symbols. */
const SYMBOL_BUCKETS = 2048;

/** `modules.symbols`: which module exports what, in the order of kmod's hash table. */
export function symbolFiles({ names, symbols }: ModuleIndexData, textOnly: boolean): readonly IndexOutput[] {
  const exported: string[] = [];
  const exporters: number[] = [];
  const { owners } = symbols;
  for (let symbol = 0; symbol < owners.length; symbol++) {
    const owner = owners[symbol] as number;
    if (owner < 0) continue;
    exported.push(symbols.names[symbol] as string);
    exporters.push(owner);
  }
  const lines = ['# Aliases for symbols, used by symbol_request().\n'];
  const columns: IndexColumns = { keys: [], values: [], priorities: [] };
  for (const place of hashOrder(exported, SYMBOL_BUCKETS)) {
    const key = `symbol:${exported[place] ?? ''}`;
    const module = exporters[place] ?? 0;
    const value = names[module] ?? '';
    lines.push(`alias ${key} ${value}\n`);
    columns.keys.push(key);
    columns.values.push(value);
    columns.priorities.push(module);
  }
  const text = textOutput('modules.symbols', lines);
  return textOnly ? [text] : [text, { name: 'modules.symbols.bin', content: writeIndexColumns(columns) }];
}
