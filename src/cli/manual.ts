/** What a tool says of itself: the one source of its help text, its manual page and what shells offer. */

/** What a shell offers for a value: files, folders, kernel releases, or these words. */
export type Completion = 'file' | 'folder' | 'release' | readonly string[];

/**
 * An option: its names with a value's name, as in `-C, --config=PATH`, or `--file[=PATH]`; what it does; what a shell offers for its
 * value.
 */
export type ManualOption = readonly [names: string, text: string, completion?: Completion];

/** Options under a heading. */
export interface ManualSection {
  readonly title: string;
  readonly options: readonly ManualOption[];
}

/** What operands are: modules that can be loaded, with parameters behind the first or not; loaded ones; module files. */
export type OperandKind =
  'module-and-parameters' | 'modules' | 'loaded' | 'module-file' | 'none' | readonly string[];

/** A tool, or a subcommand of kmodctl. */
export interface Manual {
  readonly name: string;
  /** A few words, as the manual pages' index shows them. */
  readonly purpose: string;
  /** What may follow the name; a line for each way to call it. */
  readonly usage: readonly string[];
  readonly about: string;
  readonly sections: readonly ManualSection[];
  readonly operands: OperandKind;
}

/** One option's names, apart. */
export interface OptionSpelling {
  /** With its dashes. */
  readonly name: string;
  /** Name of its value, as `PATH`. */
  readonly value: string | undefined;
  /** Whether it may be there without the value: `[=PATH]`. */
  readonly isOptional: boolean;
}

const WIDTH = 100;
/** Column in which texts begin; a wider name has its text on the next line. */
const COLUMN = 27;

/** The names of an option. */
export function optionSpellings([names]: ManualOption): readonly OptionSpelling[] {
  const [, optional = '', value] = /(\[?)=(\w+)\]?$/.exec(names) ?? [];
  return [...names.matchAll(/--?[\w-]+/g)].map(([name]) => ({ name, value, isOptional: optional !== '' }));
}

/** All options of a tool, in the order of its manual. */
export function manualOptions({ sections }: Manual): readonly ManualOption[] {
  return sections.flatMap(({ options }) => options);
}

/** The help text, in the form of kmod's tools. */
export function helpText({ usage, about, sections }: Manual, program: string): string {
  const calls = usage.map((line) => `\t${program}${line === '' ? '' : ' '}${line}\n`).join('');
  const parts = sections.map(({ title, options }) => `${title}:\n${options.map(optionText).join('')}`);
  return [`Usage:\n${calls}${wrapped(about, WIDTH)}`, ...parts].join('\n');
}

function optionText([names, text]: ManualOption): string {
  const label = names.startsWith('--') ? `    ${names}` : names;
  const lines = wrapped(text, WIDTH - COLUMN)
    .split('\n')
    .slice(0, -1);
  const first = label.length < COLUMN ? `${label.padEnd(COLUMN)}${lines.shift() ?? ''}` : label;
  return [first, ...lines.map((line) => ' '.repeat(COLUMN) + line)]
    .map((line) => `\t${line.trimEnd()}\n`)
    .join('');
}

/** A text in lines of at most this many characters, each with a newline. Line breaks in it stay. */
export function wrapped(text: string, width: number): string {
  const lines = text.split('\n').flatMap((paragraph) => {
    const broken: string[] = [''];
    for (const word of paragraph.split(' ')) {
      const line = broken.at(-1) ?? '';
      if (line !== '' && line.length + 1 + word.length > width) broken.push(word);
      else broken[broken.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return broken;
  });
  return lines.map((line) => `${line}\n`).join('');
}
