import { findDirective } from './directive.ts';
import type { LogicalLine } from './logical-line.ts';
import type { ReadingMode } from './reading-mode.ts';
import { skipWhiteSpace } from './white-space.ts';

/** What a logical line says, before anything is looked up or expanded. */
export interface Statement {
  readonly line: LogicalLine;
  /** Empty for a line that says nothing: blank, a comment, a bare `add`. */
  readonly keyword: string;
  /** Whether the keyword is followed by `=`. */
  readonly isAssignment: boolean;
  /** Whether `add` stands in front. */
  readonly adds: boolean;
  /** In mode `fixed`: `add` and a keyword without a blank between, `addabove`. */
  readonly isGlued: boolean;
  /** The rest of the line. */
  readonly value: string;
  readonly keywordStart: number;
  readonly valueStart: number;
}

/** Reads `[add] KEYWORD[=] REST`. */
export function parseStatement(line: LogicalLine, mode: ReadingMode): Statement {
  const { text } = line;
  const start = skipWhiteSpace(text, 0);
  const { adds, isGlued, next } = readAdd(text, start, mode);
  const end = keywordEnd(text, next);
  const isAssignment = text[end] === '=';
  // The character that ended the keyword is gone; one that is no separator at all is kept.
  const valueStart = skipWhiteSpace(text, text.charCodeAt(end) < 0x80 ? end + 1 : end);
  return {
    line,
    keyword: text.slice(next, end),
    isAssignment,
    adds,
    isGlued,
    value: text.slice(valueStart),
    keywordStart: next,
    valueStart: Math.min(valueStart, text.length),
  };
}

/** Whether a line says nothing. */
export function isIdle({ line, keywordStart }: Statement): boolean {
  return keywordStart >= line.text.length;
}

/** The line up to the end of its keyword, as modutils' messages show it. */
export function keywordAsRead({ line, keyword, keywordStart }: Statement): string {
  return line.text.slice(0, keywordStart + keyword.length);
}

function readAdd(
  text: string,
  start: number,
  mode: ReadingMode,
): { readonly adds: boolean; readonly isGlued: boolean; readonly next: number } {
  const no = { adds: false, isGlued: false, next: start };
  if (!text.startsWith('add', start)) return no;
  const next = skipWhiteSpace(text, start + 3);
  const isGlued = next === start + 3 && next < text.length;
  if (mode === '2.4' || !isGlued) return { adds: true, isGlued: false, next };
  const keyword = text.slice(next, keywordEnd(text, next));
  return findDirective(keyword, false) === undefined ? no : { adds: true, isGlued, next };
}

/** modutils compared signed characters, so those above 0x7f end a keyword as well. */
function keywordEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && /[!-<>-\u007f]/.test(text.charAt(end))) end++;
  return end;
}
