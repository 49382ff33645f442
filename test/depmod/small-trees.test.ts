import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { assertLikeKmod, RELEASE, type TreeFiles } from './depmod-comparison.ts';
import { provider, user } from './small-modules.ts';

const kmod = await referenceKmod('34.2');

const plain: TreeFiles = {
  'kernel/a.ko': provider('a'),
  'kernel/b/b-b.ko': user('a', 'c'),
  'kernel/c.ko': provider('c'),
  'kernel/d.ko': user(),
  'kernel/e.ko': {
    module: {
      modinfo: [
        'alias=pci:v00008086d*sv*[a-f]-x',
        'alias=pci:v00008086d*sv*[a-f]-x',
        'alias=bad[bracket',
        'alias=worse]',
        'alias=with space',
        'softdep=pre: a post: b-b',
        'softdep=post: x',
        'weakdep=a c',
        'alias=char-major-10-229',
        'alias=devname:fuse/x',
        'alias=devname:later',
      ],
      needs: [{ name: 'printk' }, { name: 'sym_c' }, { name: 'weak_one', weak: true }],
    },
  },
  'kernel/f.ko': { module: { modinfo: ['alias=devname:lost', 'alias=char-major-10-*'] } },
  'kernel/g.ko': {
    module: { modinfo: ['alias=block-major-8-+16x', 'alias=char-major-1- 2', 'alias=devname:g'] },
  },
  'modules.order': 'kernel/c.ko\nkernel/none.ko\nkernel/a.ko\nkernel/c.ko\n',
  'modules.builtin': 'kernel/x-y.ko\nkernel/z.ko\n',
  'modules.builtin.modinfo':
    'x_y.alias=b:q-r\0x_y.license=GPL\0z.alias=b:q-r\0z.alias=oops[\0x_y.alias=late\0',
};
const noConfig = ['-C', '/dev/null', '-b', 'BASE'];

const cases: Readonly<Record<string, readonly [TreeFiles, readonly string[]]>> = {
  'all kinds of content': [plain, [...noConfig, RELEASE]],
  'text on stdout': [plain, [...noConfig, '-n', RELEASE]],
  'warnings of duplicates': [plain, [...noConfig, '-w', RELEASE]],
  'warnings with text on stdout': [plain, [...noConfig, '-w', '-n', RELEASE]],
  verbose: [plain, [...noConfig, '-v', RELEASE]],
  'relative base': [plain, ['-C', '/dev/null', '-b', './', RELEASE]],
  'no inputs of the kernel': [
    { 'kernel/a.ko': provider('a'), 'kernel/b.ko': user('a') },
    [...noConfig, RELEASE],
  ],
  'no modules': [{ 'modules.order': '' }, [...noConfig, RELEASE]],
  'order with a broken end': [
    { ...plain, 'modules.order': 'kernel/c.ko\nkernel/a.ko' },
    [...noConfig, RELEASE],
  ],
  'order with a long line': [
    { ...plain, 'modules.order': `kernel/c.ko\n${'x'.repeat(5000)}\nkernel/a.ko\n` },
    [...noConfig, RELEASE],
  ],
  'order with a NUL': [{ ...plain, 'modules.order': 'kernel/c.ko\nker\0nel/a.ko\n' }, [...noConfig, RELEASE]],
  'order with a line of a NUL': [
    { ...plain, 'modules.order': 'kernel/c.ko\n\0\nkernel/a.ko\n' },
    [...noConfig, RELEASE],
  ],
  'order with blank lines': [
    { ...plain, 'modules.order': '\n\nkernel/c.ko\n\nkernel/a.ko\n' },
    [...noConfig, RELEASE],
  ],
};

for (const [name, [files, args]] of Object.entries(cases))
  test(`like kmod: ${name}`, async (t) => {
    await assertLikeKmod(t, kmod, files, args);
  });

/** The same module in several places; those that need `sym_PLACE` depend on the file of that place. */
function copies(...folders: readonly string[]): TreeFiles {
  return Object.fromEntries(
    folders.map((folder) => [`${folder}/dup.ko`, provider(folder.replace(/^.*\//, ''))]),
  );
}

const config = (text: string): TreeFiles => ({ '/depmod.d/test.conf': text });
const configured = ['-C', 'BASE/depmod.d', '-b', 'BASE', RELEASE];

const choices: Readonly<Record<string, readonly [folders: readonly string[], text: string]>> = {
  'updates first': [['kernel', 'updates'], 'search updates built-in\n'],
  'updates last': [['kernel', 'updates'], 'search built-in updates\n'],
  'no search line': [['kernel', 'updates'], '\n'],
  'search without built-in': [['kernel', 'extra'], 'search extra\n'],
  'search in two lines': [['updates', 'extra'], 'search extra\nsearch updates built-in\n'],
  'a prefix of a name': [['foo', 'foobar'], 'search foobar foo built-in\n'],
  'a folder in a folder': [['updates', 'updates/x'], 'search updates/x updates\n'],
  'a folder with a slash at its end': [['kernel', 'updates'], 'search updates/ built-in\n'],
  override: [['kernel', 'updates', 'over'], 'search updates built-in\noverride dup * over\n'],
  'override of another kernel': [['kernel', 'over'], 'override dup 5.* over\nsearch kernel over\n'],
  'override by expression': [['kernel', 'over'], 'override dup ^6.99 over\n'],
  'override of another module': [['kernel', 'updates'], 'override other * kernel\n'],
  'two overrides': [['kernel', 'one', 'two'], 'override dup * one\noverride dup * two\n'],
  'override to nothing': [['kernel', 'updates'], 'override dup * none\n'],
  exclude: [['kernel', 'updates'], 'exclude updates\n'],
  'exclude a file': [['kernel', 'updates'], 'exclude dup.ko\n'],
};
for (const [name, [folders, text]] of Object.entries(choices))
  test(`like kmod: ${name}`, async (t) => {
    await assertLikeKmod(t, kmod, { ...copies(...folders), ...config(text) }, configured);
  });

const externals: Readonly<Record<string, string>> = {
  'external first': 'search external built-in\nexternal * BASE/ext\n',
  'external last': 'search built-in external\nexternal * BASE/ext\n',
  'external not in search': 'search built-in\nexternal * BASE/ext\n',
  'external of another kernel': 'search external built-in\nexternal 5 BASE/ext\n',
  'two externals': 'search external built-in\nexternal * BASE/ext\nexternal * BASE/other\n',
  'two externals, the other way round':
    'search updates external built-in\nexternal * BASE/other\nexternal * BASE/ext\n',
  'external that is missing': 'search external built-in\nexternal * BASE/none\nexternal * BASE/ext\n',
  'external in the tree': `search external built-in\nexternal * BASE/lib/modules/${RELEASE}/updates\n`,
};
for (const [name, text] of Object.entries(externals))
  test(`like kmod: ${name}`, async (t) => {
    const files: TreeFiles = {
      ...copies('kernel', 'updates', '/ext', '/other'),
      '/ext/more/only.ko': user('kernel', 'ext', 'other', 'updates'),
    };
    await assertLikeKmod(t, kmod, { ...files, ...config(text) }, configured);
  });
