import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import test from 'ava';

import { writeBlocks } from '../../src/depmod/cache-file.ts';
import { cacheLocation } from '../../src/depmod/cache-location.ts';
import { ContributionCache } from '../../src/depmod/contribution-cache.ts';
import { scanModules, type ScanResult } from '../../src/depmod/scan.ts';
import { moduleImage } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { viewOf } from './contribution-view.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kmodctl-cache-'));
test.after.always(() => {
  rmSync(scratch, { recursive: true });
});

/** Later than the last change of any file by more than the coarsest clock of a file system. */
const LATER = 10_000;

let folders = 0;

/** Files that change, and a cache for them. */
class CachedTree {
  readonly directory = join(scratch, `tree-${++folders}`);
  readonly cacheFile = join(scratch, `cache-${folders}`, 'x.cache');
  files: string[] = [];

  constructor() {
    mkdirSync(this.directory);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, content: Uint8Array): void {
    writeFileSync(this.path(name), content);
    if (!this.files.includes(this.path(name))) this.files.push(this.path(name));
  }

  remove(name: string): void {
    rmSync(this.path(name));
    this.files = this.files.filter((file) => file !== this.path(name));
  }

  cache(compat = false): ContributionCache {
    return new ContributionCache({ file: this.cacheFile, directory: this.directory, compat });
  }

  /** A scan with the cache, at a time at which all files have long been at rest. */
  scan(now = Date.now() + LATER): ScanResult {
    return scanModules(this.files, { cache: this.cache(), helpers: 0, now });
  }

  /** Whether a scan with the cache gives what one without gives. */
  isRight(): boolean {
    const [cached, full] = [this.scan(), scanModules(this.files, { helpers: 0 })];
    return (
      isDeepStrictEqual(viewOf(cached), viewOf(full)) &&
      isDeepStrictEqual(indexes(cached.failures), indexes(full.failures)) &&
      isDeepStrictEqual(indexes(cached.problems), indexes(full.problems))
    );
  }
}

function indexes(items: readonly { readonly index: number }[]): readonly number[] {
  return items.map(({ index }) => index);
}

function image(seed: number): Buffer {
  const random = pseudoRandom(seed);
  const names = Array.from({ length: random(6) }, () => `symbol_${random(40)}`);
  return moduleImage({
    modinfo: [`alias=number:${seed}`, ...(random(3) === 0 ? [`softdep=pre: m${random(9)}`] : [])],
    exports: names.map((name) => ({ name, crc: random(2 ** 32) })),
    needs: Array.from({ length: random(8) }, () => ({
      name: `symbol_${random(60)}`,
      crc: random(2 ** 32),
      weak: random(4) === 0,
    })),
  });
}

test('only what has changed is read', (t) => {
  const tree = new CachedTree();
  for (let number = 0; number < 40; number++) tree.write(`m${number}.ko`, image(number));
  t.is(tree.scan().readCount, 40);
  t.is(tree.scan().readCount, 0);
  tree.write('m7.ko', image(100));
  const changed = tree.scan();
  t.is(changed.readCount, 1);
  t.deepEqual(changed.modules[7]?.aliases, ['number:100']);
  t.is(tree.scan().readCount, 0);
  tree.remove('m3.ko');
  t.is(tree.scan().readCount, 0);
  tree.write('new.ko', image(101));
  t.is(tree.scan().readCount, 1);
  tree.files.reverse();
  t.is(tree.scan().readCount, 0);
  t.true(tree.isRight());
});

