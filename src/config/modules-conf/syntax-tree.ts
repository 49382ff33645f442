import { logicalLines } from './logical-line.ts';
import type { ReadingMode } from './reading-mode.ts';
import { parseStatement, type Statement } from './statement.ts';

/** A modules.conf as it is written: every line in its order, comments and blank lines among them. */
export interface SyntaxTree {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly mode: ReadingMode;
  readonly statements: readonly Statement[];
}

/** Reads a text of modules.conf without looking anything up. No text is refused. */
export function parseSyntaxTree(text: string, file: string, mode: ReadingMode): SyntaxTree {
  const statements = logicalLines(text, mode).map((line) => parseStatement(line, mode));
  return { file, mode, statements };
}

/** The text that a tree was read from, to the last character. */
export function printSyntaxTree({ statements }: Pick<SyntaxTree, 'statements'>): string {
  return statements.map(({ line }) => line.raw).join('');
}
