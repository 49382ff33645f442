import { type IndexColumns, writeIndexColumns } from '../index-files/index-writer.ts';
import { forEachClosure } from './dependency-order.ts';
import { type IndexOutput, textOutput } from './index-output.ts';
import type { ModuleIndexData } from './module-index-data.ts';

/** `modules.dep`: for each module all that it needs, what needs others before those. */
export function dependencyFiles(
  { names, paths, edges, order }: ModuleIndexData,
  textOnly: boolean,
): readonly IndexOutput[] {
  const lines: string[] = [];
  const columns: IndexColumns = { keys: [], values: [], priorities: [] };
  forEachClosure(edges, order, (module, needed) => {
    let line = `${paths[module] ?? ''}:`;
    for (const other of needed) line += ` ${paths[other] ?? ''}`;
    columns.keys.push(names[module] ?? '');
    columns.values.push(line);
    columns.priorities.push(module);
    lines.push(`${line}\n`);
  });
  const text = textOutput('modules.dep', lines);
  return textOnly ? [text] : [text, { name: 'modules.dep.bin', content: writeIndexColumns(columns) }];
}
