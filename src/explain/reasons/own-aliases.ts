import { readFileSync } from 'node:fs';

import type { ModuleTree } from '../../index-files/module-tree.ts';

/**
 * The aliases that a module has by the indexes of its tree: from the text, which is quickly searched for one module, or from
 * the index where there is no text.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function aliasesOfModule(tree: ModuleTree, module: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(`${tree.directory}/modules.alias`, 'latin1');
  } catch {
    const entries = [...(tree.index('modules.alias.bin')?.entries() ?? [])];
    return entries.filter(({ value }) => value === module).map(({ key }) => key);
  }
  const aliases: string[] = [];
  const end = ` ${module}\n`;
  for (let at = text.indexOf(end); at !== -1; at = text.indexOf(end, at + 1)) {
    const [keyword, alias = ''] = text.slice(text.lastIndexOf('\n', at) + 1, at).split(' ');
    if (keyword === 'alias') aliases.push(alias);
  }
  return aliases;
}
