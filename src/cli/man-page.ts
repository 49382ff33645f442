/** Manual pages in the man(7) language. */
import { furtherCommands, subcommandManuals, toolManuals } from './kmodctl-manual.ts';
import { type Manual, type ManualOption, optionSpellings } from './manual.ts';
import { type ManualNotes, manualNotes } from './manual-notes.ts';
import { staticNodesManual } from './kmod-manuals.ts';

/** The day that the pages say they are of. Not the build's, so that the same sources make the same pages. */
const DATE = '2026-11-25';

/** All pages, by file name. */
export function manualPages(): ReadonlyMap<string, string> {
  const pages = toolManuals.map((manual) => [`${manual.name}.8`, toolPage(manual)] as const);
  return new Map([...pages, ['kmodctl.8', kmodctlPage()]]);
}

function toolPage(manual: Manual): string {
  const { name, purpose, usage, about, sections } = manual;
  const notes = notesOf(name);
  const commands = name === 'kmod' ? commandSection('kmod', [staticNodesManual]) : '';
  return page({
    name,
    purpose,
    synopsis: usage.map((line) => `${name} ${line}`),
    body: [
      section('DESCRIPTION', paragraphs([about, ...notes.description])),
      section(
        'OPTIONS',
        sections.map(({ title, options }) => subsection(title, optionList(options))).join(''),
      ),
      commands,
    ],
    notes,
  });
}

function kmodctlPage(): string {
  const notes = notesOf('kmodctl');
  const about =
    'Loads, unloads and lists kernel modules, tells what loading would do, and runs kernels in virtual machines. The classic tools are commands too, with their usual options and output: ';
  const tools = toolManuals.map(({ name }) => name).join(', ');
  const further = Object.entries(furtherCommands)
    .map(([name, purpose]) => item(`kmodctl ${name}`, purpose))
    .join('');
  return page({
    name: 'kmodctl',
    purpose: 'Linux kernel modules: load, unload, look, plan',
    synopsis: ['kmodctl COMMAND [ARGUMENTS...]'],
    body: [
      section(
        'DESCRIPTION',
        paragraphs([
          `${about}${tools}. A link to this program that is named after one of them acts as it.`,
          ...notes.description,
        ]),
      ),
      commandSection('kmodctl', subcommandManuals()),
      section('FURTHER COMMANDS', further),
    ],
    notes,
  });
}

function commandSection(program: string, manuals: readonly Manual[]): string {
  const parts = manuals.map(({ name, usage, about, sections }) =>
    subsection(
      usage.map((line) => `${program} ${name} ${line}`).join(', '),
      paragraphs([about]) + optionList(sections.flatMap(({ options }) => options)),
    ),
  );
  return section('COMMANDS', parts.join(''));
}

interface Page {
  readonly name: string;
  readonly purpose: string;
  readonly synopsis: readonly string[];
  readonly body: readonly string[];
  readonly notes: ManualNotes;
}

function page({ name, purpose, synopsis, body, notes }: Page): string {
  return [
    `.\\" Made by npm run manual; change src/cli/*manual*.ts instead.\n`,
    `.TH ${name.toUpperCase()} 8 "${DATE}" "kmodctl" "System administration"\n`,
    section('NAME', `${escaped(name)} \\- ${escaped(purpose)}\n`),
    section(
      'SYNOPSIS',
      synopsis.map((line) => `.B ${firstWord(line)}\n${escaped(restOf(line))}\n`).join('.br\n'),
    ),
    ...body,
    section('EXIT STATUS', paragraphs([notes.exitStatus])),
    section('ENVIRONMENT', items(notes.environment)),
    section('FILES', items(notes.files)),
    section('EXAMPLES', items(notes.examples)),
    section(
      'SEE ALSO',
      `${notes.seeAlso.map((text, index, all) => reference(text, index < all.length - 1 ? ',' : '')).join('\n')}\n`,
    ),
  ].join('');
}

function notesOf(name: string): ManualNotes {
  const notes = manualNotes[name];
  if (notes === undefined) throw new Error(`There are no notes for the manual page of ${name}.`);
  return notes;
}

function section(title: string, content: string): string {
  return content === '' ? '' : `.SH ${title}\n${content}`;
}

function subsection(title: string, content: string): string {
  return `.SS ${quoted(title)}\n${content}`;
}

function paragraphs(texts: readonly string[]): string {
  return texts
    .flatMap((text) => text.split('\n'))
    .map((text) => `.PP\n${escaped(text)}\n`)
    .join('')
    .replace(/^\.PP\n/, '');
}

function optionList(options: readonly ManualOption[]): string {
  return options
    .map((option) => {
      const names = optionSpellings(option).map(({ name, value, isOptional }) => {
        const equals = name.startsWith('--') ? '=' : ' ';
        const given = value === undefined ? '' : `${equals}\\fI${value}\\fR`;
        return `\\fB${escaped(name)}\\fR${isOptional ? `[${given}]` : given}`;
      });
      return `.TP\n${names.join(', ')}\n${escaped(option[1])}\n`;
    })
    .join('');
}

function items(list: ManualNotes['environment']): string {
  return list.map(([term, text]) => item(term, text)).join('');
}

function item(term: string, text: string): string {
  return `.TP\n\\fB${escaped(term)}\\fR\n${escaped(text)}\n`;
}

function reference(text: string, end: string): string {
  const [, name = '', number = ''] = /^(.*)\((\d)\)$/.exec(text) ?? [];
  return `.BR ${escaped(name)} (${number})${end}`;
}

function firstWord(line: string): string {
  return escaped(line.split(' ')[0] ?? '');
}

function restOf(line: string): string {
  return line.split(' ').slice(1).join(' ');
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}

/** Text that troff takes as it stands: dashes are to be copied from the page, and no line is a command. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^([.'])/gm, '\\&$1');
}
