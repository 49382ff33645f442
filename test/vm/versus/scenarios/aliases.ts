import type { Theme } from '../scenario.ts';
import { conf } from './configured.ts';

/** Leaves whose alias several modules share are all loaded, in the order of the index. */
export const aliases: Theme = {
  name: 'aliases',
  scenarios: [
    { title: 'of one module', lines: ['modprobe -v kmodctl-test-params', 'modprobe -v kmodctl_test_params'] },
    {
      title: 'of many modules',
      lines: [
        'modprobe -v kmodctl-leaf',
        'modprobe -R kmodctl-leaf',
        'modprobe -v kmodctl-leaf',
        'modprobe -r -v kmodctl-leaf',
      ],
    },
    {
      title: 'a pattern',
      lines: ['modprobe -v kmodctl:v12d3x', 'modprobe kmodctl:v12d9', 'modprobe -q kmodctl:v'],
    },
    { title: 'a protocol family', lines: ['modprobe -v net-pf-15', 'modprobe -r -v net-pf-15'] },
    { title: 'of a file system', lines: ['modprobe -v fs-vfat'] },
    {
      title: 'builtin ones',
      lines: [
        'modprobe -v fs-debugfs',
        'modprobe -R fs-debugfs',
        'modprobe -r fs-debugfs',
        'modprobe --first-time fs-debugfs',
      ],
    },
    {
      title: 'a symbol',
      lines: [
        'modprobe -v symbol:kmodctl_chain_c_answer',
        'modprobe symbol:no_such_symbol',
        'modprobe -R symbol:kmodctl_pair_answer',
      ],
    },
    {
      title: 'of the configuration',
      files: conf('alias kv-one kmodctl_leaf_d'),
      lines: ['modprobe -v kv-one', 'modprobe -v kv_one', 'modprobe -R kv-one', 'modprobe -r -v kv-one'],
    },
    {
      title: 'a pattern of the configuration',
      files: conf('alias kv-?-[0-9]* kmodctl_leaf_d'),
      lines: ['modprobe -v kv-x-77', 'modprobe kv-x-z'],
    },
    {
      title: 'several modules for one name',
      files: conf('alias kv kmodctl_leaf_d', 'alias kv kmodctl_chain_d', 'alias k* kmodctl_leaf_e'),
      lines: ['modprobe -v kv', 'modprobe -R kv', 'modprobe -r -v kv'],
    },
    {
      title: 'parameters for several modules',
      files: conf('alias kv kmodctl_leaf_d', 'alias kv kmodctl_leaf_e'),
      lines: ['modprobe -v kv value=3'],
    },
    {
      title: 'a name of a module hidden by an alias',
      files: conf('alias kmodctl_leaf_d kmodctl_leaf_e'),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -v kmodctl-leaf-d'],
    },
    {
      title: 'to nothing',
      files: conf('alias kv no_such_module', 'alias kmodctl_leaf_d off'),
      lines: [
        'modprobe -v kv',
        'modprobe -D kv',
        'modprobe kmodctl_leaf_d',
        'modprobe -R kv',
        'modprobe -q kv',
        'modprobe -r kv',
        'modprobe --first-time kv',
      ],
    },
    {
      title: 'to an alias',
      files: conf('alias kv-a kv-b', 'alias kv-b kmodctl_leaf_d'),
      lines: ['modprobe -v kv-a'],
    },
    {
      title: 'to a builtin module',
      files: conf('alias kv atkbd'),
      lines: ['modprobe -v kv', 'modprobe -R kv', 'modprobe -D kv'],
    },
    {
      title: 'with a bad bracket',
      lines: [
        'modprobe kv[',
        'modprobe -q kv[',
        'modprobe -R kv]',
        'modprobe -r kv[',
        'modprobe -a kv[ kmodctl_leaf_a',
      ],
    },
    {
      title: 'one of several fails, and not the last',
      files: conf('alias kv kmodctl_fail', 'alias kv kmodctl_leaf_e'),
      lines: ['modprobe -v kv'],
    },
    {
      title: 'one of several fails, the last',
      files: conf('alias kv kmodctl_leaf_e', 'alias kv kmodctl_fail'),
      lines: ['modprobe -v kv'],
      difference: {
        because: 'one that works is what an alias is for',
        ours: [
          {
            exitCode: 0,
            stderr: "modprobe: ERROR: could not insert 'kmodctl_fail': Input/output error\n",
            loaded: ['kmodctl_leaf_e'],
          },
        ],
      },
    },
    {
      title: '-R of a module, of nothing, and of several words',
      lines: [
        'modprobe -R kmodctl_chain_a',
        'modprobe -R no-such-module',
        'modprobe -R -a kmodctl_leaf_a kmodctl-test-params',
        'modprobe -R kmodctl_leaf_a kmodctl_leaf_b',
      ],
    },
    {
      title: 'an alias with a path like name',
      lines: [
        'modprobe updates/kmodctl_leaf_a.ko',
        'modprobe ../kmodctl_leaf_a',
        'modprobe kmodctl_leaf_a.ko',
      ],
    },
  ],
};
