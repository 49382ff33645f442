import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import { contributionSet, mergeColumns } from '../../src/depmod/contribution-set.ts';
import { ContributionTable } from '../../src/depmod/contribution-table.ts';
import { ModuleScanner } from '../../src/depmod/module-scanner.ts';
import { scanInParallel } from '../../src/depmod/parallel-scan.ts';
import { scanModules } from '../../src/depmod/scan.ts';
import { KmodError } from '../../src/errors/kmod-error.ts';
import { ContributionReader } from '../../src/module-file/contribution-reader.ts';
import { SymbolNames } from '../../src/module-file/symbol-names.ts';
import { moduleImage, type ModuleImageOptions } from '../fixtures/module-image.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { type ContributionView, viewOf } from './contribution-view.ts';

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-scan-'));
test.after.always(() => {
  rmSync(folder, { recursive: true });
});

const rich: ModuleImageOptions = {
  modinfo: [
    'license=GPL',
    'alias=pci:v00008086d*',
    'aliasx=no',
    'alias=',
    'softdep=pre: a',
    'weakdep=b c',
    'alias=usb:v*',
  ],
  exports: [
    { name: 'one', crc: 0x1234_5678 },
    { name: 'two', crc: 0xffff_fffe, gplOnly: true },
    { name: 'spaced', crc: 7, namespace: 'SPACE' },
  ],
  needs: [{ name: 'printk', crc: 0x9e3779b1 }, { name: 'loose', weak: true }, { name: 'without_version' }],
  versions: [{ name: 'module_layout', crc: 0xdead_beef }],
  locals: ['here', '__crc', '__ksymta', '_'],
};

const images: Readonly<Record<string, ModuleImageOptions>> = {
  rich,
  'absolute CRCs': { ...rich, crcs: 'absolute' },
  'no CRCs': {
    ...rich,
    exports: [{ name: 'two' }, { name: 'one', gplOnly: true }, { name: 'spaced', namespace: 'SPACE' }],
  },
  'some CRCs': { ...rich, exports: [{ name: 'one', crc: 1 }, { name: 'two' }] },
  'flags in place of tables': { ...rich, gplMarks: 'flags' },
  'extended versions': { ...rich, versionSections: 'extended' },
  'both kinds of versions': { ...rich, versionSections: 'both' },
  '32 bits': { ...rich, is64: false },
  'big-endian': { ...rich, littleEndian: false },
  sparc: { ...rich, machine: 43 },
  'no symbols': { ...rich, symbols: false },
  'no modinfo': { exports: [{ name: 'one', crc: 1 }] },
  'a key without a value': { modinfo: ['alias', 'softdep', 'alias=x'] },
  'the same twice': {
    needs: [
      { name: 'twice', crc: 1 },
      { name: 'twice', crc: 2 },
    ],
    exports: [
      { name: 'again', crc: 1 },
      { name: 'again', crc: 2 },
    ],
  },
  'many sections': { ...rich, fillers: 300 },
};

let comparisons = 0;

/** Reads files with both readers, and compares where the quick one does not leave a file to the other. */
class ReaderComparison {
  readonly #compat: boolean;
  readonly #folder = join(folder, `comparison-${++comparisons}`);
  readonly #files: string[] = [];
  readonly #labels: string[] = [];

