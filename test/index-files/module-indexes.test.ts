import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import test from 'ava';

import { parseAliases } from '../../src/index-files/alias-file.ts';
import { parseDependencies } from '../../src/index-files/dependency-file.ts';
import { writeIndex } from '../../src/index-files/index-writer.ts';
import { openIndexes } from '../../src/index-files/module-indexes.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { COMMIT_FOLDER } from '../../src/index-files/published-files.ts';
import type { MalformedLine } from '../../src/index-files/text-lines.ts';
import { publishedFiles } from '../fixtures/published-set.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

test('the indexes of a release as one object', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const directory = root.writeTree({
    modules: {
      top_most: { path: 'kernel/top-most.ko', needs: ['middle', 'bottom'] },
      middle: { path: 'kernel/middle.ko.xz', needs: ['bottom'] },
      bottom: { path: '/opt/elsewhere/bottom.ko' },
    },
    builtin: ['unix', 'a_b'],
    aliases: [
      ['net_pf_[0-9]', 'middle'],
      ['net_pf_*', 'top_most'],
    ],
    symbols: [['do_it', 'bottom']],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  const write = (name: string, text: string): string => root.write(`lib/modules/${RELEASE}/${name}`, text);
  const softFile = write('modules.softdep', '# comment\nsoftdep top-most pre: middle\nsoftdep bad[ pre: x\n');
  const weakFile = write('modules.weakdep', 'weakdep top-most bottom middle\nweakdep alone\n');
  const nameFile = write(
    'modules.devname',
    '# Device nodes\nfuse fuse c10:229\nmiddle mapper/control b10:236\nx y c1\n',
  );
  const orderFile = write('modules.order', 'kernel/middle.ko\nkernel/top-most.ko\n\ntwo words\n');

  const malformed: MalformedLine[] = [];
  const options = { root: root.path, release: RELEASE };
  const indexes = openIndexes({ ...options, onMalformed: (line) => malformed.push(line) });
  t.is(indexes.directory, directory);
  t.is(indexes.release, RELEASE);
  t.deepEqual(indexes.moduleNames(), ['bottom', 'middle', 'top_most']);
  t.deepEqual(indexes.dependenciesOf('top-most'), {
    path: `${directory}/kernel/top-most.ko`,
    dependencies: ['/opt/elsewhere/bottom.ko', `${directory}/kernel/middle.ko.xz`],
  });
  t.is(indexes.dependenciesOf('none'), undefined);
  t.deepEqual(indexes.modulesOfAlias('net-pf-1').toSorted(), ['middle', 'top_most']);
  t.deepEqual(indexes.modulesOfAlias('net-pf-x'), ['top_most']);
  t.deepEqual(indexes.modulesOfAlias('net]'), []);
  t.deepEqual(indexes.builtinsOfAlias('net-pf-1'), ['unix']);
  t.deepEqual(indexes.builtinsOfAlias('['), []);
  t.deepEqual(indexes.modulesOfSymbol('do_it'), ['bottom']);
  t.deepEqual(
    [...indexes.aliases()].map(({ alias, module }) => `${alias} ${module}`),
    ['net_pf_* top_most', 'net_pf_[0-9] middle'],
  );
  t.true(indexes.isBuiltin('a-b'));
  t.false(indexes.isBuiltin('middle'));
  t.deepEqual(indexes.builtinNames(), ['a_b', 'unix']);
  t.deepEqual(malformed, []);

  t.deepEqual(indexes.softDependencies(), [
    { module: 'top_most', pre: ['middle'], post: [], origin: { file: softFile, line: 2 } },
  ]);
  t.deepEqual(indexes.weakDependencies(), [
    { module: 'top_most', dependencies: ['bottom', 'middle'], origin: { file: weakFile, line: 1 } },
  ]);
  t.deepEqual(indexes.deviceNames(), [
    {
      module: 'fuse',
      node: 'fuse',
      type: 'character',
      major: 10,
      minor: 229,
      origin: { file: nameFile, line: 2 },
    },
    {
      module: 'middle',
      node: 'mapper/control',
      type: 'block',
      major: 10,
      minor: 236,
      origin: { file: nameFile, line: 3 },
    },
  ]);
  t.deepEqual(indexes.order(), [
    { path: 'kernel/middle.ko', origin: { file: orderFile, line: 1 } },
    { path: 'kernel/top-most.ko', origin: { file: orderFile, line: 2 } },
  ]);
  t.deepEqual(malformed, [
    { text: 'softdep bad[ pre: x', origin: { file: softFile, line: 3 } },
    { text: 'weakdep alone', origin: { file: weakFile, line: 2 } },
    { text: 'x y c1', origin: { file: nameFile, line: 4 } },
    { text: 'two words', origin: { file: orderFile, line: 4 } },
  ]);

  // All but the order is in memory.
  rmSync(directory, { recursive: true });
  t.is(indexes.weakDependencies().length, 1);
  t.deepEqual(indexes.modulesOfSymbol('do_it'), ['bottom']);
  t.deepEqual(indexes.order(), []);
  t.throws(() => openIndexes(options), { code: 'ERR_KMOD_INDEX_MISSING' });
  t.throws(() => openIndexes({ ...options, relase: 'x' } as never), { message: /did you mean "release"/ });
});

test('the text files beside the indexes', (t) => {
  const malformed: string[] = [];
  const tell = ({ text, origin }: MalformedLine): unknown =>
    malformed.push(`${origin.file}:${origin.line}: ${text}`);
  t.deepEqual(parseDependencies('kernel/a.ko: kernel/b.ko /c.ko\nkernel/b.ko:\n:x\nbad\n', 'dep', tell), [
    { path: 'kernel/a.ko', dependencies: ['kernel/b.ko', '/c.ko'], origin: { file: 'dep', line: 1 } },
    { path: 'kernel/b.ko', dependencies: [], origin: { file: 'dep', line: 2 } },
  ]);
  t.deepEqual(parseAliases('# x\nalias a-[0-9]* b\nalias symbol:c d\nalias e\nalias f g h', 'alias', tell), [
    { alias: 'a-[0-9]*', module: 'b', origin: { file: 'alias', line: 2 } },
    { alias: 'symbol:c', module: 'd', origin: { file: 'alias', line: 3 } },
  ]);
  t.deepEqual(malformed, ['dep:3: :x', 'dep:4: bad', 'alias:4: alias e', 'alias:5: alias f g h']);
});

test('a set is read as a whole at every step of its publication', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'kmodctl-published-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  writeSet(directory, 1);
  t.is(answers(new ModuleTree({ moduleDirectory: directory })), '1 1 1 1 1 1 1');
  let started = new ModuleTree({ moduleDirectory: directory });
  t.is(started.dependencyLine('m')?.path, `${directory}/1.ko`);

  // Staged, but not committed.
  const staging = join(directory, '.depmod-x');
  mkdirSync(staging);
  writeSet(staging, 2);
  t.is(answers(new ModuleTree({ moduleDirectory: directory })), '1 1 1 1 1 1 1');
  t.deepEqual(started.modulesOfAlias('x'), ['1']);

  // Committed: what was begun goes over to the new set as a whole.
  const commit = join(directory, COMMIT_FOLDER);
  renameSync(staging, commit);
  t.is(answers(new ModuleTree({ moduleDirectory: directory })), '2 2 2 2 2 2 2');
  t.deepEqual(started.modulesOfSymbol('symbol:x'), ['2']);
  t.is(answers(started), '2 2 2 2 2 2 2');

  // Moved file by file: one that has been begun notices nothing.
  for (const [name] of publishedFiles(2)) {
    started = new ModuleTree({ moduleDirectory: directory });
    t.is(started.softDependencyLines()[0]?.module, '2');
    renameSync(join(commit, name), join(directory, name));
    t.is(answers(started), '2 2 2 2 2 2 2', name);
    t.is(answers(new ModuleTree({ moduleDirectory: directory })), '2 2 2 2 2 2 2', name);
  }
  rmdirSync(commit);
  t.is(answers(new ModuleTree({ moduleDirectory: directory })), '2 2 2 2 2 2 2');

  // A file of no bytes in the new set is not the old one's.
  mkdirSync(commit);
  writeSet(commit, 3);
  writeFileSync(join(commit, 'modules.builtin.bin'), '');
  t.is(answers(new ModuleTree({ moduleDirectory: directory })), '3 3 3 - 3 3 3');
});

