import type { Theme } from '../scenario.ts';

const F = '/versus/files';

export const files: Theme = {
  name: 'files',
  scenarios: [
    {
      title: 'xz in the tree',
      lines: [
        'modprobe -v kmodctl_leaf_x value=1',
        'modprobe -D kmodctl_leaf_x',
        'modprobe -r -v kmodctl_leaf_x',
      ],
    },
    {
      title: 'zstd in the tree',
      lines: ['modprobe -v kmodctl_leaf_z note=packed', 'modprobe -r -v kmodctl_leaf_z'],
    },
    {
      title: 'another vermagic',
      lines: [
        'modprobe -v kmodctl_leaf_v',
        'modprobe -q kmodctl_leaf_v',
        'modprobe -f kmodctl_leaf_v',
        'modprobe --force-vermagic kmodctl_leaf_v',
        'modprobe --force-modversion kmodctl_leaf_v',
      ],
    },
    {
      title: 'a symbol that nobody has',
      lines: ['modprobe -v kmodctl_leaf_u', 'modprobe -q kmodctl_leaf_u', 'modprobe -f kmodctl_leaf_u'],
    },
    {
      title: 'force on a sound module',
      lines: [
        'modprobe -f -v kmodctl_leaf_d',
        'modprobe --force-vermagic kmodctl_leaf_e',
        'modprobe --force-modversion kmodctl_leaf_f',
      ],
    },
    { title: 'force with dependencies', lines: ['modprobe -f -v kmodctl_chain_c'] },
    {
      title: 'insmod with force',
      lines: [
        `insmod -f ${F}/kmodctl_leaf_a.ko`,
        `insmod -f ${F}/vermagic.ko`,
        `insmod --force ${F}/vermagic.ko`,
      ],
    },
    {
      title: 'insmod',
      lines: [
        `insmod ${F}/kmodctl_leaf_a.ko`,
        `insmod ${F}/kmodctl_leaf_a.ko`,
        `insmod -v ${F}/kmodctl_leaf_a.ko`,
      ],
    },
    {
      title: 'insmod with parameters',
      lines: [`insmod ${F}/kmodctl_params.ko number=7 'label=two words' list=1,2 enabled`],
    },
    {
      title: 'insmod with bad parameters',
      lines: [
        `insmod ${F}/kmodctl_params.ko number=x`,
        `insmod ${F}/kmodctl_params.ko list=1,2,3,4,5`,
        `insmod ${F}/kmodctl_params.ko nothing=1`,
      ],
    },
    {
      title: 'insmod without what it needs',
      lines: [
        `insmod ${F}/kmodctl_pair_user.ko`,
        `insmod ${F}/kmodctl_pair_base.ko`,
        `insmod ${F}/kmodctl_pair_user.ko`,
      ],
    },
    {
      title: 'insmod of a failing init',
      lines: [
        `insmod ${F}/kmodctl_fail.ko`,
        `insmod ${F}/kmodctl_fail.ko result=-19`,
        `insmod ${F}/kmodctl_fail.ko result=-12`,
        `insmod ${F}/kmodctl_fail.ko result=-22`,
        `insmod ${F}/kmodctl_fail.ko result=-3`,
        `insmod ${F}/kmodctl_fail.ko result=-2`,
        `insmod ${F}/kmodctl_fail.ko result=-8`,
      ],
    },
    {
      title: 'insmod of what is no module',
      lines: [
        `insmod ${F}/text.ko`,
        `insmod ${F}/empty.ko`,
        `insmod ${F}/short.ko`,
        `insmod ${F}/cut.ko`,
        `insmod ${F}/machine.ko`,
        `insmod ${F}/vermagic.ko`,
        `insmod ${F}/orphan.ko`,
      ],
      difference: {
        because: 'the message says what is wrong with the file',
        ours: [
          {},
          {
            exitCode: 1,
            stderr: `insmod: ERROR: could not insert module ${F}/empty.ko: The module file ${F}/empty.ko has only 0 bytes and is none.\n`,
          },
          {
            exitCode: 1,
            stderr: `insmod: ERROR: could not insert module ${F}/short.ko: The module file ${F}/short.ko has only 4 bytes and is none.\n`,
          },
          {},
          {},
          {},
          {},
        ],
      },
    },
    {
      title: 'insmod of what is no file',
      lines: [
        `insmod ${F}/no.ko`,
        `insmod ${F}`,
        'insmod kmodctl_leaf_a',
        'insmod -',
        'insmod',
        'insmod /dev/null',
      ],
      difference: {
        because: 'the message says what is wrong with the file',
        ours: [
          {},
          {},
          {},
          {},
          {},
          {
            exitCode: 1,
            stderr: `insmod: ERROR: could not insert module /dev/null: The module file /dev/null has only 0 bytes and is none.\n`,
          },
        ],
      },
    },
    {
      title: 'modprobe of what is no module',
      lines: [
        `modprobe ${F}/text.ko`,
        `modprobe ${F}/empty.ko`,
        `modprobe ${F}/short.ko`,
        `modprobe ${F}/cut.ko`,
        `modprobe ${F}/machine.ko`,
        `modprobe ${F}/vermagic.ko`,
        `modprobe ${F}/orphan.ko`,
        `modprobe ${F}`,
        'modprobe /dev/null',
      ],
      difference: {
        because: 'the message says what is wrong with the file',
        ours: [
          {},
          {
            exitCode: 1,
            stderr: `modprobe: ERROR: could not insert 'empty': The module file ${F}/empty.ko has only 0 bytes and is none.\n`,
          },
          {
            exitCode: 1,
            stderr: `modprobe: ERROR: could not insert 'short': The module file ${F}/short.ko has only 4 bytes and is none.\n`,
          },
          {},
          {},
          {},
          {},
          { exitCode: 1 },
          {
            exitCode: 1,
            stderr: `modprobe: ERROR: could not insert 'null': The module file /dev/null has only 0 bytes and is none.\n`,
          },
        ],
      },
    },
    {
      title: 'a packed file',
      lines: [
        `insmod ${F}/packed.ko.xz value=1`,
        'rmmod kmodctl_leaf_a',
        `insmod ${F}/packed.ko.zst value=2`,
      ],
    },
    {
      title: 'a packed file through modprobe',
      lines: [
        `modprobe -v ${F}/packed.ko.xz value=1`,
        'rmmod kmodctl_leaf_a',
        `modprobe -v ${F}/packed.ko.zst value=2`,
      ],
    },
    {
      title: 'the content decides, not the name',
      lines: [`insmod ${F}/plain-inside.ko.xz`, 'rmmod kmodctl_leaf_a', `insmod ${F}/packed-inside.ko`],
    },
    {
      title: 'force on a packed file',
      lines: [`insmod -f ${F}/packed.ko.xz`, `insmod -f ${F}/packed.ko.zst`],
    },
    {
      title: 'a packed file that no kernel unpacks itself',
      lines: [`insmod ${F}/packed64.ko.xz`, 'rmmod kmodctl_leaf_a', `modprobe -v ${F}/packed64.ko.xz`],
      difference: {
        because: 'what the kernel cannot unpack is unpacked here',
        ours: [
          { exitCode: 0, stderr: '', loaded: ['kmodctl_leaf_a'] },
          { exitCode: 0, loaded: [] },
          { exitCode: 0, stderr: '', loaded: ['kmodctl_leaf_a'] },
        ],
      },
    },
    {
      title: 'a cut packed file',
      ownWords: 'the xz data ends early: the file is incomplete.',
      lines: [`insmod ${F}/cut.ko.xz`, `modprobe ${F}/cut.ko.xz`],
    },
    {
      title: 'insmod from the working folder, and by a link',
      process: true,
      lines: [
        `sh: cd ${F} && insmod kmodctl_leaf_a.ko && rmmod ./kmodctl_leaf_a.ko && ln -s kmodctl_leaf_a.ko /versus/link.ko && insmod ../link.ko; rm /versus/link.ko`,
      ],
    },
    {
      title: 'a file that may not be read',
      process: true,
      lines: [
        `sh: cp ${F}/kmodctl_leaf_a.ko /run/secret.ko; chmod 0 /run/secret.ko; insmod /run/secret.ko; rm -f /run/secret.ko`,
      ],
    },
    {
      title: 'insmod and its options',
      lines: [
        'insmod --nonsense',
        'insmod -Z x.ko',
        `insmod -s ${F}/kmodctl_leaf_a.ko`,
        `insmod --verb ${F}/kmodctl_leaf_a.ko`,
      ],
    },
    {
      title: 'symbols and versions of a file',
      lines: [
        `modprobe --show-exports ${F}/kmodctl_pair_base.ko`,
        `modprobe --show-modversions ${F}/kmodctl_pair_user.ko`,
        `modprobe --dump-modversions ${F}/kmodctl_pair_base.ko`,
        `modprobe --show-exports ${F}/text.ko`,
        `modprobe --show-modversions ${F}/no.ko`,
      ],
    },
  ],
};