test('whatever happens to a tree, the cache changes nothing about the result', (t) => {
  const random = pseudoRandom(2);
  const tree = new CachedTree();
  let seed = 1000;
  const size = (): number => tree.files.length;
  const some = (): string => {
    const present = tree.files.filter((file) => existsSync(file)); // a link may lead to nothing by now
    return (present[random(present.length)] ?? '').slice(tree.directory.length + 1);
  };
  const changes: Readonly<Record<string, () => void>> = {
    change: () => tree.write(some(), image(seed++)),
    add: () => tree.write(`m${seed}.ko`, image(seed++)),
    remove: () => {
      if (size() > 3) tree.remove(some());
    },
    rename: () => {
      const [from, to] = [some(), `r${seed++}.ko`];
      renameSync(tree.path(from), tree.path(to));
      tree.files = tree.files.map((file) => (file === tree.path(from) ? tree.path(to) : file));
    },
    swap: () => {
      const [one, other] = [tree.path(some()), tree.path(some())];
      if (one === other) return;
      renameSync(one, `${one}.x`);
      renameSync(other, one);
      renameSync(`${one}.x`, other);
    },
    touch: () => utimesSync(tree.path(some()), seed, seed),
    'same size and time, another inode': () => {
      const path = tree.path(some());
      const { size: length, atime, mtime } = statSync(path);
      const other = Buffer.concat([image(seed++), Buffer.alloc(length)]).subarray(0, length);
      writeFileSync(`${path}.x`, other);
      utimesSync(`${path}.x`, atime, mtime);
      renameSync(`${path}.x`, path);
    },
    'same size and time, same inode': () => {
      const path = tree.path(some());
      const { size: length, atime, mtime } = statSync(path);
      writeFileSync(path, Buffer.concat([image(seed++), Buffer.alloc(length)]).subarray(0, length));
      utimesSync(path, atime, mtime);
    },
    damage: () => writeFileSync(tree.path(some()), 'no module'),
    link: () => {
      const [target, path] = [some(), `l${seed++}.ko`];
      symlinkSync(target, tree.path(path));
      tree.files.push(tree.path(path));
    },
    reorder: () => {
      tree.files.push(...tree.files.splice(0, random(size())));
    },
    'another program': () => {
      // Two runs that know the same, and of which each adds what it found.
      const [one, other] = [tree.cache(), tree.cache()];
      for (const cache of [one, other])
        scanModules(tree.files, { cache, helpers: 0, now: Date.now() + LATER });
    },
    'broken cache': () => {
      const content = readFileSync(tree.cacheFile);
      if (random(2) === 0) content[random(content.length)] = random(256);
      writeFileSync(
        tree.cacheFile,
        content.subarray(0, content.length - (random(2) === 0 ? random(500) : 0)),
      );
    },
  };
  for (let number = 0; number < 12; number++) tree.write(`m${number}.ko`, image(number));
  const names = Object.keys(changes);
  for (let round = 0; round < 400; round++) {
    const done = Array.from({ length: 1 + random(3) }, () => names[random(names.length)] ?? '');
    for (const name of done) changes[name]?.();
    t.true(tree.isRight(), `round ${round}: ${done.join(', ')}`);
  }
});

test('a file that was changed just now is not trusted yet', (t) => {
  const tree = new CachedTree();
  for (let number = 0; number < 9; number++) tree.write(`m${number}.ko`, image(number));
  const now = Date.now();
  t.is(tree.scan(now).readCount, 9);
  t.is(tree.scan(now).readCount, 9);
  t.is(tree.scan(now + LATER).readCount, 9);
  t.is(tree.scan(now + LATER).readCount, 0);
});

test('files with trouble are read again, so that it is told again', (t) => {
  const tree = new CachedTree();
  tree.write('a.ko', image(1));
  tree.write('damaged.ko', Buffer.from('no module'));
  tree.write('odd.ko', moduleImage({ symbols: false, modinfo: ['alias=x'] }));
  for (let run = 0; run < 3; run++) {
    const result = tree.scan();
    t.deepEqual(
      [result.readCount, indexes(result.failures), indexes(result.problems)],
      [run === 0 ? 3 : 2, [1], [2]],
    );
  }
});

