import test from 'ava';

import { logicalLines, positionOf } from '../../../src/config/modules-conf/logical-line.ts';
import type { ReadingMode } from '../../../src/config/modules-conf/reading-mode.ts';
import { parseSyntaxTree, printSyntaxTree } from '../../../src/config/modules-conf/syntax-tree.ts';
import { firstWord, splitQuoted } from '../../../src/config/modules-conf/words.ts';
import { pseudoRandom } from '../../fixtures/pseudo-random.ts';
import { originalCases } from './original-cases.ts';

const pieces = [
  'alias ',
  'options x p=1',
  'add ',
  'if ',
  'endif',
  '\\',
  '\\\\',
  '\n',
  '\r\n',
  '\0',
  '#',
  '"',
  "'",
  '`uname -r`',
  '$X',
  '=',
  ' ',
  '\t',
  '\v',
  'é',
  '😀',
  '\ud800',
  'path[a]',
];

test('a tree prints as the text that it was read from, whatever it is', (t) => {
  const next = pseudoRandom(20);
  const texts = originalCases.map(({ text }) => text);
  for (let round = 0; round < 3000; round++)
    texts.push(Array.from({ length: next(40) }, () => pieces[next(pieces.length)] ?? '').join(''));
  texts.push('é'.repeat(4000), `${'😀x'.repeat(2000)}\n`);
  for (const text of texts)
    for (const mode of ['2.4', 'fixed'] satisfies ReadingMode[]) {
      const tree = parseSyntaxTree(text, 'x', mode);
      t.is(printSyntaxTree(tree), text);
      let line = 1;
      for (const { line: logical, value, valueStart, keyword, keywordStart } of tree.statements) {
        t.true(logical.firstLine >= line && logical.lastLine >= logical.firstLine);
        line = logical.lastLine;
        t.is(logical.text.slice(valueStart), value);
        t.is(logical.text.slice(keywordStart, keywordStart + keyword.length), keyword);
      }
    }
});

test('comments stay in the tree, and every character knows its place', (t) => {
  const text = '# head\noptions x \\ # one\n\t a=1 b=2 # two\n\nalias y z\n';
  const lines = logicalLines(text, 'fixed');
  t.deepEqual(
    lines.map(({ text: line, comments, firstLine, lastLine }) => [line, comments, firstLine, lastLine]),
    [
      ['', ['# head'], 1, 1],
      ['options x  a=1 b=2', ['# one', '# two'], 2, 3],
      ['', [], 4, 4],
      ['alias y z', [], 5, 5],
    ],
  );
  const joined = lines[1];
  if (joined === undefined) throw new Error('no such line');
  t.deepEqual(positionOf(joined, 8), { line: 2, column: 9 });
  t.deepEqual(positionOf(joined, joined.text.indexOf('a=1')), { line: 3, column: 3 });
  t.deepEqual(positionOf(joined, joined.text.indexOf('b=2')), { line: 3, column: 7 });
});

test('lines longer than the buffer of modutils are cut in mode 2.4 only, never within a character', (t) => {
  const text = `a${'é'.repeat(2000)} b\nc\n`;
  t.deepEqual(
    logicalLines(text, 'fixed').map(({ number }) => number),
    [1, 2],
  );
  const lines = logicalLines(text, '2.4');
  t.deepEqual(
    lines.map(({ text: line, number, firstLine }) => [line.length, number, firstLine]),
    [
      [1499, 1, 1],
      [504, 2, 1],
      [1, 3, 2],
    ],
  );
  t.deepEqual(positionOf(lines[1] ?? (lines[0] as never), 0), { line: 1, column: 1500 });
});

test('names and quoted words', (t) => {
  t.deepEqual(firstWord('"a b"c d  e'), { word: '"a b"c', rest: 'd  e', isOpen: false });
  t.deepEqual(firstWord(`'a \\' b' c`), { word: `'a \\' b'`, rest: 'c', isOpen: false });
  t.deepEqual(firstWord('`a b'), { word: '`a b', rest: '', isOpen: true });
  t.deepEqual(firstWord(''), { word: '', rest: '', isOpen: false });
  t.deepEqual(splitQuoted(`a"b c"d '' "" x\\y`), { words: ['ab cd', 'xy'], openQuote: undefined });
  t.deepEqual(splitQuoted('a "b c'), { words: ['a', 'b c'], openQuote: 2 });
});
