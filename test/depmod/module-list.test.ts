import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import { makeIndexes, runDepmod } from '../../src/depmod/depmod.ts';
import type { DepmodOptions } from '../../src/depmod/depmod-options.ts';
import { STAMP_WIDTH, stampFiles, stampsAt } from '../../src/depmod/file-stamps.ts';
import { listedPaths, listModules } from '../../src/depmod/module-listing.ts';
import { walkModuleTree } from '../../src/depmod/module-tree-walk.ts';
import { packTexts } from '../../src/depmod/packed-texts.ts';
import { matchPortably, matchTexts } from '../../src/depmod/text-matching.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kmodctl-list-'));
test.after.always(() => {
  rmSync(scratch, { recursive: true });
});

const RELEASE = '6.99.0-test';
const excluded = new Set(['build', 'source', 'no.ko']);

function walked(folder: string): readonly string[] {
  const found: string[] = [];
  walkModuleTree(folder, {
    excluded,
    isRaw: false,
    onFile: (path) => found.push(path),
    onTrouble: ({ path }) => {
      throw new Error(`trouble with ${path}`);
    },
  });
  return found;
}

test('one call lists what a walk finds, in the same order, with the state of each file', (t) => {
  const random = pseudoRandom(11);
  const names = [
    'a.ko',
    'a.ko.xz',
    'b-c.ko.zst',
    'z.ko.gz',
    '.ko',
    '.ko.xz',
    'x.ko.bz2',
    'no.ko',
    'B.ko',
    'a',
    'ko',
  ];
  for (let round = 0; round < 40; round++) {
    const folder = join(scratch, `walk-${round}`);
    const folders = [folder];
    mkdirSync(folder);
    for (let count = random(40); count > 0; count--) {
      const parent = folders[random(folders.length)] ?? folder;
      const path = join(parent, names[random(names.length)] ?? '');
      if (existsSync(path)) continue;
      const kind = random(6);
      if (kind === 0) {
        mkdirSync(path);
        folders.push(path);
      } else if (kind === 1) {
        writeFileSync(join(scratch, `target-${round}-${count}`), 'x'.repeat(random(50)));
        symlinkSync(`${scratch}/target-${round}-${count}`, path);
      } else writeFileSync(path, 'x'.repeat(random(50)));
    }
    symlinkSync('nowhere', join(folder, 'build'));
    const listing = listModules([folder, folders.at(-1) ?? folder], excluded);
    if (listing === undefined) throw new Error('the addon is missing');
    const expected = [...walked(folder), ...walked(folders.at(-1) ?? folder)];
    const found = listedPaths(listing);
    t.deepEqual(found, expected);
    t.deepEqual(listing.stamps, stampFiles(expected));
    const places = Uint32Array.from(expected.keys()).reverse();
    t.deepEqual(stampsAt(listing.stamps, places), stampFiles([...expected].reverse()));
    t.is(listing.stamps.length, found.length * STAMP_WIDTH);
  }
});

test('what is not a file, a folder or a link to a file is left to the walk', (t) => {
  const odd: Readonly<Record<string, (path: string) => void>> = {
    'a link to nothing': (path) => symlinkSync('nothing', path),
    'a link to a folder': (path) => symlinkSync('.', path),
    'a pipe': (path) => t.is(spawnSync('mkfifo', [path]).status, 0),
    'a name that is not ASCII': (path) => writeFileSync(`${path}\u00fc.ko`, ''),
    'a folder of such a name': (path) => mkdirSync(`${path}\u00fc`),
  };
  for (const [label, make] of Object.entries(odd)) {
    const folder = mkdtempSync(join(scratch, 'odd-'));
    mkdirSync(join(folder, 'kernel'));
    writeFileSync(join(folder, 'kernel/a.ko'), '');
    t.not(listModules([folder], excluded), undefined);
    make(join(folder, 'kernel/b'));
    t.is(listModules([folder], excluded), undefined, label);
    t.is(listModules([join(scratch, 'empty-folder-that-is-missing'), folder], excluded), undefined);
  }
  t.is(listModules([`${scratch}\0`], excluded), undefined);
  t.is(listModules([join(scratch, 'missing')], excluded), undefined);
});