test('readers beside a depmod that publishes all the time see one set each', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'kmodctl-published-'));
  const worker = new Worker(new URL('../fixtures/published-set.js', import.meta.url), {
    workerData: { directory },
  });
  t.teardown(async () => {
    await worker.terminate();
    rmSync(directory, { recursive: true, force: true });
  });
  while (!existsSync(join(directory, 'modules.dep.bin'))) await setTimeout(5);
  const seen = new Set<string>();
  const end = performance.now() + 90_000;
  let rounds = 0;
  while (performance.now() < end && (seen.size < 20 || rounds < 100)) {
    const tree = new ModuleTree({ moduleDirectory: directory });
    if (rounds++ % 2 === 0) {
      tree.readAll();
    } else {
      // Begun with one file, and gone on with after a while.
      tree.dependencyLine('m');
      if (existsSync(join(directory, COMMIT_FOLDER))) tree.isBuiltin('x');
      generationsOf(tree);
    }
    const generations = new Set(generationsOf(tree));
    if (generations.size !== 1) t.fail([...generations].join(' '));
    for (const generation of generations) seen.add(generation);
  }
  t.true(seen.size >= 20, `${seen.size} sets in ${rounds} rounds`);
});

const writeSet = (folder: string, generation: number): void => {
  for (const [name, content] of publishedFiles(generation)) writeFileSync(join(folder, name), content);
};

const answers = (tree: ModuleTree): string => generationsOf(tree).join(' ');

/** Of which set each file is, as far as the tree shows. */
function generationsOf(tree: ModuleTree): readonly string[] {
  return [
    /(\d+)\.ko$/.exec(tree.dependencyLine('m')?.path ?? '')?.[1],
    tree.modulesOfAlias('x')[0],
    tree.modulesOfSymbol('symbol:x')[0],
    tree.index('modules.builtin.bin')?.search('x'),
    tree.builtinsOfAlias('x')[0],
    tree.softDependencyLines()[0]?.module,
    tree.text('modules.weakdep').trim(),
  ].map((generation) => generation ?? '-');
}

test('an index that is damaged stays so', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const directory = root.writeTree({ modules: { a: { path: 'a.ko' } } });
  root.write(`lib/modules/${RELEASE}/modules.alias.bin`, 'nothing of the kind');
  const tree = new ModuleTree({ moduleDirectory: directory });
  for (let attempt = 0; attempt < 2; attempt++)
    t.throws(() => tree.modulesOfAlias('x'), { code: 'ERR_KMOD_INDEX_CORRUPT' });
  t.throws(() => openIndexes({ moduleDirectory: directory }), { code: 'ERR_KMOD_INDEX_CORRUPT' });
  root.write(`lib/modules/${RELEASE}/modules.alias.bin`, writeIndex([]));
  t.deepEqual(openIndexes({ moduleDirectory: directory }).modulesOfAlias('x'), []);
});
