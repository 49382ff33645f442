import type { TextOrigin } from './text-origin.ts';

/** A line that is not of the form which its file has. */
export interface MalformedLine {
  readonly text: string;
  readonly origin: TextOrigin;
}

/** Called for each line that is passed over, apart from empty lines and comments. */
export type OnMalformed = (line: MalformedLine) => void;

/** Where lines are from, and who is told of those that are none. */
export interface TextSource {
  /** Path of the file, for the origins. */
  readonly file: string;
  readonly onMalformed?: OnMalformed | undefined;
}

/** What a parser makes of the lines of a text. It gives undefined for a line that it does not understand. */
export function parseLines<T>(
  text: string,
  { file, onMalformed }: TextSource,
  parse: (line: string, origin: TextOrigin) => T | undefined,
): readonly T[] {
  const records: T[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const origin = { file, line: index + 1 };
    const record = parse(line, origin);
    if (record !== undefined) records.push(record);
    else if (onMalformed !== undefined && !/^\s*(?:#|$)/.test(line)) onMalformed({ text: line, origin });
  }
  return records;
}

/** The words of a line, at blanks and tabs. */
export function wordsOf(line: string): readonly string[] {
  return line.split(/[ \t]+/).filter((word) => word !== '');
}
