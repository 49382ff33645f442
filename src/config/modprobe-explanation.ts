import { matchesAliasPattern } from '../index-files/alias-pattern.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import type { ExplainedLine, Explanation } from './explanation.ts';
import type { CommandRecord, ModprobeConfiguration } from './modprobe-configuration.ts';

/** How a name is looked up. */
export interface ExplanationRequest {
  /** Modules that the name stands for by the indexes of a kernel. Default none. */
  readonly modules?: readonly string[] | undefined;
  /** Whether only the first softdep line of a module counts, as in kmod. Default false: all of them do. */
  readonly compat?: boolean | undefined;
}

/** Which lines of modprobe.d and of the kernel's command line touch a name or what it stands for. */
export function explainModprobeConfiguration(
  configuration: ModprobeConfiguration,
  name: string,
  { modules: indexed = [], compat = false }: ExplanationRequest = {},
): Explanation {
  const asked = normalizeAlias(name) ?? name;
  const matching = configuration.aliases.filter(({ pattern }) => matchesAliasPattern(pattern, asked));
  const found = matching.length > 0 ? matching.map(({ module }) => module) : indexed;
  const modules = found.length > 0 ? [...new Set(found)] : [asked];
  const scope: Scope = {
    asked,
    modules: new Set(modules),
    names: new Set([...modules, asked, ...matching.map(({ pattern }) => pattern)]),
    isAlias: !modules.includes(asked),
  };
  const lines = [
    ...aliasLines(configuration, scope),
    ...blacklistLines(configuration, scope),
    ...configuration.options
      .filter(({ module }) => scope.names.has(module))
      .map(({ module, text, origin }) => line(`options ${module} ${text}`, origin)),
    ...commandLines('install', configuration.install, scope),
    ...commandLines('remove', configuration.remove, scope),
    ...dependencyLines(configuration, scope, compat),
  ];
  return { name, modules, lines: inReadingOrder(lines, configuration.files) };
}

interface Scope {
  readonly asked: string;
  readonly modules: ReadonlySet<string>;
  /** Names that options may be given by. */
  readonly names: ReadonlySet<string>;
  readonly isAlias: boolean;
}

function line(
  text: string,
  origin: TextOrigin,
  effect: ExplainedLine['effect'] = 'counts',
  because: string | null = null,
): ExplainedLine {
  return { text, origin, effect, because };
}

function aliasLines({ aliases }: ModprobeConfiguration, { asked, modules }: Scope): readonly ExplainedLine[] {
  return aliases.flatMap(({ pattern, module, origin }) => {
    const text = `alias ${pattern} ${module}`;
    if (matchesAliasPattern(pattern, asked)) return [line(text, origin)];
    return modules.has(module) ? [line(text, origin, 'mentions', 'another name of it')] : [];
  });
}

function blacklistLines({ blacklist }: ModprobeConfiguration, scope: Scope): readonly ExplainedLine[] {
  return blacklist
    .filter(({ module }) => scope.modules.has(module))
    .map(({ module, origin }) => {
      const because = scope.isAlias ? null : 'it stops requests by alias only, not by this name';
      return line(`blacklist ${module}`, origin, scope.isAlias ? 'counts' : 'mentions', because);
    });
}

function commandLines(
  directive: string,
  records: readonly CommandRecord[],
  { modules }: Scope,
): readonly ExplainedLine[] {
  const first = new Map<string, TextOrigin>();
  return records.flatMap(({ module: pattern, command, origin }) => {
    const matched = [...modules].filter((module) => matchesAliasPattern(pattern, module));
    if (matched.length === 0) return [];
    const winner = first.get(matched[0] ?? '');
    for (const module of matched) if (!first.has(module)) first.set(module, origin);
    const text = `${directive} ${pattern} ${command}`;
    if (winner === undefined) return [line(text, origin)];
    return [line(text, origin, 'overruled', `${winner.file}:${winner.line} comes first`)];
  });
}

function dependencyLines(
  { softDependencies, weakDependencies }: ModprobeConfiguration,
  { modules }: Scope,
  compat: boolean,
): readonly ExplainedLine[] {
  const first = new Map<string, TextOrigin>();
  const soft = softDependencies.flatMap(({ module: pattern, pre, post, origin }) => {
    const parts = [
      ...(pre.length > 0 ? ['pre:', ...pre] : []),
      ...(post.length > 0 ? ['post:', ...post] : []),
    ];
    const text = `softdep ${pattern} ${parts.join(' ')}`;
    const matched = [...modules].find((module) => matchesAliasPattern(pattern, module));
    if (matched === undefined)
      return [...pre, ...post].some((member) => modules.has(member.replaceAll('-', '_')))
        ? [line(text, origin, 'mentions')]
        : [];
    const winner = first.get(matched);
    if (winner === undefined) first.set(matched, origin);
    return compat && winner !== undefined
      ? [line(text, origin, 'overruled', `${winner.file}:${winner.line} comes first`)]
      : [line(text, origin)];
  });
  const weak = weakDependencies
    .filter(({ module }) => [...modules].some((name) => matchesAliasPattern(module, name)))
    .map(({ module, origin, dependencies }) => line(`weakdep ${module} ${dependencies.join(' ')}`, origin));
  return [...soft, ...weak];
}

function inReadingOrder(lines: readonly ExplainedLine[], files: readonly string[]): readonly ExplainedLine[] {
  const place = ({ origin }: ExplainedLine): number => {
    const index = files.indexOf(origin.file);
    return index === -1 ? files.length : index;
  };
  return lines.toSorted((a, b) => place(a) - place(b) || a.origin.line - b.origin.line);
}
