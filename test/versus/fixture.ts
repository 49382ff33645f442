/** The modules and files of configuration of the host's table. */
import type { ImageExport } from '../fixtures/module-image.ts';
import { type HostFile, RELEASE } from './host-tree.ts';

const folder = `lib/modules/${RELEASE}`;

interface Module {
  readonly exports?: readonly string[];
  readonly needs?: readonly string[];
  readonly info?: readonly string[];
}

function module({ exports = [], needs = [], info = [] }: Module): HostFile {
  const exported: readonly ImageExport[] = exports.map((name) => ({ name, crc: 0x1000 + name.length }));
  return {
    module: {
      modinfo: [...info, 'license=GPL', 'vermagic=6.99.0-test SMP mod_unload '],
      exports: exported,
      needs: needs.map((name) => ({ name, crc: 0x1000 + name.length })),
    },
  };
}

/** kv_top needs kv_mid, which needs kv_base; kv_a to kv_f need nothing. */
export const treeFiles: Readonly<Record<string, HostFile>> = {
  [`${folder}/kernel/kv_base.ko`]: module({ exports: ['kv_base_one', 'kv_base_two'] }),
  [`${folder}/kernel/kv_mid.ko`]: module({ exports: ['kv_mid_one'], needs: ['kv_base_one'] }),
  [`${folder}/kernel/kv-top.ko`]: module({ needs: ['kv_mid_one', 'kv_base_two'] }),
  [`${folder}/kernel/kv_a.ko`]: module({
    info: [
      'alias=kv:v*d[0-4]*',
      'alias=kv-shared',
      'parm=number:A number',
      'parmtype=number:int',
      'parmtype=flag:bool',
      'description=The first',
      'author=A',
      'author=B',
      'version=1.0',
      'softdep=pre: kv_c',
    ],
  }),
  [`${folder}/kernel/kv_b.ko`]: module({
    info: ['alias=kv-shared', 'alias=char-major-10-200', 'alias=devname:kv/b'],
  }),
  [`${folder}/kernel/kv_c.ko`]: module({}),
  [`${folder}/kernel/kv_d.ko`]: module({ info: ['weakdep=kv_c'] }),
  [`${folder}/kernel/kv_e.ko`]: module({}),
  [`${folder}/kernel/kv_f.ko`]: module({ info: ['alias=block-major-7-3', 'alias=devname:kvf'] }),
  [`${folder}/modules.builtin`]: 'kernel/kv_builtin.ko\nkernel/kv-other.ko\n',
  [`${folder}/modules.builtin.modinfo`]:
    'kv_builtin.license=GPL\0kv_builtin.alias=kv-inside*\0kv_builtin.file=kernel/kv_builtin\0',
  [`${folder}/modules.order`]: ['kv_base', 'kv_mid', 'kv-top', 'kv_a', 'kv_b', 'kv_c', 'kv_d', 'kv_e', 'kv_f']
    .map((name) => `kernel/${name}.ko\n`)
    .join(''),
  'lib/modules/6.99.0-bare/kernel/kv_a.ko': module({}),
  'files/kv_base.ko': module({ exports: ['kv_base_one', 'kv_base_two'], needs: ['printk'] }),
  'files/kv_mid.ko': module({ needs: ['kv_base_one'] }),
  'files/text.ko': 'no module\n'.repeat(100),
  'files/empty.ko': '',
  'files/name with blanks.ko': module({}),
  'empty.d/.keep': '',
};

/** Files for `-C`, by what they are about. */
export const configurationFiles: Readonly<Record<string, HostFile>> = {
  'options.conf':
    'options kv_a number=1\noptions kv-a flag\noptions kv_b x="a b" y=\'c d\'\noptions kv_base z=1\noptions kv_c   a=1\t b=2 \noptions kv_shared s=1\n',
  'continued.conf':
    'options kv_a number=1 \\\n  flag\\\n=1\noptions kv_b x=a\\\\b y=\\"q\\"\n# note \\\noptions kv_c lost=1\noptions kv_c last=1',
  'aliases.conf':
    'alias kv-one kv_a\nalias kv-two kv_b\nalias kv-two kv_c\nalias kv-two kv-top\nalias kv-p* kv_d\nalias kv-[a-c] kv_e\nalias kv_e kv_f\nalias kv-none kv_nothing\nalias kv-off off\nalias kv-far kv-one\nalias kv-in kv_builtin\n',
  'blacklist.conf': 'blacklist kv_a\nblacklist kv-b\nblacklist kv_mid\nblacklist kv_nothing\n',
  'commands.conf':
    'install kv_c echo c $CMDLINE_OPTS\ninstall kv-top /bin/true\nremove kv_a echo off $CMDLINE_OPTS\nremove kv_c echo off $CMDLINE_OPTS\ninstall kv-command echo command\nremove kv-gone echo gone\ninstall kv_[de] echo d or e\noptions kv_c number=3\n',
  'softdeps.conf':
    'softdep kv_b pre: kv_c kv_d post: kv_e\nsoftdep kv_d post: kv_f\nsoftdep kv_e pre: kv_b\nsoftdep kv_f pre: kv_nothing kv-top\nsoftdep kv_mid pre: kv_a\n',
  'weakdeps.conf': 'weakdep kv_b kv_c kv-d\nweakdep kv_e kv_f\n',
  'both.conf': 'softdep kv_b pre: kv_c\nsoftdep kv_b post: kv_d\ninstall kv_b echo b\n',
  'loop.conf':
    'softdep kv_b pre: kv_c\nsoftdep kv_c pre: kv_d\nsoftdep kv_d pre: kv_b\nsoftdep kv_e pre: kv_e\n',
  'bad.conf':
    'bogus\noptoins kv_a b=1\noptions kv_a\noptions\nalias kv[ kv_a\nalias kv] kv_a\nalias kv-only\nblacklist\nblacklist kv[x\ninstall kv_a\nremove\nsoftdep kv_a\nweakdep\ninclude other\nconfig x\n\t\n<html>\noptions kv_b ok=1\n',
  'pieces.d/b.conf': 'options kv_a number=2\n',
  'pieces.d/a.conf': 'options kv_a number=1\nblacklist kv_e\n',
  'pieces.d/c.txt': 'options kv_a number=9\n',
  'pieces.d/.d.conf': 'options kv_a number=9\n',
  'pieces.d/x.conf/y.conf': 'options kv_a number=9\n',
  'pieces.d/lost.conf': { link: 'nowhere' },
  'pieces.d/off.conf': { link: '/dev/null' },
  'more.d/a.conf': 'options kv_a number=5\n',
  'more.d/z.conf': 'options kv_a number=6\nalias kv-z kv_a\n',
  'indented.conf': '  # indented\noptions kv_b ok=1\n',
  'blanks.conf': 'softdep kv_b  pre: kv_c\nweakdep kv_e  kv_f\n',
  'blocked.conf': 'install kv_a /bin/false\nsoftdep kv_b pre: kv_c\ninstall kv_b /bin/false\n',
  'windows.conf': 'options kv_a number=1\r\nblacklist kv_b\r\n',
};
