import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { assertLikeKmod, RELEASE, SmallTree, TREE, type TreeFiles } from './depmod-comparison.ts';
import { provider, user } from './small-modules.ts';

const kmod = await referenceKmod('34.2');
const compat = { compat: true };
const base = ['-C', '/dev/null', '-b', 'BASE'];
const all = [...base, RELEASE];

const many = (folders: readonly string[]): TreeFiles =>
  Object.fromEntries(folders.map((folder) => [`${folder}/dup.ko`, provider(folder.replaceAll('/', '_'))]));

const ties = {
  'in folders of no rank': many(['kernel/c', 'kernel/a', 'kernel/b', 'x/y', 'a']),
  'in one folder of search': many(['updates/c', 'updates/a', 'updates/b', 'updates']),
  'in both': many(['updates/c', 'kernel/a', 'updates/a', 'kernel/b', 'updates/b']),
  'of different compression names': {
    'kernel/a/dup.ko': provider('plain'),
    'kernel/b/dup.ko.xz': provider('misnamed'),
    'kernel/d-d.ko': provider('dash'),
    'kernel/d_d.ko': provider('underscore'),
  },
};
for (const [name, files] of Object.entries(ties))
  test(`with --compat=kmod like kmod: duplicates ${name}`, async (t) => {
    const needs = {
      'kernel/user.ko': user(
        ...Object.keys(files).map((path) => path.replace(/\/dup.*/, '').replaceAll('/', '_')),
      ),
    };
    await assertLikeKmod(t, kmod, { ...files, ...needs }, all, compat);
  });

test('duplicates of the same rank: the first path in byte order is taken', async (t) => {
  const tree = new SmallTree({ ...ties['in folders of no rank'], ...many(['a-b', 'a/b']) });
  t.teardown(() => tree.remove());
  const { files } = await tree.run(all);
  t.is(files[`${TREE}/modules.dep`], 'a-b/dup.ko:\n');
  const inUpdates = new SmallTree(ties['in both']);
  t.teardown(() => inUpdates.remove());
  t.is((await inUpdates.run(all)).files[`${TREE}/modules.dep`], 'updates/a/dup.ko:\n');
});

const linked: TreeFiles = {
  'kernel/a.ko': provider('a'),
  'kernel/real/b.ko': user('a', 'c'),
  '/elsewhere/c.ko': provider('c'),
  '/elsewhere/more/d.ko': user('c'),
  extra: { link: 'BASE/elsewhere' },
  'kernel/e.ko': { link: '../../../../elsewhere/c.ko' },
  build: { link: 'BASE/elsewhere' },
  source: { link: 'BASE/elsewhere' },
  'kernel/build/lost.ko': provider('lost'),
};
test('like kmod: links', async (t) => {
  await assertLikeKmod(t, kmod, linked, all);
  await assertLikeKmod(t, kmod, linked, all, compat);
});

const damaged: TreeFiles = {
  'kernel/a.ko': provider('a'),
  'kernel/b.ko': user('a', 'empty'),
  'kernel/empty.ko': '',
  'kernel/short.ko': '\x7fELF\x02\x01',
  'kernel/text.ko': 'this is no module at all, but it is long enough to be one, or is it? '.repeat(4),
  'kernel/header.ko': Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(200)]),
  'kernel/no-symbols.ko': { module: { modinfo: ['alias=still:here'], symbols: false } },
  'kernel/nothing.ko': { module: {} },
};
test('like kmod: damaged modules', async (t) => {
  await assertLikeKmod(t, kmod, damaged, all);
  await assertLikeKmod(t, kmod, damaged, all, compat);
});

test('with --compat=kmod like kmod: what is no file', async (t) => {
  const files: TreeFiles = { 'kernel/a.ko': provider('a'), 'kernel/deep/dangling.ko': { link: 'nowhere' } };
  await assertLikeKmod(t, kmod, files, all, compat);
});

test('what is no file: the message names it', async (t) => {
  const tree = new SmallTree({
    'kernel/a.ko': provider('a'),
    'kernel/deep/dangling.ko': { link: 'nowhere' },
  });
  t.teardown(() => tree.remove());
  const { exitCode, stderr } = await tree.run(all);
  t.is(exitCode, 0);
  t.true(
    stderr.includes(
      `depmod: ERROR: could not follow ${tree.base}/${TREE}/kernel/deep/dangling.ko: No such file or directory\n`,
    ),
  );
});

test('links in a circle end', async (t) => {
  const tree = new SmallTree({
    'kernel/a.ko': provider('a'),
    'kernel/self': { link: '.' },
    'kernel/up': { link: '..' },
    'one/two': { link: '../two' },
    'two/one': { link: '../one' },
    'two/b.ko': user('a'),
  });
  t.teardown(() => tree.remove());
  const { exitCode, files } = await tree.run(all);
  t.is(exitCode, 0);
  t.is(files[`${TREE}/modules.dep`], 'one/two/b.ko: kernel/a.ko\nkernel/a.ko:\n');
});

const withoutVersions: TreeFiles = {
  'kernel/a.ko': {
    module: {
      exports: [
        { name: 'e1', namespace: 'MYNS' },
        { name: 'e2', gplOnly: true },
      ],
    },
  },
  'kernel/b.ko': { module: { needs: [{ name: 'e1' }, { name: 'MYNS' }] } },
};
test('like kmod: namespaces count as symbols where there are no versions', async (t) => {
  await assertLikeKmod(t, kmod, withoutVersions, all);
  await assertLikeKmod(t, kmod, withoutVersions, all, compat);
});

test('like kmod but for the encoding of the message: bytes that are not ASCII', async (t) => {
  const alias: TreeFiles = {
    'kernel/a.ko': { module: { modinfo: ['alias=ok', 'alias=caf\u00e9', 'softdep=pre: \u00e9'] } },
  };
  const symbol: TreeFiles = { 'kernel/a.ko': { module: { exports: [{ name: 's\u00e9', crc: 1 }] } } };
  for (const files of [alias, symbol]) {
    await assertLikeKmod(t, kmod, files, [...base, '-n', RELEASE]);
    const tree = new SmallTree(files);
    t.teardown(() => tree.remove());
    const theirs = tree.runReference(kmod, all);
    const ours = await tree.run(all);
    t.is(ours.exitCode, 1);
    t.is(
      ours.stderr,
      Buffer.from(theirs.stderr, 'latin1').toString('latin1').replaceAll('\u00e9', '\u00c3\u00a9'),
    );
    // kmod has published some of the files by then, and leaves one half written under another name.
    t.deepEqual(ours.files, {});
  }
});
