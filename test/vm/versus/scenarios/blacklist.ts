import type { Theme } from '../scenario.ts';
import { conf } from './configured.ts';

export const blacklist: Theme = {
  name: 'blacklist',
  scenarios: [
    {
      title: 'does not hold for a plain name',
      files: conf('blacklist kmodctl_leaf_d'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'holds for a plain name with -b',
      files: conf('blacklist kmodctl_leaf_d'),
      lines: [
        'modprobe -b -v kmodctl_leaf_d',
        'modprobe -b -n -v kmodctl_leaf_d',
        'modprobe -b --first-time kmodctl_leaf_d',
      ],
    },
    {
      title: 'holds for an alias',
      files: conf('blacklist kmodctl_params'),
      lines: [
        'modprobe -v kmodctl-test-params',
        'modprobe -D kmodctl-test-params',
        'modprobe -R kmodctl-test-params',
      ],
    },
    {
      title: 'holds for one of several modules of an alias',
      files: conf('blacklist kmodctl_leaf_b', 'blacklist kmodctl_leaf_c'),
      lines: ['modprobe -v kmodctl-leaf'],
    },
    {
      title: 'holds for an alias of the configuration',
      files: conf('alias kv kmodctl_leaf_d', 'blacklist kmodctl_leaf_d'),
      lines: ['modprobe -v kv', 'modprobe -b -v kv'],
    },
    {
      title: 'of an alias means nothing',
      files: conf('blacklist kmodctl-test-params'),
      lines: ['modprobe -v kmodctl-test-params'],
    },
    {
      title: 'does not hold for dependencies',
      files: conf('blacklist kmodctl_chain_c'),
      lines: ['modprobe -v kmodctl_chain_a', 'modprobe -b -v kmodctl_chain_a'],
    },
    {
      title: 'does not hold for dependencies with -b',
      files: conf('blacklist kmodctl_chain_c'),
      lines: ['modprobe -b -v kmodctl_chain_a'],
    },
    {
      title: 'does not hold for soft dependencies',
      files: conf('blacklist kmodctl_leaf_e', 'softdep kmodctl_leaf_d pre: kmodctl_leaf_e'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'does not hold for soft dependencies with -b',
      files: conf('blacklist kmodctl_leaf_e', 'softdep kmodctl_leaf_d pre: kmodctl_leaf_e'),
      lines: ['modprobe -b -v kmodctl_leaf_d'],
    },
    {
      title: 'with dashes',
      files: conf('blacklist kmodctl-leaf-d'),
      lines: ['modprobe -b -v kmodctl_leaf_d'],
    },
    {
      title: 'a loaded one is no mistake',
      files: conf('blacklist kmodctl_leaf_d'),
      lines: [
        'modprobe kmodctl_leaf_d',
        'modprobe -b kmodctl_leaf_d',
        'modprobe -b --first-time kmodctl_leaf_d',
      ],
    },
    {
      title: '-a goes on after one',
      files: conf('blacklist kmodctl_leaf_d'),
      lines: ['modprobe -b -v -a kmodctl_leaf_d kmodctl_leaf_e'],
    },
    {
      title: 'no patterns',
      files: conf('blacklist kmodctl_leaf_*'),
      lines: ['modprobe -b -v kmodctl_leaf_d'],
    },
    {
      title: 'does not hold on removal',
      files: conf('blacklist kmodctl_leaf_d'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -r -b -v kmodctl_leaf_d'],
    },
    {
      title: 'of the kernel command line',
      kernelCommandLine: 'modprobe.blacklist=kmodctl_leaf_d,kmodctl_params quiet\n',
      lines: [
        'modprobe -b -v kmodctl_leaf_d',
        'modprobe -v kmodctl-test-params',
        'modprobe -b -v kmodctl_leaf_e',
      ],
    },
    {
      title: 'of the kernel command line, several times',
      kernelCommandLine: 'modprobe.blacklist=kmodctl_leaf_d modprobe.blacklist=kmodctl_leaf_e\n',
      lines: ['modprobe -b -v -a kmodctl_leaf_d kmodctl_leaf_e kmodctl_leaf_f'],
    },
    {
      title: 'of the kernel command line, with dashes',
      kernelCommandLine: 'modprobe.blacklist=kmodctl-leaf-d\n',
      lines: ['modprobe -b -v kmodctl_leaf_d'],
      difference: {
        because: 'names are names, wherever they stand',
        ours: [{ exitCode: 0, stdout: '', loaded: [] }],
      },
    },
    {
      title: 'the kernel itself asks through it',
      files: conf('blacklist dummy'),
      process: true,
      lines: ['sh: ip link add d7 type dummy 2>&1; lsmod | grep -c dummy'],
    },
    {
      title: 'a path',
      files: conf('blacklist kmodctl_leaf_a'),
      lines: [
        'modprobe -b -v /versus/files/kmodctl_leaf_a.ko',
        'modprobe -v /versus/files/kmodctl_leaf_a.ko',
      ],
    },
  ],
};
