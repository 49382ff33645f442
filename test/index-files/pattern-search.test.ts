import { isDeepStrictEqual } from 'node:util';

import test from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { IndexFile } from '../../src/index-files/index-file.ts';
import { writeIndex as writeFastIndex } from '../../src/index-files/index-writer.ts';
import { type IndexWriterEntry, type NodeOrder, writeIndex } from '../fixtures/index-writer.ts';
import { plainSearch } from '../fixtures/plain-search.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const orders: readonly NodeOrder[] = ['parents-first', 'children-first'];

const read = (bytes: Buffer): IndexFile => new IndexFile(bytes, '/index.bin');

/** Each line: patterns, then requests. */
const adversaries: readonly (readonly [patterns: readonly string[], requests: readonly string[]])[] = [
  [['*'], ['', 'a', '*', 'aaaa']],
  [
    ['**', '***', '*?', '?*', '?', '??', ''],
    ['', 'a', 'ab', 'abc'],
  ],
  [
    ['a*', 'a**b', 'a*b*', 'a*bb', 'a*b', 'ab*b', 'a\\*b'],
    ['a', 'ab', 'abb', 'abbb', 'acb', 'a*b', 'a\\*b', 'a\\xb'],
  ],
  [
    ['*aab', '*aac', '*ab', '*a', '*a?b', '*a*b', '*aab*', '*b?'],
    ['aab', 'aaab', 'aaac', 'abab', 'aacab', 'b', 'ab', 'abx'],
  ],
  [
    ['*[ab]', '*[!a]c', 'x[', 'x[ab', '*[', '*[]]', 'x[a-c]*', '*[[:digit:]]'],
    ['a', 'bc', 'ac', 'x[', 'x[ab', 'xb', 'xbz', ']', '1', 'x1', '['],
  ],
  [
    ['*\\*', '*\\?x', '*\\', '?\\a', '*\\[a'],
    ['*', 'a*', '?x', 'ax', '\\', 'xa', '[a', 'x[a'],
  ],
  [
    ['?a', '?b', '??', '?*', '?a?', '*a?', '*?a'],
    ['xa', 'xb', 'xab', 'aa', 'a', 'aaa'],
  ],
  [
    ['*é', '?', 'é'],
    ['é', 'xé', 'x'],
  ],
];

for (const order of orders) {
  test(`patterns that are hard to follow, ${order}`, (t) => {
    for (const [patterns, requests] of adversaries) {
      const ascii = patterns.filter((pattern) => !/[^ -~]/.test(pattern));
      // All of one priority, so that the order in which they are found shows.
      const index = writeIndex(ascii.map(entryOf), order);
      for (const request of requests)
        t.deepEqual(
          read(index).searchWildcard(request),
          plainSearch(index, request),
          `${ascii.join(' ')} on ${request}`,
        );
    }
  });

  test(`random patterns are found as by comparing each, ${order}`, (t) => {
    const random = pseudoRandom(7);
    const text = (alphabet: string, longest: number): string =>
      Array.from({ length: random(longest + 1) }, () => alphabet[random(alphabet.length)]).join('');
    let matches = 0;
    for (let round = 0; round < 3000; round++) {
      const alphabet = ['ab*', 'ab*?', 'abc*?[]-!^', 'a*\\[]b'][round % 4] ?? '';
      const index = writeIndex(
        Array.from({ length: 1 + random(40) }, (_, number) => ({
          key: text(alphabet, 8),
          value: `${number}`,
          priority: random(3),
        })),
        order,
      );
      const searched = read(index);
      for (let count = 0; count < 10; count++) {
        const request = text(round % 5 === 0 ? alphabet : 'ab', 10);
        const expected = plainSearch(index, request);
        matches += expected.length;
        // The assertions of the test runner would take most of the time.
        if (!isDeepStrictEqual(searched.searchWildcard(request), expected))
          t.deepEqual(searched.searchWildcard(request), expected, request);
      }
    }
    t.true(matches > 30_000, `${matches}`);
  });

  test(`damage is an error of ours or an answer, ${order}`, (t) => {
    const random = pseudoRandom(11);
    const sound = writeIndex(
      ['a*b*c', 'a*b?c', 'ab[0-9]*', 'a?*', '*x*y', '*x?', 'abc', 'a\\*', 'a*bcd'].map(entryOf),
      order,
    );
    let refusals = 0;
    for (let round = 0; round < 20_000; round++) {
      const damaged = Buffer.from(sound);
      const flips = 1 + (round % 3);
      for (let flip = 0; flip < flips; flip++) {
        const place = 8 + random(damaged.length - 8);
        // Whole words of the file put elsewhere make nodes that lead back or into one another.
        if (round % 2 === 0) damaged.copyWithin(place, random(sound.length), random(sound.length));
        else damaged[place] = random(256);
      }
      try {
        const index = read(damaged);
        for (const request of ['abc', 'axbxc', 'ab5bx', '*xay']) index.searchWildcard(request);
      } catch (error) {
        if (!(error instanceof KmodError) || error.code !== 'ERR_KMOD_INDEX_CORRUPT') throw error;
        refusals++;
      }
    }
    t.true(refusals > 1000, `${refusals}`);
  });
}

test('long requests and deep tries take time by the product of their lengths', (t) => {
  const depth = 3000;
  const entries = Array.from({ length: depth }, (_, length) => entryOf(`*${'a'.repeat(length)}`));
  const index = read(writeIndex(entries));
  const started = performance.now();
  t.is(index.searchWildcard('a'.repeat(depth)).length, depth);
  t.is(index.searchWildcard(`${'a'.repeat(depth)}b`).length, 1);
  t.deepEqual(read(writeIndex([entryOf('x')])).searchWildcard('x'.repeat(1_000_000)), []);
  const random = pseudoRandom(13);
  const values = Array.from({ length: 100_000 }, () => ({
    key: 'a*',
    value: '',
    priority: random(1_000_000),
  }));
  const found = read(writeFastIndex(values)).searchWildcard('ab');
  t.deepEqual(
    found.map(({ priority }) => priority),
    values.map(({ priority }) => priority).toSorted((a, b) => a - b),
  );
  t.true(performance.now() - started < 20_000);
});

test('a chain of nodes that is longer than any key is damage', (t) => {
  // Each node has the one arc "*" to the next.
  const levels = 70_000;
  const bytes = Buffer.alloc(12 + 6 * levels);
  bytes.writeUInt32BE(0xb007f457, 0);
  bytes.writeUInt32BE(0x00020001, 4);
  for (let level = 0; level < levels; level++) {
    const word = (0x20000000 | (12 + 6 * level)) >>> 0;
    bytes.writeUInt32BE(word, level === 0 ? 8 : 6 * level + 8);
    bytes.write('**', 12 + 6 * level);
  }
  t.throws(() => read(bytes).searchWildcard('x'), { code: 'ERR_KMOD_INDEX_CORRUPT', message: /longer/ });
});

function entryOf(key: string): IndexWriterEntry {
  return { key, value: `of ${key}`, priority: 0 };
}
