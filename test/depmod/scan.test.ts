import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import { contributionSet, mergeColumns } from '../../src/depmod/contribution-set.ts';
import { ContributionTable } from '../../src/depmod/contribution-table.ts';
import { QuickReader } from '../../src/depmod/quick-reader.ts';
import { ModuleScan, scanModules } from '../../src/depmod/scan.ts';
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

/**
 * Reads images with both readers, and compares where the quick one does not leave the file to the other. The tables are
 * kept: they are large, and the readers are made for many files.
 */
class ReaderComparison {
  readonly #quickNames = new SymbolNames();
  readonly #quickTable = new ContributionTable();
  readonly #quick: QuickReader;
  readonly #names = new SymbolNames();
  readonly #table = new ContributionTable();
  readonly #general: ContributionReader;
  readonly labels: string[] = [];

  constructor(compat: boolean) {
    this.#quick = new QuickReader(this.#quickTable, this.#quickNames, compat);
    this.#general = new ContributionReader({ symbols: this.#names, compat });
  }

  /** False where the quick reader does not take the file, or both refuse it. */
  read(image: Uint8Array, label: string): boolean {
    this.#quickTable.begin();
    if (!this.#quick.readImage(image)) return false;
    this.#table.begin();
    this.#general.read(image, label, this.#table);
    if (this.#table.problems.length > 0) throw new Error(`${label}: taken in spite of a problem`);
    const file = this.labels.push(label) - 1;
    this.#quickTable.commit(file);
    this.#table.commit(file);
    return true;
  }

  compare(t: ExecutionContext): readonly (ContributionView | undefined)[] {
    const count = this.labels.length;
    const quick = { columns: this.#quickTable.columns(), names: this.#quickNames.packed() };
    const general = { columns: this.#table.columns(), names: this.#names.packed() };
    const expected = viewOf(contributionSet(mergeColumns([general]), count));
    for (const [place, found] of viewOf(contributionSet(mergeColumns([quick]), count)).entries())
      if (!isDeepStrictEqual(found, expected[place])) t.deepEqual(found, expected[place], this.labels[place]);
    return expected;
  }
}

test('the quick reader gives what the general one gives, or leaves the file to it', (t) => {
  for (const compat of [false, true]) {
    const comparison = new ReaderComparison(compat);
    for (const [name, options] of Object.entries(images)) comparison.read(moduleImage(options), name);
    comparison.compare(t);
    // If it left everything to the other, the comparison would say nothing.
    for (const name of ['rich', 'absolute CRCs', 'no CRCs', 'flags in place of tables', 'no modinfo'])
      t.true(comparison.labels.includes(name), name);
    for (const name of ['32 bits', 'big-endian', 'extended versions', 'sparc'])
      t.false(comparison.labels.includes(name), name);
  }
});

test('the quick reader gives nothing else for damaged files', (t) => {
  const random = pseudoRandom(7);
  const comparison = new ReaderComparison(false);
  let left = 0;
  for (const options of [rich, images['no CRCs'] ?? {}, images['absolute CRCs'] ?? {}]) {
    const sound = moduleImage(options);
    const table = Number(sound.readBigUInt64LE(40));
    for (let round = 0; round < 6000; round++) {
      const bytes = Buffer.from(sound);
      // The headers decide most; a bit anywhere changes names and numbers.
      const start = [0, table, random(bytes.length)][round % 3] ?? 0;
      const place = Math.min(start + random(round % 3 === 1 ? bytes.length - table : 64), bytes.length - 1);
      bytes[place] = round % 2 === 0 ? random(256) : (bytes[place] ?? 0) ^ (1 << random(8));
      const image = round % 10 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      if (!comparison.read(image, `byte ${place} in round ${round}`)) left++;
    }
  }
  comparison.compare(t);
  t.true(comparison.labels.length > 1000 && left > 1000, `${comparison.labels.length} taken, ${left} left`);
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
  let count = 0;
  for (const file of files) if (comparison.read(readFileSync(file), file)) count++;
  t.is(count, files.length);
  t.true(isDeepStrictEqual(comparison.compare(t), views));
  t.true(views.reduce((sum, view) => sum + (view?.exports.length ?? 0), 0) > 10_000);
  t.true(views.reduce((sum, view) => sum + (view?.needs.length ?? 0), 0) > 100_000);
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

test('threads that were started for nothing end', async (t) => {
  const scan = new ModuleScan({ helpers: 2 });
  scan.close();
  scan.close();
  t.pass();
  // A second scan is not disturbed by them.
  const path = join(folder, 'single.ko');
  writeFileSync(path, moduleImage(rich));
  t.deepEqual(scanModules([path]).failures, []);
  t.deepEqual(scanModules([]), { symbols: [], modules: [], failures: [], problems: [], readCount: 0 });
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
