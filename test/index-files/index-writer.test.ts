import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { IndexFile } from '../../src/index-files/index-file.ts';
import {
  type EncodedTexts,
  encodePortably,
  type IndexInput,
  IndexTextError,
  writeIndex,
} from '../../src/index-files/index-writer.ts';
import { writeIndex as modelIndex } from '../fixtures/index-writer.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { copyTree, referenceTree } from '../reference/reference-tree.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const ends = (texts: readonly string[]): Uint32Array =>
  Uint32Array.from(texts, (_, index) => texts.slice(0, index + 1).join('').length);

/** For the encoder that is used where there is no addon. */
function textsOf(entries: readonly IndexInput[]): EncodedTexts {
  const keys = entries.map(({ key }) => key);
  const values = entries.map(({ value }) => value);
  return {
    keys: Buffer.from(keys.join('')),
    keyEnds: ends(keys),
    values: Buffer.from(values.join('')),
    valueEnds: ends(values),
    priorities: Uint32Array.from(entries, ({ priority }) => priority),
  };
}

const entry = (key: string, value: string): IndexInput => ({ key, value, priority: 0 });

test('the bytes that depmod writes', (t) => {
  t.deepEqual(writeIndex([]), hex('b007f457 00020001 0000000c'));
  t.deepEqual(
    writeIndex([{ key: 'unix', value: '', priority: 0 }]),
    hex('b007f457 00020001 2000000c 7575 c0000012 6e697800 00000001 00000000 00'),
  );
  t.deepEqual(
    writeIndex([
      { key: 'symbol:printA', value: 'mod_loop_a', priority: 2 },
      { key: 'symbol:printB', value: 'mod_loop_b', priority: 1 },
    ]),
    hex(`b007f457000200012000000c 7373a0000012 796d626f6c3a7072696e7400 4142 40000028 4000003b
      00000001000000026d6f645f6c6f6f705f6100 00000001000000016d6f645f6c6f6f705f6200`),
  );
  t.deepEqual(
    writeIndex(
      [
        ['ab', 'x', 5],
        ['ab', 'y', 3],
        ['ab', 'z', 5],
        ['a', 'q', 0],
        ['abc', 'r', 9],
      ].map(([key, value, priority]) => ({ key, value, priority }) as IndexInput),
    ),
    hex(`b007f457000200012000000c 6161 60000012 6262 60000022 00000001 00000000 7100 6363 4000003e
      00000003 00000003 7900 00000005 7a00 00000005 7800 00000001 00000009 7200`),
  );
});

test('random entries are written as by the plain model', (t) => {
  const random = pseudoRandom(3);
  const text = (alphabet: string, longest: number): string =>
    Array.from({ length: random(longest + 1) }, () => alphabet[random(alphabet.length)]).join('');
  for (let round = 0; round < 2000; round++) {
    const alphabet = ['ab', 'abc*?', '\u0001a~\u007f'][round % 3] ?? '';
    const entries = Array.from({ length: random(40) }, () => ({
      key: text(alphabet, round % 7),
      value: text('xyz', 70 * (round % 2)),
      priority: random(4) * 0x4000_0000,
    }));
    const expected = modelIndex(entries);
    if (!writeIndex(new Set(entries)).equals(expected)) t.deepEqual(writeIndex(entries), expected);
    if (!encodePortably(textsOf(entries)).equals(expected))
      t.deepEqual(encodePortably(textsOf(entries)), expected);
  }
  t.pass();
});

test('what is not ASCII is refused, and what was given twice before it is told', (t) => {
  const same = entry('a', 'x');
  const told: IndexInput[] = [];
  const entries = [same, entry('a', 'y'), entry('b', 'x'), same, entry('b\u00e4', 'z'), same];
  const error = t.throws(() => writeIndex(entries, (duplicate) => told.push(duplicate)), {
    instanceOf: IndexTextError,
    code: 'ERR_KMOD_PUBLISH',
    message: /byte 0xe4/,
  });
  t.is(error?.text, 'b\u00e4');
  t.is(error?.character, 0xe4);
  t.deepEqual(told, [same]);
  t.throws(() => writeIndex([entry('a', 'b\u0000c')]), { instanceOf: IndexTextError, message: /byte 0x0:/ });
  t.throws(() => writeIndex([entry('a', '\u{1f40b}')]), { instanceOf: IndexTextError });

  told.length = 0;
  writeIndex([same, entry('b', 'x'), same, same], (duplicate) => told.push(duplicate));
  t.deepEqual(told, [same, same]);
});

test('many values of one key and deep nesting cost no more than others', (t) => {
  const started = performance.now();
  const count = 50_000;
  writeIndex(Array.from({ length: count }, (_, priority) => ({ key: 'a', value: 'b', priority })));
  writeIndex(Array.from({ length: count }, () => ({ key: 'a', value: 'b', priority: 0 })));
  const deep = writeIndex(
    Array.from({ length: 2000 }, (_, length) => ({ key: 'a'.repeat(length), value: '', priority: 0 })),
  );
  t.is([...new IndexFile(deep, '/deep.bin').entries()].length, 2000);
  t.true(performance.now() - started < 20_000);
});

test('every index that depmod wrote is written again with the same bytes', async (t) => {
  // The indexes of 6.12 in the cache are of this version already; those of 6.1 are made here.
  const copy = copyTree(await referenceTree('6.1'));
  t.teardown(copy.remove);
  const { exitCode } = (await referenceKmod('34.2')).run('depmod', ['-b', copy.base, copy.release]);
  t.is(exitCode, 0);
  for (const { directory } of [copy, await referenceTree('6.12')])
    for (const name of ['dep', 'alias', 'symbols', 'builtin', 'builtin.alias']) {
      const path = join(directory, `modules.${name}.bin`);
      const bytes = readFileSync(path);
      // Of equal priorities the one inserted last is stored first.
      const entries = [...new IndexFile(bytes, path).entries()].reverse();
      t.true(entries.length > 50, path);
      t.true(writeIndex(entries).equals(bytes), path);
      t.true(writeIndex(entries.toSorted((a, b) => a.priority - b.priority)).equals(bytes), path);
    }
});
