import type { Theme } from '../scenario.ts';

/** modprobe -r. */
export const removal: Theme = {
  name: 'removal',
  scenarios: [
    {
      title: 'one',
      lines: ['modprobe kmodctl_leaf_a', 'modprobe -r kmodctl_leaf_a', 'modprobe -r kmodctl_leaf_a'],
    },
    {
      title: 'one, verbosely',
      lines: ['modprobe kmodctl_leaf_a', 'modprobe -r -v kmodctl_leaf_a', 'modprobe -r -v kmodctl_leaf_a'],
    },
    { title: 'with what it needs', lines: ['modprobe kmodctl_chain_c', 'modprobe -r -v kmodctl_chain_c'] },
    {
      title: 'a chain',
      lines: ['modprobe kmodctl_chain_a', 'modprobe -r -v kmodctl_chain_a'],
      difference: {
        because: 'what nobody uses any more goes, however deep',
        ours: [
          {},
          {
            exitCode: 0,
            stdout:
              'rmmod kmodctl_chain_a\nrmmod kmodctl_chain_b\nrmmod kmodctl_chain_c\nrmmod kmodctl_chain_d\n',
            loaded: [],
          },
        ],
      },
    },
    {
      title: 'a diamond',
      lines: ['modprobe kmodctl_diamond_top', 'modprobe -r -v kmodctl_diamond_top'],
      difference: {
        because: 'what nobody uses any more goes, however deep',
        ours: [{}, { exitCode: 0, loaded: [] }],
      },
    },
    {
      title: 'a dependency that someone else uses stays',
      lines: [
        'modprobe kmodctl_diamond_left',
        'modprobe kmodctl_diamond_right',
        'modprobe -r -v kmodctl_diamond_left',
        'modprobe -r -v kmodctl_diamond_right',
      ],
    },
    {
      title: 'in use by another',
      lines: [
        'modprobe kmodctl_chain_b',
        'modprobe -r kmodctl_chain_d',
        'modprobe -r -v kmodctl_chain_c',
        'modprobe -q -r kmodctl_chain_c',
      ],
    },
    {
      title: 'in use by itself',
      lines: [
        'modprobe kmodctl_hold',
        'write /sys/module/kmodctl_hold/parameters/held 1',
        'modprobe -r kmodctl_hold',
        'modprobe -r -v kmodctl_hold',
      ],
    },
    {
      title: 'several',
      lines: [
        'modprobe -a kmodctl_leaf_a kmodctl_leaf_b kmodctl_leaf_c',
        'modprobe -r -v kmodctl_leaf_a kmodctl_leaf_c',
      ],
    },
    {
      title: 'several, one of them unknown',
      lines: [
        'modprobe -a kmodctl_leaf_a kmodctl_leaf_b',
        'modprobe -r -v kmodctl_leaf_a no-such-module kmodctl_leaf_b',
      ],
    },
    {
      title: 'several with -a, one of them unknown, one in use',
      lines: [
        'modprobe -a kmodctl_leaf_a kmodctl_leaf_b kmodctl_chain_c',
        'modprobe -r -v -a kmodctl_leaf_a no-such-module kmodctl_chain_d kmodctl_leaf_b',
      ],
    },
    {
      title: 'unknown',
      lines: [
        'modprobe -r no-such-module',
        'modprobe -r -q no-such-module',
        'modprobe -r --first-time no-such-module',
      ],
    },
    {
      title: '--first-time',
      lines: [
        'modprobe -r --first-time kmodctl_leaf_a',
        'modprobe kmodctl_leaf_a',
        'modprobe -r --first-time kmodctl_leaf_a',
        'modprobe -q -r --first-time kmodctl_leaf_a',
      ],
    },
    {
      title: 'builtin',
      lines: ['modprobe -r atkbd', 'modprobe -r -q atkbd', 'modprobe -r --first-time atkbd'],
    },
    {
      title: 'permanent',
      lines: ['modprobe kmodctl_noexit', 'modprobe -r kmodctl_noexit', 'modprobe -r -q kmodctl_noexit'],
    },
    { title: 'permanent, by force', lines: ['modprobe kmodctl_noexit', 'modprobe -r -f -v kmodctl_noexit'] },
    {
      title: 'a dry run',
      lines: [
        'modprobe kmodctl_chain_b',
        'modprobe -r -n kmodctl_chain_b',
        'modprobe -r -n -v kmodctl_chain_b',
        'modprobe -r -n kmodctl_chain_d',
      ],
      difference: {
        because: 'all that would go is listed',
        ours: [
          {},
          { exitCode: 0, stdout: '' },
          { exitCode: 0, stdout: 'rmmod kmodctl_chain_b\nrmmod kmodctl_chain_c\nrmmod kmodctl_chain_d\n' },
          {},
        ],
      },
    },
    {
      title: '-D',
      lines: [
        'modprobe kmodctl_chain_c',
        'modprobe -r -D kmodctl_chain_c',
        'modprobe -r -D kmodctl_leaf_a',
        'modprobe -r -D kmodctl_chain_d',
      ],
      difference: {
        because: 'all that would go is listed',
        ours: [{}, { exitCode: 0, stdout: 'rmmod kmodctl_chain_c\nrmmod kmodctl_chain_d\n' }, {}, {}],
      },
    },
    {
      title: 'with holders',
      lines: ['modprobe kmodctl_chain_c', 'modprobe -r --remove-holders -v kmodctl_chain_d'],
      difference: {
        because: 'the module goes once',
        ours: [
          {},
          { exitCode: 0, stdout: 'rmmod kmodctl_chain_c\nrmmod kmodctl_chain_d\n', stderr: '', loaded: [] },
        ],
      },
    },
    {
      title: 'with holders, none',
      lines: ['modprobe kmodctl_leaf_a', 'modprobe -r --remove-holders -v kmodctl_leaf_a'],
    },
    {
      title: 'with several holders',
      lines: [
        'modprobe kmodctl_diamond_left',
        'modprobe kmodctl_diamond_right',
        'modprobe -r --remove-holders -v kmodctl_diamond_base',
      ],
      difference: {
        because: 'the module goes once',
        ours: [{}, {}, { exitCode: 0, stderr: '', loaded: [] }],
      },
    },
    {
      title: 'with holders that have holders',
      lines: ['modprobe kmodctl_chain_a', 'modprobe -r --remove-holders -v kmodctl_chain_d'],
      difference: { because: 'holders of holders go too', ours: [{}, { exitCode: 0, loaded: [] }] },
    },
    {
      title: 'holders by the old name',
      lines: ['modprobe kmodctl_chain_c', 'modprobe -r --remove-dependencies -v kmodctl_chain_d'],
      difference: {
        because: 'the module goes once',
        ours: [
          {},
          { exitCode: 0, stdout: 'rmmod kmodctl_chain_c\nrmmod kmodctl_chain_d\n', stderr: '', loaded: [] },
        ],
      },
    },
    {
      title: '--wait, not busy',
      lines: [
        'modprobe kmodctl_leaf_a',
        'modprobe -r -v --wait 1000 kmodctl_leaf_a',
        'modprobe -r --wait 10 kmodctl_leaf_a',
      ],
    },
    {
      title: '--wait, let go meanwhile',
      lines: [
        'modprobe kmodctl_hold release_ms=300',
        'write /sys/module/kmodctl_hold/parameters/held 1',
        'modprobe -r -w 8000 kmodctl_hold',
      ],
    },
    {
      title: '--wait with a bad number',
      lines: [
        'modprobe -r --wait x kmodctl_leaf_a',
        'modprobe -r -w 1x kmodctl_leaf_a',
        "modprobe -r -w '' kmodctl_leaf_a",
        'modprobe -r -w -1 kmodctl_leaf_a',
        'modprobe -r -w',
      ],
    },
    { title: 'by an alias', lines: ['modprobe kmodctl_params', 'modprobe -r -v kmodctl-test-params'] },
    {
      title: 'a path is no name',
      lines: ['modprobe kmodctl_leaf_a', 'modprobe -r /versus/files/kmodctl_leaf_a.ko'],
    },
    {
      title: '-r without the option',
      lines: ['modprobe kmodctl_chain_c', 'modprobe --remove-holders kmodctl_chain_d'],
      difference: {
        because: 'whoever names holders to be removed wants a removal',
        ours: [{}, { exitCode: 0, stderr: '', loaded: [] }],
      },
    },
    {
      title: 'the file is gone from the tree',
      lines: ['insmod /versus/files/kmodctl_leaf_a.ko', 'modprobe -r -v kmodctl_leaf_a'],
    },
    { title: 'a stock module with its dependencies', lines: ['modprobe -v vfat', 'modprobe -r -v vfat'] },
    {
      title: 'force where none is needed',
      lines: ['modprobe kmodctl_chain_c', 'modprobe -r -f -v kmodctl_chain_c'],
    },
  ],
};
