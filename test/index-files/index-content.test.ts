import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { IndexContent } from '../../src/index-files/index-content.ts';
import { IndexFile } from '../../src/index-files/index-file.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { referenceTree } from '../reference/reference-tree.ts';

test('an index read in pieces answers as one that is read whole', async (t) => {
  const { directory } = await referenceTree('6.12');
  const whole = new ModuleTree({ moduleDirectory: directory });
  const names = [...(whole.index('modules.dep.bin')?.entries() ?? [])].map(({ key }) => key);
  const aliases = [...(whole.index('modules.alias.bin')?.entries() ?? [])].map(({ key }) =>
    key.replaceAll('*', '0').replace(/\[([^\]])[^\]]*\]/g, '$1'),
  );
  const random = pseudoRandom(7);
  const some = (list: readonly string[]): string => list[random(list.length)] ?? '';
  for (let round = 0; round < 40; round++) {
    const pieces = new ModuleTree({ moduleDirectory: directory, inPieces: true });
    for (let time = 0; time < 5; time++) {
      const [name, alias] = [some(names), some(aliases)];
      t.deepEqual(pieces.dependencyLine(name), whole.dependencyLine(name), name);
      t.deepEqual(pieces.modulesOfAlias(alias), whole.modulesOfAlias(alias), alias);
      t.is(pieces.isBuiltin(name), whole.isBuiltin(name));
    }
    t.is(pieces.dependencyLine('no_such'), undefined);
    pieces.close();
  }
});

test('all of an index that is read in pieces can be had', async (t) => {
  const { directory } = await referenceTree('6.12');
  const path = join(directory, 'modules.dep.bin');
  const content = IndexContent.open(path);
  const pieces = content && new IndexFile(content, path);
  t.is(pieces?.search('btrfs'), IndexFile.open(path)?.search('btrfs'));
  t.deepEqual([...(pieces?.entries() ?? [])], [...(IndexFile.open(path)?.entries() ?? [])]);
  t.true(content?.isWhole);
});

test('what is not there when the file is closed or cut short is no answer', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const path = root.write('modules.bin', Buffer.alloc(100_000, 1));
  const closed = IndexContent.open(path);
  closed?.load(0, 10);
  closed?.close();
  t.notThrows(() => closed?.load(0, 10));
  t.throws(() => closed?.load(50_000, 50_001), {
    code: 'ERR_KMOD_INDEX_UNREADABLE',
    message: /modules\.bin cannot be read: it has been closed/,
  });
  const cut = IndexContent.open(path);
  const descriptor = openSync(path, 'r+');
  ftruncateSync(descriptor, 20_000);
  closeSync(descriptor);
  t.throws(() => cut?.load(50_000, 50_001), { message: /cannot be read: it has become shorter/ });
  t.is(cut?.loadText(10_000_000), 100_000);
  cut?.close();
});

test('a text is read up to its end, in whatever piece that is', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const bytes = Buffer.alloc(30_000, 1);
  bytes[20_000] = 0;
  const content = IndexContent.open(root.write('modules.bin', bytes));
  t.is(content?.loadText(100), 20_000);
  t.is(content?.bytes.compare(bytes, 100, 20_001, 100, 20_001), 0);
  t.is(content?.loadText(20_001), 30_000);
  content?.close();
});
