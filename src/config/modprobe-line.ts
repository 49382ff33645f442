import { normalizeAlias } from '../index-files/module-name.ts';
import {
  dependencyWords,
  type SoftDependencyLine,
  softDependencyMembers,
} from '../index-files/soft-dependency-file.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import type { WeakDependencyLine } from '../index-files/weak-dependency-file.ts';
import type { AliasRecord, BlacklistRecord, CommandRecord, OptionsRecord } from './modprobe-configuration.ts';

/** Where the records of lines are collected, in their order. */
export interface ModprobeRecords {
  readonly aliases: AliasRecord[];
  readonly blacklist: BlacklistRecord[];
  readonly options: OptionsRecord[];
  readonly install: CommandRecord[];
  readonly remove: CommandRecord[];
  readonly softDependencies: SoftDependencyLine[];
  readonly weakDependencies: WeakDependencyLine[];
}

/** What a line was: a record, a directive of old, or nothing that is understood. */
export type LineVerdict = 'taken' | 'deprecated' | 'bad';

/** A line cut at blanks and tabs, as far as modprobe.d cuts it. */
export interface LineParts {
  /** The directive; empty for a blank line. */
  readonly keyword: string;
  /** The word behind it; empty when there is none. */
  readonly name: string;
  /** All that follows the one blank or tab behind the name. */
  readonly rest: string;
}

/** The parts of a line. */
export function lineParts(text: string): LineParts {
  const keywordStart = skipBlanks(text, 0);
  const keywordEnd = skipWord(text, keywordStart);
  const nameStart = skipBlanks(text, keywordEnd);
  const nameEnd = skipWord(text, nameStart);
  return {
    keyword: text.slice(keywordStart, keywordEnd),
    name: text.slice(nameStart, nameEnd),
    rest: text.slice(nameEnd + 1),
  };
}

/** Adds what a line of modprobe.d says to the records. */
export function readModprobeLine(
  { keyword, name, rest }: LineParts,
  origin: TextOrigin,
  { records, compat }: { readonly records: ModprobeRecords; readonly compat: boolean },
): LineVerdict {
  if (keyword === 'include' || keyword === 'config') return 'deprecated';
  // Each directive has a name first, and a bracket of it that is not closed makes the line a bad one.
  const module = name === '' ? undefined : normalizeAlias(name);
  if (module === undefined) return 'bad';
  if (keyword === 'blacklist') {
    records.blacklist.push({ module, origin });
    return 'taken';
  }
  if (keyword === 'alias') return readAlias(module, rest, origin, records);
  if (rest === '') return 'bad';
  switch (keyword) {
    case 'options':
      records.options.push(optionsRecord(module, rest, origin));
      return 'taken';
    case 'install':
    case 'remove':
      records[keyword].push({ module, command: rest, origin });
      return 'taken';
    case 'softdep':
      records.softDependencies.push({
        module,
        ...softDependencyMembers(dependencyWords(rest, compat)),
        origin,
      });
      return 'taken';
    case 'weakdep':
      records.weakDependencies.push({ module, dependencies: dependencyWords(rest, compat), origin });
      return 'taken';
    default:
      return 'bad';
  }
}

/** Options as they are kept: the kernel separates them by blanks, so a tab becomes one. */
export function optionsRecord(module: string, text: string, origin: TextOrigin): OptionsRecord {
  return { module, text: text.replaceAll('\t', ' '), origin };
}

function readAlias(pattern: string, rest: string, origin: TextOrigin, records: ModprobeRecords): LineVerdict {
  const start = skipBlanks(rest, 0);
  const end = skipWord(rest, start);
  const module = end === start ? undefined : normalizeAlias(rest.slice(start, end));
  if (module === undefined) return 'bad';
  records.aliases.push({ pattern, module, origin });
  return 'taken';
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text, at)) at++;
  return at;
}

function skipWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isBlank(text, at)) at++;
  return at;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}
