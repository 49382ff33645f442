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
  const pre: string[] = [];
  const post: string[] = [];
  // Words before the first marker belong nowhere: `softdep cifs gcm` names no dependency.
  let members: string[] = [];
  for (const word of rest.split(/[ \t\v\f\r]+/)) {
    if (word === 'pre:') members = pre;
    else if (word === 'post:') members = post;
    else if (word !== '') members.push(word);
  }
  return { module, pre, post, origin };
}
