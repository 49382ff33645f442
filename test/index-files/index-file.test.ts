import test from 'ava';

import { KmodError } from '../../src/errors/kmod-error.ts';
import { IndexFile } from '../../src/index-files/index-file.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { type IndexWriterEntry, type NodeOrder, writeIndex } from '../fixtures/index-writer.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const orders: readonly NodeOrder[] = ['parents-first', 'children-first'];

const aliases: readonly IndexWriterEntry[] = [
  { key: 'pci:v00008086d00001533sv*sd*bc*sc*i*', value: 'igb', priority: 7 },
  { key: 'pci:v00008086d*sv*sd*bc02sc00i*', value: 'generic_net', priority: 9 },
  { key: 'pci:v*d*sv*sd*bc0[0-3]sc*i*', value: 'ranged', priority: 3 },
  { key: 'usb:v1234p5678*', value: 'usb_thing', priority: 4 },
  { key: 'char_major_10_2??', value: 'tun', priority: 5 },
  { key: 'fs_ext4', value: 'ext4', priority: 1 },
  { key: 'fs_ext4', value: 'ext4_other', priority: 0 },
  { key: 'fs_ext4dev', value: 'ext4dev', priority: 2 },
];
const intel = 'pci:v00008086d00001533sv00000000sd00000001bc02sc00i00';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const read = (bytes: Buffer): IndexFile => new IndexFile(bytes, '/index.bin');

const vectors: readonly [string, Buffer, readonly IndexWriterEntry[]][] = [
  ['empty', hex('b007f457 00020001 0000000c'), []],
  [
    'a key without a value',
    hex('b007f457 00020001 2000000c 7575 c0000012 6e697800 00000001 00000000 00'),
    [{ key: 'unix', value: '', priority: 0 }],
  ],
  [
    'a shared prefix',
    hex(`b007f457000200012000000c 7373a0000012 796d626f6c3a7072696e7400 4142 40000028 4000003b
      00000001000000026d6f645f6c6f6f705f6100 00000001000000016d6f645f6c6f6f705f6200`),
    [
      { key: 'symbol:printA', value: 'mod_loop_a', priority: 2 },
      { key: 'symbol:printB', value: 'mod_loop_b', priority: 1 },
    ],
  ],
  [
    'equal priorities',
    hex(`b007f457000200012000000c 6161 60000012 6262 60000022 00000001 00000000 7100 6363 4000003e
      00000003 00000003 7900 00000005 7a00 00000005 7800 00000001 00000009 7200`),
    [
      { key: 'a', value: 'q', priority: 0 },
      { key: 'ab', value: 'y', priority: 3 },
      { key: 'ab', value: 'z', priority: 5 },
      { key: 'ab', value: 'x', priority: 5 },
      { key: 'abc', value: 'r', priority: 9 },
    ],
  ],
];

for (const [name, bytes, entries] of vectors)
  test(`the bytes that depmod writes are read: ${name}`, (t) => {
    const index = read(bytes);
    t.deepEqual([...index.entries()], entries);
    t.is(dumped(index), linesOf(index));
    for (const { key } of entries) t.is(index.search(key), entries.find((entry) => entry.key === key)?.value);
    t.is(index.search('absent'), undefined);
    t.is(index.search(''), undefined);
  });

test('the writer of these tests writes the bytes that depmod writes', (t) => {
  for (const [, bytes, entries] of vectors) {
    // Of equal priorities the one inserted last is stored first.
    t.deepEqual(writeIndex(entries.toReversed()), bytes);
  }
});

for (const order of orders) {
  test(`exact search, ${order}`, (t) => {
    const index = read(writeIndex(aliases, order));
    t.is(index.search('fs_ext4'), 'ext4_other');
    t.is(index.search('fs_ext4dev'), 'ext4dev');
    t.is(index.search('usb:v1234p5678*'), 'usb_thing');
    for (const absent of ['', 'f', 'fs_ext', 'fs_ext4d', 'fs_ext4devs', 'usb:v1234p56789', '\u00e4'])
      t.is(index.search(absent), undefined, absent);
  });

  test(`wildcard search gives all that match, ascending by priority, ${order}`, (t) => {
    const index = read(writeIndex(aliases, order));
    const found = (request: string): readonly string[] =>
      index.searchWildcard(request).map(({ value }) => value);
    t.deepEqual(found(intel), ['ranged', 'igb', 'generic_net']);
    t.deepEqual(found(intel.replace('bc02', 'bc09')), ['igb']);
    t.deepEqual(found('usb:v1234p5678d0001'), ['usb_thing']);
    t.deepEqual(found('char_major_10_229'), ['tun']);
    t.deepEqual(found('char_major_10_22'), []);
    t.deepEqual(found('fs_ext4'), ['ext4_other', 'ext4']);
    t.deepEqual(found('fs_ext4d'), []);
    t.deepEqual(found(''), []);
  });

  test(`of equal priorities the one found last comes first, ${order}`, (t) => {
    const same = ['x*', 'x?', 'xa'].map((key) => ({ key, value: key, priority: 1 }));
    t.deepEqual(
      read(writeIndex(same, order))
        .searchWildcard('xa')
        .map(({ value }) => value),
      ['xa', 'x?', 'x*'],
    );
  });

  test(`every truncation is an error of ours or a sound answer, ${order}`, (t) => {
    const bytes = writeIndex(aliases, order);
    let refusals = 0;
    for (let length = 0; length < bytes.length; length++)
      refusals += exercise(t.fail, bytes.subarray(0, length)) ? 0 : 1;
    t.true(refusals > bytes.length / 2);
  });

  test(`random damage is an error of ours or an answer, ${order}`, (t) => {
    const bytes = writeIndex(aliases, order);
    const random = pseudoRandom(20_261);
    let refusals = 0;
    for (let round = 0; round < 20_000; round++) {
      const damaged = Buffer.from(bytes);
      const flips = 1 + (round % 4);
      for (let flip = 0; flip < flips; flip++) damaged[random(damaged.length)] = random(256);
      refusals += exercise(t.fail, damaged) ? 0 : 1;
    }
    t.true(refusals > 1000, `${refusals}`);
  });
}