test('a cache that cannot be trusted is not, and a new one takes its place', (t) => {
  const tree = new CachedTree();
  for (let number = 0; number < 9; number++) tree.write(`m${number}.ko`, image(number));
  tree.scan();
  const sound = readFileSync(tree.cacheFile);
  const expectFresh = (reason: string): void => {
    t.is(tree.scan().readCount, 9, reason);
    t.is(tree.scan().readCount, 0, `after ${reason}`);
  };
  chmodSync(tree.cacheFile, 0o666);
  expectFresh('a file that others may write');
  for (let length = 0; length < sound.length; length += 97) {
    writeFileSync(tree.cacheFile, sound.subarray(0, length));
    expectFresh(`${length} bytes`);
  }
  for (let place = 0; place < sound.length; place += 53) {
    const damaged = Buffer.from(sound);
    damaged[place] = (damaged[place] ?? 0) ^ 0x10;
    writeFileSync(tree.cacheFile, damaged);
    expectFresh(`a bit at ${place}`);
  }
  writeFileSync(tree.cacheFile, Buffer.from(sound).swap32());
  expectFresh('another byte order');
  const elsewhere = `${tree.cacheFile}.real`;
  renameSync(tree.cacheFile, elsewhere);
  symlinkSync(elsewhere, tree.cacheFile);
  expectFresh('a link');
  rmSync(tree.cacheFile);
  mkdirSync(tree.cacheFile);
  t.is(tree.scan().readCount, 9);
  t.is(tree.scan().readCount, 9);
  rmSync(tree.cacheFile, { recursive: true });
  // Made for another folder, or for the other way of reading.
  tree.scan();
  const options = { file: tree.cacheFile, directory: tree.directory, compat: false };
  t.false(new ContributionCache(options).isEmpty);
  t.true(new ContributionCache({ ...options, compat: true }).isEmpty);
  t.true(new ContributionCache({ ...options, directory: `${tree.directory}x` }).isEmpty);
  t.true(new ContributionCache({ ...options, file: `${tree.cacheFile}x` }).isEmpty);
});

test('a cache of another user is not trusted', (t) => {
  if (process.geteuid?.() !== 0) {
    t.pass('only root can make a file of another user');
    return;
  }
  const tree = new CachedTree();
  tree.write('a.ko', image(1));
  tree.scan();
  t.false(tree.cache().isEmpty);
  chownSync(tree.cacheFile, 65_534, 65_534);
  t.true(tree.cache().isEmpty);
});

test('many small changes do not make the cache grow for ever', (t) => {
  const tree = new CachedTree();
  for (let number = 0; number < 60; number++) tree.write(`m${number}.ko`, image(number));
  tree.scan();
  const { size } = statSync(tree.cacheFile);
  for (let number = 0; number < 100; number++) {
    tree.write(`m${number % 60}.ko`, image(200 + number));
    t.is(tree.scan().readCount, 1);
  }
  t.true(statSync(tree.cacheFile).size < size * 3);
  t.true(tree.isRight());
});

test('a cache that cannot be written is none, and no error', (t) => {
  const file = join(scratch, 'no-folder');
  writeFileSync(file, '');
  for (const folder of [file, '/proc/nosuch', '/sys/nosuch'])
    t.notThrows(() => writeBlocks(join(folder, 'depmod/cache'), [[Uint32Array.of(1)]]), folder);
});

test('where the cache is', (t) => {
  const directory = join(scratch, 'somewhere');
  mkdirSync(directory);
  symlinkSync(directory, join(scratch, 'link'));
  const isRoot = process.geteuid?.() === 0;
  const env = { XDG_CACHE_HOME: '/x', HOME: '/home/u' };
  const name = cacheLocation(directory, { KMODCTL_CACHE_DIR: '/c' }) ?? '';
  t.regex(name, /^\/c\/depmod\/somewhere-[0-9a-f]{8}\.cache$/);
  t.is(cacheLocation(join(scratch, 'link'), { KMODCTL_CACHE_DIR: '/c' }), name);
  const file = name.slice('/c/'.length);
  t.is(cacheLocation(directory, env), isRoot ? `/var/cache/kmodctl/${file}` : `/x/kmodctl/${file}`);
  t.is(
    cacheLocation(directory, { HOME: '/home/u', KMODCTL_CACHE_DIR: 'relative', XDG_CACHE_HOME: 'relative' }),
    isRoot ? `/var/cache/kmodctl/${file}` : `/home/u/.cache/kmodctl/${file}`,
  );
  t.is(cacheLocation(join(scratch, 'missing'), env), undefined);
  t.false(existsSync('/c'));
});
