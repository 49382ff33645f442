import { normalizeAlias } from './module-name.ts';
import { type OnMalformed, parseLines } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line `softdep NAME pre: … post: …`. */
export interface SoftDependencyLine {
  /** Name of the module with underscores, or a glob that its name matches. */
  readonly module: string;
  /** What is to be loaded before the module, as written: names, or aliases of one or several modules. */
  readonly pre: readonly string[];
  /** What is to be loaded after it. */
  readonly post: readonly string[];
  readonly origin: TextOrigin;
}

/**
 * The lines of a `modules.softdep`, which depmod collects from the modules themselves.
 *
 * @param file path of the file, for the origins
 */
export function parseSoftDependencies(
  text: string,
  file: string,
  onMalformed?: OnMalformed,
): readonly SoftDependencyLine[] {
  return parseLines(text, { file, onMalformed }, parseLine);
}

// One separator ends the name; what is left, be it only blanks, must not be empty.
const LINE = /^[ \t]*softdep[ \t]+([^ \t]+)[ \t](.+)$/s;

function parseLine(text: string, origin: TextOrigin): SoftDependencyLine | undefined {
  const [, name = '', rest = ''] = LINE.exec(text) ?? [];
  const module = normalizeAlias(name);
  if (rest === '' || module === undefined) return undefined;
  return { module, ...softDependencyMembers(dependencyWords(rest)), origin };
}

/** The members of a soft dependency, from the words behind the module's name. */
export function softDependencyMembers(words: readonly string[]): Pick<SoftDependencyLine, 'pre' | 'post'> {
  const pre: string[] = [];
  const post: string[] = [];
  // Words before the first marker belong nowhere: `softdep cifs gcm` names no dependency.
  let members: string[] = [];
  for (const word of words) {
    if (word === 'pre:') members = pre;
    else if (word === 'post:') members = post;
    else members.push(word);
  }
  return { pre, post };
}

/**
 * The words of a list of dependencies, at white space of any kind.
 *
 * @param rest what stands behind the module's name and the one separator that ends it
 * @param compat whether to do as kmod does with a second separator: it becomes a part of the first word
 */
export function dependencyWords(rest: string, compat = false): readonly string[] {
  const words = rest.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
  const [first] = words;
  if (compat && first !== undefined && rest.indexOf(first) === 1) words[0] = rest.charAt(0) + first;
  return words;
}
