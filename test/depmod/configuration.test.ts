import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { assertLikeKmod, RELEASE, SmallTree, TREE, type TreeFiles } from './depmod-comparison.ts';
import { provider } from './small-modules.ts';

const kmod = await referenceKmod('34.2');

const modules: TreeFiles = {
  'kernel/a.ko': provider('a'),
  'updates/a.ko': provider('u'),
  'extra/a.ko': provider('x'),
  'weird#/a.ko': provider('w'),
};

const files: TreeFiles = {
  ...modules,
  '/one/a.conf': 'search updates built-in\n',
  '/one/b.conf': '',
  '/one/readme': 'bogus\n',
  '/one/.hidden.conf': 'bogus\n',
  '/one/.conf': 'bogus\n',
  '/one/folder.conf/x': '',
  '/one/zero.conf': { link: '/dev/null' },
  '/one/z.conf': { link: 'BASE/two/linked' },
  '/two/a.conf': 'search extra\n',
  '/two/b.conf': 'bogus in two\n',
  '/two/c.conf': 'search extra\n',
  '/two/linked': 'override a * kernel\n',
  '/two/zero.conf': 'bogus\n',
  '/file': 'search extra\n',
  '/texts/all.conf': [
    '# comment',
    '# comment that goes on \\',
    'bogus, but part of it',
    '',
    ' \t ',
    '  # no comment',
    'search',
    'exclude',
    'override',
    'override a',
    'override a *',
    'override a 5\\\\.4 kernel',
    'override a [[:digit:]+ kernel',
    'external 5',
    'external',
    'external 7 /nowhere',
    'include other',
    'make_map_files no',
    'ov\\erride a ^6\\\\.99 k\\',
    'ernel more words',
    'unknown \\',
    'line',
    'Search updates',
    'search updates\r',
    'last',
  ].join('\n'),
  '/texts/b.conf': 'search extra \\',
  '/texts/c.conf': 'include x\0y\n',
};

const searches: readonly (readonly string[])[] = [
  ['one', 'two'],
  ['two', 'one'],
  ['BASE/one/', './file'],
  ['./file', 'two'],
  ['BASE/file', 'missing', 'one'],
  ['two/a.conf', 'one'],
  ['texts'],
  ['texts/all.conf', 'texts/b.conf'],
];
for (const paths of searches)
  test(`like kmod: configuration of ${paths.join(' and ')}`, async (t) => {
    const args = [...paths.flatMap((path) => ['-C', path]), '-b', 'BASE', '-vv', RELEASE];
    await assertLikeKmod(t, kmod, files, args, { normalize: withoutAddresses });
  });

/** Leaves out the messages of kmod that show addresses of its memory. */
function withoutAddresses(stderr: string): string {
  return stderr.replaceAll(/^depmod: INFO: (?:custom logging function|context) 0x.*\n/gm, '');
}

test('like kmod but for the slash: a link to nothing among configuration', async (t) => {
  const dangling: TreeFiles = { ...modules, '/conf/gone.conf': { link: 'nowhere' } };
  await assertLikeKmod(t, kmod, dangling, ['-C', 'conf', '-b', 'BASE', RELEASE], {
    normalize: (stderr) => stderr.replace('entry: confgone.conf', 'entry: conf/gone.conf'),
  });
});

test('a file in the working folder can be named without a slash, which makes kmod crash', async (t) => {
  const tree = new SmallTree(files);
  t.teardown(() => tree.remove());
  const { exitCode, files: written } = await tree.run(['-C', 'file', '-b', '.', RELEASE]);
  t.is(exitCode, 0);
  t.is(written[`${TREE}/modules.dep`], 'extra/a.ko:\n');
});
