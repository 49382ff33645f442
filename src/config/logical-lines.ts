/** A line of a configuration file after its continuations have been joined. */
export interface LogicalLine {
  readonly text: string;
  /** Number of the last physical line that belongs to it, from 1. Messages name that one. */
  readonly line: number;
}

/**
 * The lines of a modprobe.d or depmod.d file. A backslash at the end of a line joins the next one to it, with nothing
 * between; before any other character it vanishes and the character stays: `a\b` is `ab`. That holds for comments too,
 * so one that ends in a backslash swallows the next line. A NUL ends its line, as it does for a program in C.
 *
 * @param dropsReturns whether a carriage return in front of a newline belongs to the newline
 */
export function logicalLines(text: string, dropsReturns = false): readonly LogicalLine[] {
  const physical = text.split(dropsReturns && text.includes('\r') ? /\r?\n/ : '\n');
  // What follows the last newline is a line only if there is something in it, or if the newline is one that joins.
  if (physical.at(-1) === '' && !unescape(physical.at(-2) ?? '').continues) physical.pop();
  const lines: LogicalLine[] = [];
  let joined = '';
  let isJoining = false;
  for (const [index, part] of physical.entries()) {
    const { content, continues } = unescape(part);
    joined += content;
    isJoining = continues && index + 1 < physical.length;
    if (isJoining) continue;
    lines.push({ text: cutAtNul(joined), line: index + 1 });
    joined = '';
  }
  return lines;
}

/**
 * Whether a line says nothing: empty, blank, or a comment.
 *
 * @param allowsIndent whether blanks and tabs may stand before the `#` of a comment
 */
export function isIdleLine(text: string, allowsIndent = false): boolean {
  return (allowsIndent ? /^[\t ]*(?:#|$)/ : /^(?:#|[\t ]*$)/).test(text);
}

/** The words of a line; spaces and tabs separate them, and nothing quotes. */
export function lineWords(text: string): readonly string[] {
  return text.split(/[\t ]+/).filter((word) => word !== '');
}

function unescape(part: string): { readonly content: string; readonly continues: boolean } {
  if (!part.includes('\\')) return { content: part, continues: false };
  let content = '';
  for (let index = 0; index < part.length; index++) {
    const character = part[index] ?? '';
    if (character !== '\\') content += character;
    else if (++index < part.length) content += part[index];
    else return { content, continues: true };
  }
  return { content, continues: false };
}

function cutAtNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}
