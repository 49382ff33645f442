import type { CliIo } from './cli-io.ts';

/** Something with something below it. */
export interface TextBranch {
  readonly text: string;
  readonly branches: readonly TextBranch[];
}

/** What the lines of a tree are drawn with. */
interface TreeLines {
  readonly fork: string;
  readonly last: string;
  readonly bar: string;
}

const unicodeLines: TreeLines = { fork: '├─', last: '└─', bar: '│ ' };
const asciiLines: TreeLines = { fork: '|-', last: '`-', bar: '| ' };

/** The lines of trees, one for each branch, with what leads to it before its text. */
export function treeLines(trees: readonly TextBranch[], isUnicode: boolean): readonly string[] {
  const lines = isUnicode ? unicodeLines : asciiLines;
  const below = (branches: readonly TextBranch[], lead: string): readonly string[] =>
    branches.flatMap(({ text, branches: more }, index) => {
      const isLast = index === branches.length - 1;
      return [
        `${lead}${isLast ? lines.last : lines.fork}${text}`,
        ...below(more, `${lead}${isLast ? '  ' : lines.bar}`),
      ];
    });
  return trees.flatMap(({ text, branches }) => [text, ...below(branches, '')]);
}

/** Whether stdout is a terminal whose user reads UTF-8, by the variables of locale(7). */
export function isUnicodeTerminal({ env, stdoutIsTerminal }: CliIo): boolean {
  const { LC_ALL: all = '', LC_CTYPE: type = '', LANG: language = '' } = env;
  const locale = all !== '' ? all : type !== '' ? type : language;
  return /utf-?8/i.test(locale) && stdoutIsTerminal?.() === true;
}
