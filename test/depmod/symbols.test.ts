import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { assertLikeKmod, RELEASE, type TreeFiles } from './depmod-comparison.ts';

const kmod = await referenceKmod('34.2');
const base = ['-C', '/dev/null', '-b', 'BASE'];

const tree: TreeFiles = {
  'kernel/a.ko': {
    module: {
      exports: [
        { name: 'shared', crc: 1 },
        { name: '_under', crc: 2 },
        { name: 'kernel_too', crc: 3 },
        { name: 'func', crc: 4 },
      ],
    },
  },
  'kernel/b.ko': { module: { exports: [{ name: 'shared', crc: 9 }] } },
  'kernel/c.ko': {
    module: {
      needs: [
        { name: 'shared', crc: 1 },
        { name: 'weak_unknown', weak: true },
        { name: 'weak_known', weak: true, crc: 7 },
        { name: 'unknown' },
        { name: 'printk', crc: 0xabc },
        { name: 'wrong', crc: 5 },
        { name: '.func', crc: 4 },
        { name: '__this_module' },
        { name: '_GLOBAL_OFFSET_TABLE_' },
        { name: 'TOC.' },
        { name: '.TOC.' },
        { name: '__under', crc: 2 },
        { name: 'under', crc: 2 },
        { name: '_shared', crc: 9 },
        { name: '._shared', crc: 9 },
        { name: 'kernel_too', crc: 3 },
      ],
      versions: [{ name: 'module_layout', crc: 0x11 }],
    },
  },
  'modules.order': 'kernel/a.ko\nkernel/b.ko\nkernel/c.ko\n',
  '/symvers': [
    '0x00000abc\tprintk\tvmlinux\tEXPORT_SYMBOL\t',
    '0x6\twrong\tvmlinux\tEXPORT_SYMBOL_GPL\tNS',
    '8 weak_known   vmlinux rest',
    '0x11\tmodule_layout\tvmlinux',
    '0x11\tshared\tdrivers/a/a',
    '0x3\tkernel_too\tvmlinux\tEXPORT_SYMBOL',
    'nonsense\tbad_crc\tvmlinux\tx',
    '0x12z\tbad_crc\tvmlinux\tx',
    '\tshort',
    '',
    '0x99\t_shared\tvmlinux\tx',
  ].join('\n'),
  '/System.map': [
    'ffffffff81000000 T _text',
    'ffffffff82000000 R __ksymtab_printk',
    'ffffffff82000010 r __ksymtab_wrong',
    'ffffffff82000020 R __ksymtab_kernel_too',
    'one',
    'two words',
    '',
    'c0294200 R __ksymtab__under',
    'c0294200 R __ksymtab_weak_known',
  ].join('\n'),
};

const commandLines: readonly (readonly string[])[] = [
  [],
  ['-E', 'symvers'],
  ['-e', '-E', 'symvers'],
  ['-e', '-v', '-E', 'BASE/symvers'],
  ['-F', 'System.map'],
  ['-e', '-F', './System.map'],
  ['-e', '-E', 'symvers', '-F', 'System.map'],
  ['-P', '_'],
  ['-P_', '-e', '-E', 'symvers'],
  ['-P', '_', '-e', '-v', '-F', 'System.map'],
  ['-P', '.', '-e', '-v', '-F', 'System.map'],
  ['-e', '-E', '/dev/null'],
];
for (const args of commandLines)
  test(`like kmod: depmod ${args.join(' ')}`, async (t) => {
    await assertLikeKmod(t, kmod, tree, [...base, ...args, RELEASE], { normalize: withoutErrno });
  });

/** kmod adds the text of whatever errno some call before has left. */
function withoutErrno(stderr: string): string {
  return stderr.replaceAll(/(Invalid symbol version \S+): .*/g, '$1');
}
