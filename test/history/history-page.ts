/** docs/history.md as data: the rows of its tables, and the scenes below them with their transcripts. */

/** The page, from the project's folder. */
export const HISTORY_PAGE = 'docs/history.md';

/** The test whose scenes the page shows. */
export const BOOK_TEST = 'test/history/book.test.ts';

/** A row of a table. */
export interface HistoryRow {
  /** `A1` to `A21`, `B1` to `B48`. */
  readonly number: string;
  readonly before: string;
  readonly today: string;
  /** Commands that show it; empty for what cannot be shown. */
  readonly commands: readonly string[];
  /** Tests that prove it. */
  readonly proofs: readonly Proof[];
}

/** A test, as the page names it. */
export interface Proof {
  /** Title without the kernel's name. */
  readonly title: string;
  /** File of the test; undefined for a scene of this page. */
  readonly file: string | undefined;
  /** Heading of the scene that the link leads to. */
  readonly anchor: string | undefined;
}

/** A scene: a heading and the transcripts below it. */
export interface HistoryScene {
  readonly title: string;
  readonly anchor: string;
  readonly transcripts: readonly string[];
}

const fence = '```';

/** Text of a transcript (`6.12 demand-loading`), or undefined when the page does not have it. */
export function blockIn(page: string, name: string): string | undefined {
  return blockPattern(name).exec(page)?.[2];
}

/** The page with another text in a transcript, and unchanged when it does not have it. */
export function writeBlock(page: string, name: string, text: string): string {
  return page.replace(
    blockPattern(name),
    (_, head: string, _old: string, tail: string) => `${head}${text}${tail}`,
  );
}

function blockPattern(name: string): RegExp {
  const escaped = name.replaceAll(/[.+]/g, '\\$&');
  return new RegExp(`(<!-- guest: ${escaped} -->\\n+${fence}text\\n)([^]*?)(${fence})`);
}

/** A transcript without what differs from run to run, and from one build of a kernel to the next. */
export function sameButForTheMoment(text: string): string {
  return text
    .replaceAll(/\b\d+\.\d+\.\d[\w.+-]*-amd64\b/g, 'RELEASE')
    .replaceAll(/\b(?:0x)?[0-9a-f]{16}\b/g, 'ADDRESS')
    .replaceAll(/^\[ *\d+\.\d+\]/gm, '[TIME]')
    .replaceAll(/^(\w+ +)\d{4,}(?= +\d)/gm, '$1SIZE')
    .replaceAll(/(0x|_R)(?!888cb211)[0-9a-f]{8}\b/g, '$1CRC')
    .replaceAll(/^\d+(?= files looked at)/gm, 'NUMBER')
    .replaceAll(/kworker\/[^)]*/g, 'kworker')
    .replaceAll(/[ \t]+$/gm, '')
    .trimEnd();
}

/** The rows of both tables, in the order of the page. */
export function rowsOf(page: string): HistoryRow[] {
  return page
    .split('\n')
    .filter((line) => /^\| [AB]\d+ +\|/.test(line))
    .map((line) => {
      const [number = '', before = '', today = '', shown = '', proofs = ''] = cellsOf(line);
      return {
        number,
        before,
        today,
        commands: [...shown.matchAll(/`([^`]+)`/g)].map(([, command = '']) => command.replaceAll('\\|', '|')),
        proofs: [...proofs.matchAll(/\[([^\]]+)\]\((?:#([\w-]+)|\.\.\/(test\/[\w./-]+))\)/g)].map(
          ([, title = '', anchor, file]) => ({ title, anchor, file }),
        ),
      };
    });
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** All scenes of the page, in its order. */
export function scenesOf(page: string): HistoryScene[] {
  return page
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const title = part.split('\n', 1)[0] ?? '';
      const transcripts = [...part.matchAll(/<!-- guest: (.*?) -->/g)].map(([, name = '']) => name);
      return { title, anchor: anchorOf(title), transcripts };
    });
}

/** What GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