test('a node that is its own child does not hang a search', (t) => {
  // One node with the arcs "*" to "?", each leading back to the node.
  const circle = Buffer.concat([
    hex('b007f457 00020001 2000000c 2a3f'),
    ...Array.from({ length: 0x3f - 0x2a + 1 }, () => hex('2000000c')),
  ]);
  const error = t.throws(() => read(circle).searchWildcard('abc'), { instanceOf: KmodError });
  t.is(error?.code, 'ERR_KMOD_INDEX_CORRUPT');
  t.throws(() => [...read(circle).entries()], { code: 'ERR_KMOD_INDEX_CORRUPT' });
  t.throws(() => dumped(read(circle)), { code: 'ERR_KMOD_INDEX_CORRUPT' });
  t.is(read(circle).search('x'), undefined);
});

test('nodes that are shared by many parents do not multiply the work', (t) => {
  // 40 levels with two arcs each, both leading to the next level: 2^40 keys in a small file.
  const levels = 40;
  const parts = [hex('b007f457 00020001 2000000c')];
  for (let level = 0; level < levels; level++) {
    const word = Buffer.alloc(4);
    const next = 12 + 10 * (level + 1);
    word.writeUInt32BE(level === levels - 1 ? 0 : (0x20000000 | next) >>> 0);
    parts.push(hex('2a2b'), word, word);
  }
  const index = read(Buffer.concat(parts));
  const error = { code: 'ERR_KMOD_INDEX_CORRUPT', message: /circles/ };
  t.throws(() => index.searchWildcard('+'.repeat(levels)), error);
  t.throws(() => [...index.entries()], error);
  t.throws(() => dumped(index), error);
  t.deepEqual(index.searchWildcard('x'), []);
});

test('damage is reported with file and byte', (t) => {
  const table: readonly [string, RegExp][] = [
    ['b007f457 0002', /\/index\.bin is damaged at byte 6: the file ends within its header/],
    ['b007f458 00020001 0000000c', /at byte 0: .*b007f457/],
    ['b007f457 00030001 0000000c', /at byte 4: .*version 3/],
    ['b007f457 00020001 2000ffff', /at byte 65535: .*behind the end/],
    ['b007f457 00020001 20000004', /at byte 4: .*within the header/],
    ['b007f457 00020001 2000000c 7f80', /at byte 12: .*127 to 128/],
    ['b007f457 00020001 2000000c 6261', /at byte 12: .*98 to 97/],
    ['b007f457 00020001 2000000c 6161', /at byte 14: the children reach/],
    ['b007f457 00020001 4000000c 7fffffff', /at byte 12: 2147483647 values/],
    ['b007f457 00020001 c000000c 6161', /at byte 12: a text has no end/],
  ];
  for (const [bytes, message] of table) {
    t.throws(() => [...read(hex(bytes)).entries()], { code: 'ERR_KMOD_INDEX_CORRUPT', message }, bytes);
    t.throws(() => dumped(read(hex(bytes))), { code: 'ERR_KMOD_INDEX_CORRUPT', message }, bytes);
  }
});

test('opening: absent and empty files are none, others than regular ones are refused', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  t.is(IndexFile.open(`${root.path}/none.bin`), undefined);
  t.is(IndexFile.open(`${root.path}/none/none.bin`), undefined);
  t.is(IndexFile.open(root.write('empty.bin', '')), undefined);
  t.throws(() => IndexFile.open(root.path), { code: 'ERR_KMOD_INDEX_UNREADABLE' });
  t.throws(() => IndexFile.open('/dev/zero'), { code: 'ERR_KMOD_INDEX_UNREADABLE', message: /regular/ });
  const file = root.write('unix.bin', writeIndex([{ key: 'unix', value: '', priority: 0 }]));
  t.is(IndexFile.open(file)?.search('unix'), '');
});

/** All values as the dump writes them. */
function dumped(index: IndexFile): string {
  const pieces: Buffer[] = [];
  index.dump('alias', (bytes) => pieces.push(Buffer.from(bytes)));
  return Buffer.concat(pieces).toString();
}

/** The same from the entries. */
function linesOf(index: IndexFile): string {
  return [...index.entries()].map(({ key, value }) => `alias ${key} ${value}\n`).join('');
}

/** Searches in all ways. True for answers, false for the error that is due to damage; all else fails the test. */
function exercise(fail: (message: string) => void, bytes: Buffer): boolean {
  try {
    const index = read(bytes);
    for (const { key } of aliases) index.search(key);
    index.searchWildcard(intel);
    index.searchWildcard('char_major_10_229');
    const lines = linesOf(index);
    if (dumped(index) !== lines) fail('the dump is another');
    return true;
  } catch (error) {
    if (!(error instanceof KmodError) || error.code !== 'ERR_KMOD_INDEX_CORRUPT') throw error;
    return false;
  }
}