test('texts are found among others, with the addon and without', (t) => {
  const random = pseudoRandom(4);
  const some = (): readonly string[] =>
    Array.from({ length: random(30) }, () => 'abc\u00ff'.slice(random(4), random(5)).repeat(random(3)));
  for (let round = 0; round < 300; round++) {
    const [texts, others] = [packTexts(some()), packTexts(some())];
    t.deepEqual(matchTexts(texts, others), matchPortably(texts, others));
  }
});

/** A tree with configuration, and a cache for it. */
class ChangingTree {
  readonly base = mkdtempSync(join(scratch, 'tree-'));
  readonly directory = join(this.base, 'lib/modules', RELEASE);
  readonly cacheFile = join(this.base, 'cache/x.cache');
  readonly notices: string[] = [];
  output = join(this.base, 'out');
  #seed = 0;

  constructor() {
    for (const folder of [this.directory, join(this.base, 'etc'), join(this.base, 'external')])
      mkdirSync(folder, { recursive: true });
    this.write('modules.order', 'kernel/a.ko\nkernel/b.ko\n');
    for (const name of ['kernel/a.ko', 'kernel/b.ko', 'kernel/c.ko', 'updates/b.ko']) this.module(name);
  }

  get options(): DepmodOptions {
    return {
      release: RELEASE,
      root: this.base,
      outputDirectory: this.output,
      configPaths: [join(this.base, 'etc')],
      report: ({ text }) => this.notices.push(text),
    };
  }

