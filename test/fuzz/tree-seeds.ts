import { countedBytes, poolInput } from './input-reader.ts';
import { type InputModule, treeInput, UNREAD } from './tree-input.ts';

const module = (name: string, more: Partial<InputModule> = {}): InputModule => ({
  name,
  path: `kernel/${name}.ko`,
  part: 0,
  exports: [],
  needs: [],
  texts: [[], [], []],
  ...more,
});

/** Trees of every usual and unusual kind, the usual one first. */
export function treeSeeds(): readonly Buffer[] {
  const usual = [
    module('core', {
      exports: ['register', 'release'],
      texts: [['devname:node', 'char-major-10-5'], [], []],
    }),
    module('bus', { part: 1, exports: ['probe'], needs: ['register'], texts: [[], ['pre: core'], ['a-b']] }),
    module('unread', { part: UNREAD }),
    module('card', {
      part: 2,
      needs: ['probe', 'release', 'nobody'],
      texts: [['pci:v-[0-9]*', 'x-y'], [], []],
    }),
    module('card_two', { needs: ['probe'], exports: ['release'], texts: [['x-y', 'x-y', 'x_z'], [], []] }),
  ];
  const trees = [
    usual,
    [module('a', { exports: ['a'], needs: ['b'] }), module('b', { exports: ['b'], needs: ['a'] })],
    [module('a', { exports: ['a'], needs: ['a'] })],
    [module('a', { needs: ['.dot'] })],
    [module('a', { texts: [['open[', 'close]'], [], []] })],
    [module('\u00fc')],
    [],
  ];
  const flags = [0, 1, 4, 5];
  return [
    ...trees.flatMap((tree) => flags.map((flag, part) => treeInput(tree, flag, part + 1))),
    rawSeed([
      [[1], [0, 1, 0, 1, 0, 0], [0], []],
      [[0x82], [1, 0, 1, 0, 0, 0], [], [1]],
    ]),
  ];
}

/** Two modules, and parts with: how many names, and whether they are the ones before; rows; exports; needs. */
function rawSeed(parts: readonly (readonly (readonly number[])[])[]): Buffer {
  const tree = treeInput([module('first'), module('second')], 2, parts.length);
  const columns = parts.flatMap(([[kind = 0] = [], ...words], part) => [
    kind,
    ...(part === 0 || kind < 0x80 ? [2, 0, 1] : []),
    ...words.flatMap((column) => [column.length, ...column]),
    ...(part === 0 ? [2, 0x78, 0, 0, 0] : [0, 0, 0]),
  ]);
  return Buffer.concat([tree, Buffer.from(columns)]);
}

const [LEAVE, FOLDER, LINK, PIPE, FILE] = [0, 1, 2, 3, 4];
type Entry = readonly [kind: number, name: string, content?: string];

/** Folders of every usual and unusual kind, the usual one first. */
export function listingSeeds(): readonly Buffer[] {
  const usual: readonly Entry[] = [
    [FOLDER, 'kernel'],
    [FILE, 'b.ko', '\x7fELF'],
    [FILE, 'a.ko.xz', '\xfd7zXZ\0'],
    [FILE, 'x.txt'],
    [FOLDER, 'empty'],
    [LEAVE, ''],
    [LINK, 'c.ko', 'b.ko'],
    [LEAVE, ''],
    [FOLDER, 'build'],
    [PIPE, 'pipe'],
    [LEAVE, ''],
    [FILE, '.ko', 'x'],
  ];
  const trees: readonly (readonly Entry[])[] = [
    usual,
    [[LINK, 'a.ko', 'nowhere']],
    [[LINK, 'a', '.']],
    [[PIPE, 'a.ko']],
    [[FILE, '\u00fc.ko']],
    [[FILE, '\u00fc']],
    [[FOLDER, '\u00fc']],
    [],
  ];
  return trees.map((tree, index) => listingInput(tree, index === 1 ? [''] : ['.ko', '.ko.xz'], index % 2));
}

function listingInput(entries: readonly Entry[], endings: readonly string[], helpers: number): Buffer {
  const pool = [
    ...new Set(['build', ...endings, ...entries.flatMap(([, name, content = '']) => [name, content])]),
  ];
  const list = (texts: readonly string[]): readonly number[] => [
    texts.length,
    ...texts.map((text) => pool.indexOf(text)),
  ];
  return Buffer.concat([
    Buffer.of(helpers, 0, 3),
    poolInput(pool),
    Buffer.from([...list(pool.slice(0, 5)), ...list(pool.slice(2))]),
    countedBytes('/\0/tmp\0\0x'),
    Buffer.from([2, ...list(endings), ...list(['build']), 1, 0xff, entries.length]),
    Buffer.from(
      entries.flatMap(([kind, name, content = '']) => [kind, pool.indexOf(name), pool.indexOf(content)]),
    ),
  ]);
}
