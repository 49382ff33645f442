/** Which lines of a configuration touch a name, and which of them count. */
import type { TextOrigin } from '../index-files/text-origin.ts';

/** What a line does for the name. */
export type LineEffect =
  /** It takes effect. */
  | 'counts'
  /** Another line takes its place. */
  | 'overruled'
  /** It is within a condition that does not hold. */
  | 'inactive'
  /** It is about another name, and mentions this one. */
  | 'mentions';

/** A line that touches a name. */
export interface ExplainedLine {
  /** The line without what the name needs not, for example `alias eth0 tulip`. */
  readonly text: string;
  readonly origin: TextOrigin;
  readonly effect: LineEffect;
  /** Why, in a few words; null where there is nothing to say. */
  readonly because: string | null;
}

/** All that a configuration says about a name. */
export interface Explanation {
  readonly name: string;
  /** What the name leads to by the configuration alone; the name itself where nothing leads on. */
  readonly modules: readonly string[];
  /** In the order in which they are read. */
  readonly lines: readonly ExplainedLine[];
}

/** The lines of an explanation as text, those that count with a mark. */
export function explanationText({ name, modules, lines }: Explanation): string {
  const marks = { counts: '*', overruled: '-', inactive: '-', mentions: ' ' } as const;
  const rows = lines.map(({ text, origin: { file, line }, effect, because }) => {
    const reason = because === null ? '' : `  (${because})`;
    return `${marks[effect]} ${file}:${line}: ${text}${reason}\n`;
  });
  const targets = modules.filter((module) => module !== name);
  const head = targets.length === 0 ? `${name}\n` : `${name} is ${targets.join(', ')}\n`;
  return rows.length === 0 ? `${head}  no line touches it\n` : head + rows.join('');
}
