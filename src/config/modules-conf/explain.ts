import type { ExplainedLine, Explanation, LineEffect } from '../explanation.ts';
import { originText, type ConfOrigin } from './conf-origin.ts';
import type { ConfLine, ListRecord, ModulesConfiguration } from './model.ts';
import { NameTable } from './name-table.ts';

/** Which lines of a modules.conf touch a name or what it stands for, and which of them count. */
export function explainModulesConf(model: ModulesConfiguration, name: string): Explanation {
  const table = new NameTable(model, { includesBuiltIn: true });
  const { names, end } = table.chain(name);
  const chain = new Set(names);
  const lines = model.lines.flatMap((line): readonly ExplainedLine[] => {
    const isAbout = chain.has(line.name) && line.directive !== 'path' && line.directive !== 'include';
    if (!isAbout && !mentions(line, chain)) return [];
    const verdict = isAbout ? effectOf(line, model) : about('mentions', null);
    const text = [line.directive, line.name, line.value].filter((part) => part !== '').join(' ');
    return [{ text, origin: line.origin, ...verdict }];
  });
  const last = names.at(-1) ?? name;
  return { name, modules: end === 'module' || end === 'loop' ? [last] : [end], lines };
}

type Verdict = Pick<ExplainedLine, 'effect' | 'because'>;

const about = (effect: LineEffect, because: string | null): Verdict => ({ effect, because });

const lists = {
  alias: 'aliases',
  options: 'options',
  above: 'above',
  below: 'below',
  probe: 'probe',
  probeall: 'probeall',
  prune: 'prune',
} as const;

function effectOf({ directive, name, origin, isActive }: ConfLine, model: ModulesConfiguration): Verdict {
  if (!isActive) return about('inactive', 'the condition does not hold');
  if (Object.hasOwn(lists, directive)) {
    const records: readonly ListRecord[] = model[lists[directive as keyof typeof lists]];
    const record = records.find((each) => each.name === name);
    const counts = record?.origins.some((each) => isSame(each, origin)) === true;
    const winner = record?.origins.at(0);
    return counts || winner === undefined
      ? about('counts', null)
      : about('overruled', `replaced by ${originText(winner)}`);
  }
  const first = model.commands.find((command) => command.kind === directive && command.name === name);
  if (first === undefined || isSame(first.origin, origin)) return about('counts', null);
  return about('overruled', `${originText(first.origin)} comes first, and only that is run`);
}

/** Whether one of the words behind the name is one of the names. */
function mentions({ directive, value, isActive }: ConfLine, names: ReadonlySet<string>): boolean {
  if (!isActive || directive === 'path' || directive === 'include' || directive === 'define') return false;
  return value.split(/[^\w.+-]+/).some((word) => names.has(word));
}

function isSame(a: ConfOrigin, b: ConfOrigin): boolean {
  return a.file === b.file && a.line === b.line;
}
