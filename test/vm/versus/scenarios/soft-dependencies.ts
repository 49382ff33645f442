import type { Theme } from '../scenario.ts';
import { conf } from './configured.ts';

export const softDependencies: Theme = {
  name: 'soft dependencies',
  scenarios: [
    { title: 'of the module itself', lines: ['modprobe -v kmodctl_wish', 'modprobe -r -v kmodctl_wish'] },
    {
      title: 'of the module itself, with one loaded already',
      lines: ['modprobe kmodctl_leaf_c', 'modprobe -v kmodctl_wish'],
    },
    {
      title: 'before',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_leaf_e kmodctl_leaf_f'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v -r kmodctl_leaf_d'],
    },
    {
      title: 'after',
      files: conf('softdep kmodctl_leaf_d post: kmodctl_leaf_e kmodctl_leaf_f'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v -r kmodctl_leaf_d'],
    },
    {
      title: 'before and after',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_leaf_e post: kmodctl_leaf_f pre: kmodctl_leaf_g'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -D kmodctl_leaf_d', 'modprobe -v -r kmodctl_leaf_d'],
    },
    {
      title: 'words before any mark',
      files: conf('softdep kmodctl_leaf_d kmodctl_leaf_e pre: kmodctl_leaf_f'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'for all that a pattern matches',
      files: conf('softdep kmodctl_leaf_[de] pre: kmodctl_leaf_f'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v kmodctl_leaf_e', 'modprobe -v kmodctl_leaf_g'],
    },
    {
      title: 'unknown ones',
      files: conf('softdep kmodctl_leaf_d pre: no-such-module post: neither-this'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -r -v kmodctl_leaf_d'],
    },
    {
      title: 'ones that fail',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_fail post: kmodctl_fail'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'ones whose dependencies are loaded and which fail',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_fail_user kmodctl_leaf_e'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'by another spelling',
      files: conf('softdep kmodctl-leaf-d pre: kmodctl-leaf-e'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'by an alias',
      files: conf(
        'softdep kmodctl_leaf_d pre: kv-alias',
        'alias kv-alias kmodctl_leaf_e',
        'alias kv-* kmodctl_leaf_f',
      ),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v -r kmodctl_leaf_d'],
    },
    {
      title: 'by an alias of the index',
      files: conf('softdep kmodctl_leaf_d post: net-pf-15'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'with dependencies',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_chain_c post: kmodctl_diamond_top'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'of a dependency',
      files: conf(
        'softdep kmodctl_chain_d pre: kmodctl_leaf_d',
        'softdep kmodctl_chain_b post: kmodctl_leaf_e',
      ),
      lines: ['modprobe -v kmodctl_chain_a'],
    },
    {
      title: 'of a soft dependency',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e',
        'softdep kmodctl_leaf_e pre: kmodctl_leaf_f',
        'softdep kmodctl_leaf_f post: kmodctl_leaf_g',
      ),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v -r kmodctl_leaf_d'],
    },
    {
      title: 'in a circle',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_leaf_e', 'softdep kmodctl_leaf_e pre: kmodctl_leaf_d'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'in a circle of three with a chain',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_chain_c',
        'softdep kmodctl_chain_c post: kmodctl_leaf_e',
        'softdep kmodctl_leaf_e pre: kmodctl_leaf_d',
      ),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v kmodctl_leaf_e'],
    },
    {
      title: 'on itself',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_leaf_d post: kmodctl_leaf_d'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'on a module and on one that it needs',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_chain_a kmodctl_chain_d'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -D kmodctl_leaf_d'],
    },
    {
      title: 'left out by -i',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e',
        'softdep kmodctl_chain_d pre: kmodctl_leaf_f',
      ),
      lines: [
        'modprobe -i -v kmodctl_leaf_d',
        'modprobe -i -v kmodctl_chain_c',
        'modprobe -i -v -r kmodctl_leaf_d',
      ],
    },
    {
      title: 'one builtin',
      files: conf('softdep kmodctl_leaf_d pre: atkbd kmodctl_leaf_e'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -D kmodctl_leaf_d', 'modprobe -r -v kmodctl_leaf_d'],
    },
    {
      title: 'with parameters of the module asked for only',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e post: kmodctl_leaf_f',
        'options kmodctl_leaf_f value=4',
      ),
      lines: ['modprobe -v kmodctl_leaf_d value=3'],
    },
    {
      title: '--first-time is for the module asked for only',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_leaf_e'),
      lines: ['modprobe kmodctl_leaf_e', 'modprobe -v --first-time kmodctl_leaf_d'],
    },
    {
      title: 'of a file that comes earlier by its name than those of the module',
      files: { '/etc/modprobe.d/aaa.conf': 'softdep kmodctl_wish post: kmodctl_leaf_g\n' },
      lines: ['modprobe -v kmodctl_wish'],
      difference: {
        because: 'all lines count',
        ours: [
          {
            exitCode: 0,
            stderr: '',
            loaded: ['kmodctl_leaf_c', 'kmodctl_leaf_g', 'kmodctl_wish', 'kmodctl_leaf_b', 'kmodctl_leaf_a'],
          },
        ],
      },
    },
    {
      title: 'of several lines',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e',
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_f post: kmodctl_leaf_g',
      ),
      lines: ['modprobe -v kmodctl_leaf_d'],
      difference: {
        because: 'all lines count',
        ours: [
          {
            exitCode: 0,
            stderr: '',
            loaded: ['kmodctl_leaf_g', 'kmodctl_leaf_d', 'kmodctl_leaf_f', 'kmodctl_leaf_e'],
          },
        ],
      },
    },
    {
      title: 'weak dependencies load nothing',
      files: conf('weakdep kmodctl_leaf_d kmodctl_leaf_e'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'left when they are in use on removal',
      files: conf('softdep kmodctl_leaf_d pre: kmodctl_chain_d'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe kmodctl_chain_c', 'modprobe -r -v kmodctl_leaf_d'],
      difference: {
        because: 'what others use stays, and what was asked for goes',
        ours: [{}, {}, { exitCode: 0, stdout: 'rmmod kmodctl_leaf_d\n', stderr: '' }],
      },
    },
  ],
};
