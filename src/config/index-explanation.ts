import { matchesAliasPattern } from '../index-files/alias-pattern.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import { readFileSync } from 'node:fs';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { ExplainedLine, Explanation } from './explanation.ts';

/**
 * The lines of a tree's `modules.alias` and `modules.symbols` that a name matches. They count where nothing stronger knows
 * the name: no line of the configuration, and no module of that name.
 *
 * @param winner what knows the name, in words; null where nothing does
 */
export function explainIndexes(
  tree: ModuleTree,
  name: string,
  winner: string | null,
): readonly ExplainedLine[] {
  const asked = normalizeAlias(name) ?? name;
  const isOwn = !asked.includes(':') && tree.dependencyLine(asked) !== undefined;
  const because = winner ?? (isOwn ? 'a module has this name itself' : null);
  return ['modules.alias', 'modules.symbols'].flatMap((file) => {
    const path = `${tree.directory}/${file}`;
    return textOf(path)
      .split('\n')
      .flatMap((text, at): readonly ExplainedLine[] => {
        const [word, pattern = ''] = text.split(' ');
        if (word !== 'alias' || !matchesAliasPattern(normalizeAlias(pattern) ?? pattern, asked)) return [];
        const origin = { file: path, line: at + 1 };
        return [{ text, origin, effect: because === null ? 'counts' : 'overruled', because }];
      });
  });
}

/**
 * What several configurations say about a name, the strongest first: where a line of a modules.conf leads to a module,
 * an alias of modprobe.d for the same name does not.
 */
export function joinExplanations(first: Explanation, ...others: readonly Explanation[]): Explanation {
  const winner = first.lines.find(({ effect, text }) => effect === 'counts' && leadsOn(text, first.name));
  const further = others.flatMap(({ name, lines }) => {
    if (winner === undefined || name !== first.name) return lines;
    // What these lead to does not matter then.
    const because = `${winner.origin.file}:${winner.origin.line} comes first`;
    const own = lines.filter(({ text, effect }) => text.startsWith('alias ') && effect !== 'mentions');
    return own.map((line): ExplainedLine => ({ ...line, effect: 'overruled', because }));
  });
  const seen = new Set<string>();
  const lines = [...first.lines, ...further].filter(({ origin, text }) => {
    const key = `${origin.file}:${origin.line} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const led = others.find(({ modules, name }) => name === first.name && modules[0] !== name)?.modules;
  return { name: first.name, modules: winner === undefined ? (led ?? first.modules) : first.modules, lines };
}

function leadsOn(text: string, name: string): boolean {
  return ['alias', 'probe', 'probeall'].some((directive) => text.startsWith(`${directive} ${name} `));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
