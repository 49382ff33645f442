import { type IndexColumns, writeIndexColumns } from '../index-files/index-writer.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import { type IndexOutput, textOutput } from './index-output.ts';
import type { ModuleIndexData } from './module-index-data.ts';
import type { DepmodReport } from './depmod-notice.ts';

/** What makes an alias and its key differ. */
const SPECIAL = /[-[\]]/;

/** What is to be told about aliases. */
export interface AliasFileOptions {
  /** Whether a module that has the same alias twice is worth a warning. */
  readonly warnsOfDuplicates: boolean;
  /** Whether to make no binary file, and so to tell nothing of aliases that it cannot hold. */
  readonly textOnly: boolean;
  readonly report: DepmodReport;
}

/** `modules.alias`: the aliases as the modules have them, and in the binary file with underscores for dashes. */
export function aliasFiles(
  { names, contributions }: ModuleIndexData,
  { warnsOfDuplicates, textOnly, report }: AliasFileOptions,
): readonly IndexOutput[] {
  const lines = ['# Aliases extracted from modules themselves.\n'];
  const columns: IndexColumns = { keys: [], values: [], priorities: [] };
  const seen = new Set<string>();
  for (const [module, contribution] of contributions.entries()) {
    const aliases = contribution?.aliases;
    if (aliases === undefined || aliases.length === 0) continue;
    const name = names[module] ?? '';
    // Joined at once: a string for each line would cost several times as much.
    const text = `alias ${aliases.join(` ${name}\nalias `)} ${name}\n`;
    lines.push(text);
    if (textOnly) continue;
    const isPlain = !SPECIAL.test(text);
    for (const alias of aliases) {
      const key = isPlain ? alias : normalizeAlias(alias);
      if (key === undefined) {
        report({ priority: 'warning', text: `Unmatched bracket in ${alias}` });
        continue;
      }
      columns.keys.push(key);
      columns.values.push(name);
      columns.priorities.push(module);
      if (warnsOfDuplicates && isSeen(`${key} ${name}`, seen))
        report({ priority: 'warning', text: `duplicate module alias:\n${key} ${name}` });
    }
  }
  const text = textOutput('modules.alias', lines);
  return textOnly ? [text] : [text, { name: 'modules.alias.bin', content: writeIndexColumns(columns) }];
}

function isSeen(key: string, seen: Set<string>): boolean {
  return seen.size === seen.add(key).size;
}