  constructor(compat: boolean) {
    this.#compat = compat;
    mkdirSync(this.#folder);
  }

  add(image: Uint8Array, label: string): void {
    const path = join(this.#folder, `${this.#files.length}.ko`);
    writeFileSync(path, image);
    this.addFile(path, label);
  }

  addFile(path: string, label = path): void {
    this.#files.push(path);
    this.#labels.push(label);
  }

  /** The labels of those that the quick reader has taken, and what they all add. */
  compare(t: ExecutionContext): {
    taken: readonly string[];
    views: readonly (ContributionView | undefined)[];
  } {
    const files = this.#files;
    const order = Uint32Array.from(files.keys());
    const { part, left } = scanInParallel({ files, order, compat: this.#compat, helpers: 1 });
    if (part === undefined) throw new Error('the addon is missing');
    const symbols = new SymbolNames();
    const table = new ContributionTable();
    const reader = new ContributionReader({ symbols, compat: this.#compat });
    const isLeft = new Set(left);
    for (const [file, path] of files.entries()) {
      if (isLeft.has(file)) continue;
      table.begin();
      reader.read(readFileSync(path), path, table);
      if (table.problems.length > 0) t.fail(`${this.#labels[file]} was taken in spite of a problem`);
      table.commit(file);
    }
    const general = { columns: table.columns(), names: symbols.packed() };
    const [views = [], expected = []] = [part, general].map((one) =>
      viewOf(contributionSet(mergeColumns([one]), files.length)),
    );
    for (const [file, view] of views.entries())
      if (!isDeepStrictEqual(view, expected[file])) t.deepEqual(view, expected[file], this.#labels[file]);
    return { taken: this.#labels.filter((_, file) => !isLeft.has(file)), views };
  }
}

test('the quick reader gives what the general one gives, or leaves the file to it', (t) => {
  for (const compat of [false, true]) {
    const comparison = new ReaderComparison(compat);
    for (const [name, options] of Object.entries(images)) comparison.add(moduleImage(options), name);
    const { taken } = comparison.compare(t);
    // If it left everything to the other, the comparison would say nothing.
    for (const name of ['rich', 'absolute CRCs', 'no CRCs', 'flags in place of tables', 'no modinfo'])
      t.true(taken.includes(name), name);
    for (const name of ['32 bits', 'big-endian', 'extended versions', 'sparc'])
      t.false(taken.includes(name), name);
  }
});

test('the quick reader gives nothing else for damaged files', (t) => {
  const random = pseudoRandom(7);
  for (const compat of [false, true]) {
    const comparison = new ReaderComparison(compat);
    for (const options of [rich, images['no CRCs'] ?? {}, images['absolute CRCs'] ?? {}]) {
      const sound = moduleImage(options);
      const table = Number(sound.readBigUInt64LE(40));
      for (let round = 0; round < 1500; round++) {
        const bytes = Buffer.from(sound);
        // The headers decide most; a bit anywhere changes names and numbers.
        const start = [0, table, random(bytes.length)][round % 3] ?? 0;
        const place = Math.min(start + random(round % 3 === 1 ? bytes.length - table : 64), bytes.length - 1);
        bytes[place] = round % 2 === 0 ? random(256) : (bytes[place] ?? 0) ^ (1 << random(8));
        const image = round % 10 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
        comparison.add(image, `byte ${place} in round ${round}`);
      }
    }
    const { taken } = comparison.compare(t);
    t.true(taken.length > 1000 && taken.length < 3500, `${taken.length} taken`);
  }
});

test('a whole tree: both readers, one thread and several', async (t) => {
  t.timeout(120_000);
  const { directory } = await referenceTree('6.1');
  const files = moduleFiles(directory);
  t.true(files.length > 3000);
  const alone = scanModules(files, { helpers: 0 });
  t.deepEqual([alone.failures, alone.problems, alone.readCount], [[], [], files.length]);
  const views = viewOf(alone);
  t.true(isDeepStrictEqual(viewOf(scanModules(files, { helpers: 3 })), views));
  const comparison = new ReaderComparison(false);
  for (const file of files) comparison.addFile(file);
  const compared = comparison.compare(t);
  t.is(compared.taken.length, files.length);
  t.true(isDeepStrictEqual(compared.views, views));
  t.true(views.reduce((sum, view) => sum + (view?.exports.length ?? 0), 0) > 10_000);
  t.true(views.reduce((sum, view) => sum + (view?.needs.length ?? 0), 0) > 100_000);
});

test('compressed files are read by the addon, too, and give the same', async (t) => {
  t.timeout(120_000);
  const { directory } = await referenceTree('6.12');
  const files = readdirSync(join(directory, 'kernel/fs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ko.xz'))
    .map((name) => join(directory, 'kernel/fs', name));
  t.true(files.length > 50);
  const order = Uint32Array.from(files.keys());
  const { part, left } = scanInParallel({ files, order, compat: false, helpers: 1 });
  t.deepEqual([...left], []);
  const scanner = new ModuleScanner(false);
  for (const [index, path] of files.entries()) t.deepEqual(scanner.scan(path, index), []);
  const [found, expected] = [part, scanner.result()].map((one) =>
    viewOf(contributionSet(mergeColumns(one === undefined ? [] : [one]), files.length)),
  );
  t.true(isDeepStrictEqual(found, expected));
});

test('a file that cannot be read is told of with its place, by whichever thread it was met', (t) => {
  const files = Array.from({ length: 600 }, (_, index) => {
    const path = join(folder, `m${index}.ko`);
    const text = index % 100 === 50 ? 'no module' : moduleImage({ ...rich, modinfo: [`alias=m${index}`] });
    writeFileSync(path, text);
    return path;
  });
  files[123] = join(folder, 'missing.ko');
  files[321] = join(folder, 'folder.ko');
  mkdirSync(files[321]);
  writeFileSync(files[400] ?? '', moduleImage({ symbols: false, modinfo: ['alias=kept'] }));
  for (const helpers of [0, 2]) {
    const result = scanModules(files, { helpers });
    t.deepEqual(
      result.failures.map(({ index }) => index),
      [50, 123, 150, 250, 321, 350, 450, 550],
    );
    for (const { error } of result.failures) t.true(error instanceof KmodError);
    const [damaged, missing] = result.failures;
    t.like(damaged?.error, { code: 'ERR_KMOD_MODULE_CORRUPT', path: files[50] });
    t.like(missing?.error, { code: 'ERR_KMOD_MODULE_FILE', path: files[123] });
    t.regex(missing?.error.message ?? '', /missing\.ko .*No such file or directory/);
    t.deepEqual(
      result.problems.map(({ index, part }) => [index, part]),
      [[400, 'needs']],
    );
    t.deepEqual(result.modules[400]?.aliases, ['kept']);
    t.is(result.modules[50], undefined);
    t.deepEqual(result.modules[599]?.aliases, ['m599']);
  }
});

test('nothing to read, and files that come and go', (t) => {
  const { symbols, modules, failures: none, problems, readCount } = scanModules([]);
  t.deepEqual([symbols, modules, none, problems, readCount], [[], [], [], [], 0]);
  const names = ['', 'relative', `${folder}/a\0b`, '/dev/null', '/dev/zero', folder];
  const { failures } = scanModules(names);
  t.deepEqual(
    failures.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5],
  );
});

test('how far a scan has come is told', (t) => {
  const path = join(folder, 'single.ko');
  writeFileSync(path, moduleImage(rich));
  const told: (readonly [number, number])[] = [];
  scanModules([path, path], { onProgress: (done, total) => told.push([done, total]) });
  t.deepEqual(told.at(-1), [2, 2]);
});

test('a compressed file is known by its content, not by its name', (t) => {
  const plain = join(folder, 'plain.ko.xz');
  writeFileSync(plain, moduleImage(rich));
  const result = scanModules([plain]);
  t.deepEqual(result.failures, []);
  t.deepEqual(result.modules[0]?.softDependencies, ['pre: a']);
});

test('a file without permission is a failure', (t) => {
  if (process.getuid?.() === 0) {
    t.pass('root may read everything');
    return;
  }
  const path = join(folder, 'secret.ko');
  writeFileSync(path, moduleImage(rich));
  chmodSync(path, 0);
  t.like(scanModules([path]).failures[0]?.error, { code: 'ERR_KMOD_MODULE_FILE' });
});

function moduleFiles(directory: string): readonly string[] {
  return readdirSync(join(directory, 'kernel'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ko'))
    .map((name) => join(directory, 'kernel', name));
}
