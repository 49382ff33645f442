import type { ReadingMode } from './reading-mode.ts';
import { skipWhiteSpace, withoutTrailingSpace } from './white-space.ts';

/** Part of a logical line that is from one physical line. */
interface LinePiece {
  /** Where it begins in the logical line's text. */
  readonly start: number;
  /** Number of the physical line, from 1. */
  readonly line: number;
  /** Column of its first character, from 1. */
  readonly column: number;
}

/** A line of modules.conf after its comments have been cut and its continuations joined. */
export interface LogicalLine {
  /** As it is in the file, with comments and line ends: the concatenation of all of them is the file. */
  readonly raw: string;
  readonly text: string;
  /** From its `#` on, of each physical line that has one. */
  readonly comments: readonly string[];
  /** First and last physical line, from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Number that modutils gave it: of the last physical line, where a line of over 2998 bytes counts as several. */
  readonly number: number;
  readonly pieces: readonly LinePiece[];
}

/** A place in a file. */
export interface TextPosition {
  /** From 1. */
  readonly line: number;
  /** In UTF-16 units, from 1. */
  readonly column: number;
}

/** Where a character of the logical line stands in the file. */
export function positionOf({ pieces, firstLine }: LogicalLine, index: number): TextPosition {
  const piece = pieces.findLast(({ start }) => start <= index);
  if (piece === undefined) return { line: firstLine, column: 1 };
  return { line: piece.line, column: piece.column + index - piece.start };
}

/** Bytes that modutils read at once. */
const BUFFER_SIZE = 2998;

/**
 * Splits a file into logical lines. The white space at a line's end and all from its first `#` on are cut; what then
 * ends in one backslash goes on in the next line, whose leading white space becomes one blank; of two backslashes one
 * is dropped and the line ends. A NUL hides the rest of its line. In mode 2.4 a longer line than modutils could hold is
 * cut (never within a character) and its rest is a line of its own.
 */
export function logicalLines(text: string, mode: ReadingMode): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let open: OpenLine | undefined;
  let number = 0;
  for (const part of physicalLines(text, mode)) {
    number++;
    open ??= { raw: '', text: '', comments: [], firstLine: part.line, pieces: [] };
    const continues = addPart(open, part);
    if (continues) continue;
    lines.push({ ...open, lastLine: part.line, number });
    open = undefined;
  }
  if (open !== undefined)
    lines.push({ ...open, lastLine: open.pieces.at(-1)?.line ?? open.firstLine, number });
  return lines;
}

interface OpenLine {
  raw: string;
  text: string;
  readonly comments: string[];
  readonly firstLine: number;
  readonly pieces: LinePiece[];
}

/** A physical line, or as much of it as was read at once. */
interface PhysicalLine {
  readonly raw: string;
  readonly line: number;
  /** Characters of the same line before it. */
  readonly offset: number;
}

/** @returns whether the line goes on */
function addPart(open: OpenLine, { raw, line, offset }: PhysicalLine): boolean {
  const isContinuation = open.pieces.length > 0;
  open.raw += raw;
  const nul = raw.indexOf('\0');
  let content = withoutTrailingSpace(nul === -1 ? raw : raw.slice(0, nul));
  const hash = content.indexOf('#');
  if (hash !== -1) {
    open.comments.push(content.slice(hash));
    content = withoutTrailingSpace(content.slice(0, hash));
  }
  let column = offset + 1;
  const blanks = isContinuation ? skipWhiteSpace(content, 0) : 0;
  if (blanks > 0) {
    content = ` ${content.slice(blanks)}`;
    column += blanks - 1;
  }
  open.pieces.push({ start: open.text.length, line, column });
  const endsInBackslash = content.endsWith('\\');
  open.text += endsInBackslash ? content.slice(0, -1) : content;
  return endsInBackslash && content.at(-2) !== '\\';
}

function* physicalLines(text: string, mode: ReadingMode): Generator<PhysicalLine> {
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    const raw = text.slice(start, end);
    line++;
    if (mode === '2.4' && Buffer.byteLength(raw) > BUFFER_SIZE) yield* cutLine(raw, line);
    else yield { raw, line, offset: 0 };
    start = end;
  }
}

function* cutLine(raw: string, line: number): Generator<PhysicalLine> {
  let part = '';
  let size = 0;
  let offset = 0;
  for (const character of raw) {
    const bytes = Buffer.byteLength(character);
    if (size + bytes > BUFFER_SIZE) {
      yield { raw: part, line, offset };
      offset += part.length;
      part = '';
      size = 0;
    }
    part += character;
    size += bytes;
  }
  if (part !== '') yield { raw: part, line, offset };
}
