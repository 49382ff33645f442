/** docs/history.md: each feature has its row, and what a row says can be found where it says so. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test from 'ava';

import { BOOK_TEST, blockIn, HISTORY_PAGE, rowsOf, scenesOf } from './history/history-page.ts';

const page = readFileSync(HISTORY_PAGE, 'utf8');
const rows = rowsOf(page);
const scenes = scenesOf(page);
const tools = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod', 'ksyms', 'kmodctl']);

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);

test('every feature of modules(2) and of the chapter has one row', (t) => {
  t.deepEqual(
    rows.map(({ number }) => number),
    [...numbered('A', 21), ...numbered('B', 48)],
  );
  for (const { number, before, today, proofs } of rows) {
    t.true(before !== '' && today !== '', number);
    t.true(proofs.length > 0, `${number} has no test`);
  }
});

test('every test that a row names is there', (t) => {
  const titles = new Set(titlesOf(BOOK_TEST));
  for (const { number, proofs } of rows)
    for (const { title, file, anchor } of proofs)
      if (file === undefined) {
        t.true(titles.has(title), `${number}: ${BOOK_TEST} has no test "${title}"`);
        t.is(scenes.find((scene) => scene.title === title)?.anchor, anchor, `${number}: ${title}`);
      } else
        t.true(
          existsSync(file) && titlesOf(file).some((each) => each.endsWith(title)),
          `${number}: ${file} has no test "${title}"`,
        );
});

/** Titles of the tests that a file, or a file in a folder beside it that it imports, declares. */
function titlesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const scenesBeside = [...text.matchAll(/from '\.\/([\w-]+\/[\w-]+\.ts)'/g)].map(([, path = '']) =>
    readFileSync(join(dirname(file), path), 'utf8'),
  );
  return [text, ...scenesBeside]
    .flatMap((each) => [
      ...each.matchAll(
        /(?:\btest(?:\.serial)?\(|\binGuest\(|\btitle:)\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)"|`([^`]*)`)/g,
      ),
    ])
    .map(([, single, double, template]) => (single ?? double ?? template ?? '').replaceAll("\\'", "'"));
}

test('every scene of the test is on the page, with what a guest printed', (t) => {
  t.deepEqual(scenes.map(({ title }) => title).toSorted(), titlesOf(BOOK_TEST).toSorted());
  for (const { title, transcripts } of scenes) {
    t.true(
      transcripts.some((name) => name.startsWith('6.12 ')),
      title,
    );
    for (const name of transcripts) t.regex(blockIn(page, name) ?? '', /^# /, name);
  }
});

test('every command of a row is in a transcript that the row leads to', (t) => {
  for (const { number, commands, proofs } of rows) {
    const lines = scenes
      .filter(({ title }) => proofs.some((proof) => proof.title === title))
      .flatMap(({ transcripts }) => transcripts)
      .flatMap((name) => (blockIn(page, name) ?? '').split('\n'))
      .filter((line) => line.startsWith('# '));
    for (const command of commands)
      t.true(
        lines.some((line) => line.includes(command)),
        `${number}: no transcript of ${command}`,
      );
    t.true(commands.length > 0 || proofs.every(({ file }) => file !== undefined), `${number}: no command`);
  }
});

test('every option of our tools in a row is in the manual', (t) => {
  for (const { number, commands } of rows)
    for (const command of commands) {
      const [tool = '', ...words] = (command.split(' | ')[0] ?? '').split(' ');
      if (!tools.has(tool)) continue;
      const manual = readFileSync(`docs/man/${tool}.8`, 'utf8')
        .replaceAll('\\-', '-')
        .replaceAll(/\\f./g, '');
      for (const option of words.filter((word) => word.startsWith('-')))
        t.true(manual.includes(option.replace(/=.*/, '')), `${number}: ${tool} has no ${option}`);
    }
});