  write(name: string, content: string | Uint8Array): void {
    const path = name.startsWith('/') ? join(this.base, name) : join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.x`, content);
    renameSync(`${path}.x`, path);
  }

  module(name: string): void {
    const seed = this.#seed++;
    const content = moduleImage({
      modinfo: [`alias=number-${seed}`],
      exports: [{ name: `s${seed % 9}`, crc: 1 }],
    });
    this.write(name, content);
    // At rest for long, so that the cache takes it; the inode's time tells the versions apart.
    const path = name.startsWith('/') ? join(this.base, name) : join(this.directory, name);
    utimesSync(path, 1000, 1000);
  }

  modules(): readonly string[] {
    return readdirSync(this.directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ko'),
    );
  }

  published(): unknown {
    const names = readdirSync(this.output).sort();
    return names.map((name) => [name, readFileSync(join(this.output, name), 'latin1')]);
  }

  /** Runs with the cache; whether files and notices are those of a run without. */
  isRight(): boolean {
    this.notices.length = 0;
    runDepmod({ ...this.options, cacheFile: this.cacheFile });
    const cached = [this.published(), [...this.notices]];
    this.notices.length = 0;
    const full = makeIndexes(this.options);
    const files = full.outputs.map(({ name, content }) => [name, content.toString('latin1')] as const);
    return isDeepStrictEqual(cached, [files.toSorted(([a], [b]) => (a < b ? -1 : 1)), this.notices]);
  }
}

/** What may happen between two runs. */
function changesOf(
  tree: ChangingTree,
  random: (below: number) => number,
): Readonly<Record<string, () => void>> {
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
  const places = ['kernel', 'updates', 'extra', '/external'];
  const some = (): string => pick(tree.modules());
  const list = `${tree.cacheFile}.list`;
  const damage = (path: string): void => {
    if (!existsSync(path)) return;
    const content = readFileSync(path);
    content[random(content.length)] = random(256);
    writeFileSync(path, content.subarray(0, content.length - (random(3) === 0 ? random(99) : 0)));
  };
  return {
    nothing: () => undefined,
    change: () => tree.module(some()),
    add: () => tree.module(`${pick(places)}/${pick(['a', 'b', 'c', 'd', 'e', 'f'])}.ko`),
    remove: () => {
      if (tree.modules().length > 2) rmSync(join(tree.directory, some()));
    },
    link: () => {
      const path = join(tree.directory, `kernel/l${random(99)}.ko`);
      if (!existsSync(path)) symlinkSync(join(tree.directory, 'modules.order'), path);
    },
    'link to nothing': () => symlinkSync('nothing', join(tree.directory, `kernel/n${random(1e9)}.ko`)),
    'no odd links': () => {
      for (const name of tree.modules())
        if (/\/[nl]\d+\.ko$/.test(name)) rmSync(join(tree.directory, name), { force: true });
    },
    order: () =>
      tree.write('modules.order', `kernel/${pick(['a', 'b', 'c'])}.ko\nkernel/${pick(['d', 'e'])}.ko\n`),
    'broken order': () => tree.write('modules.order', 'kernel/a.ko'),
    'no order': () => rmSync(join(tree.directory, 'modules.order'), { force: true }),
    configuration: () =>
      tree.write(
        '/etc/a.conf',
        pick([
          '',
          'search extra updates built-in\n',
          'search built-in external\n',
          `external * ${tree.base}/external\n`,
          `external * ${tree.base}/missing\n`,
          'exclude updates\n',
          'exclude a.ko\n',
          'override b * extra\n',
          'override b * kernel\n',
          'nonsense\n',
        ]),
      ),
    'another folder of indexes': () => {
      tree.output = join(tree.base, pick(['out', 'elsewhere']));
    },
    'an index changed': () => {
      const path = join(tree.output, pick(['modules.dep', 'modules.alias.bin', 'modules.symbols']));
      if (!existsSync(path)) return;
      const { atime, mtime } = statSync(path);
      damage(path);
      utimesSync(path, atime, mtime);
    },
    'an index gone': () =>
      rmSync(join(tree.output, pick(['modules.dep', 'modules.dep.bin', 'modules.softdep'])), { force: true }),
    'all indexes gone': () => rmSync(tree.output, { recursive: true, force: true }),
    'a broken cache': () => damage(tree.cacheFile),
    'a broken list': () => damage(list),
    'no list': () => rmSync(list, { force: true }),
    'no contributions': () => rmSync(tree.cacheFile, { force: true }),
    'a list that others may write': () => {
      if (existsSync(list)) chmodSync(list, 0o666);
    },
  };
}

test('whatever happens to a tree, its configuration and the indexes, a run with the cache writes what one without does', (t) => {
  const random = pseudoRandom(12);
  const tree = new ChangingTree();
  const changes = changesOf(tree, random);
  const names = Object.keys(changes);
  for (let round = 0; round < 300; round++) {
    const done = Array.from({ length: 1 + random(3) }, () => names[random(names.length)] ?? '');
    for (const name of done) changes[name]?.();
    t.true(tree.isRight(), `round ${round}: ${done.join(', ')}`);
  }
});

test('the list is known again, and not where something was reported', (t) => {
  const tree = new ChangingTree();
  const list = `${tree.cacheFile}.list`;
  const run = (): void => {
    t.true(tree.isRight());
  };
  run();
  const { ino } = statSync(list);
  run();
  t.is(statSync(list).ino, ino);
  tree.module('kernel/new.ko');
  run();
  t.not(statSync(list).ino, ino);
  expectReports(t, tree, 'modules.order:2', () => tree.write('modules.order', 'kernel/a.ko\nkernel/b.ko'));
  expectReports(t, tree, 'could not open modules.order', () => rmSync(join(tree.directory, 'modules.order')));
});

test('a run after one change reads one module and publishes what a full run would', async (t) => {
  const tree = new ChangingTree();
  for (let number = 0; number < 20; number++) tree.module(`kernel/m${number}.ko`);
  await sleep(2500); // a file that was changed just now is not trusted
  const { options, cacheFile } = tree;
  t.is(runDepmod({ ...options, cacheFile }).readCount, 23);
  for (let round = 0; round < 20; round++) {
    tree.module(`kernel/m${round}.ko`);
    // The changed ones are read each time until they have been at rest for long enough.
    const { readCount } = runDepmod({ ...options, cacheFile });
    t.true(readCount > 0 && readCount <= round + 1);
    t.true(tree.isRight());
  }
  await sleep(2500);
  runDepmod({ ...options, cacheFile });
  t.is(runDepmod({ ...options, cacheFile }).readCount, 0);
  tree.module('kernel/m7.ko');
  t.is(runDepmod({ ...options, cacheFile }).readCount, 1);
  t.true(tree.isRight());
});

function expectReports(t: ExecutionContext, tree: ChangingTree, text: string, change: () => void): void {
  change();
  for (let run = 0; run < 3; run++) {
    t.true(tree.isRight());
    t.true(tree.notices.some((notice) => notice.includes(text)));
  }
}
