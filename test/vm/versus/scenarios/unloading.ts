import type { Theme } from '../scenario.ts';

const F = '/versus/files';

/** rmmod, which takes one module and nothing else away. */
export const unloading: Theme = {
  name: 'rmmod and lsmod',
  scenarios: [
    { title: 'one', lines: ['modprobe kmodctl_leaf_a', 'rmmod kmodctl_leaf_a', 'rmmod kmodctl_leaf_a'] },
    {
      title: 'several, one of them not loaded',
      lines: [
        'modprobe -a kmodctl_leaf_a kmodctl_leaf_b',
        'rmmod kmodctl_leaf_a no_such_module kmodctl_leaf_b',
      ],
    },
    { title: 'by another spelling', lines: ['modprobe kmodctl_leaf_a', 'rmmod kmodctl-leaf-a'] },
    { title: 'by a path', lines: ['modprobe kmodctl_leaf_a', `rmmod ${F}/kmodctl_leaf_a.ko`] },
    {
      title: 'by the name of a file',
      lines: ['modprobe kmodctl_leaf_a', 'rmmod kmodctl_leaf_a.ko', 'rmmod no.ko.xz'],
    },
    {
      title: 'in use by another',
      lines: [
        'modprobe kmodctl_chain_c',
        'rmmod kmodctl_chain_d',
        'rmmod -v kmodctl_chain_d',
        'rmmod kmodctl_chain_d kmodctl_chain_c',
      ],
    },
    {
      title: 'in use by several',
      lines: ['modprobe kmodctl_diamond_top', 'rmmod kmodctl_diamond_base', 'rmmod kmodctl_diamond_left'],
    },
    {
      title: 'users first',
      lines: [
        'modprobe kmodctl_chain_a',
        'rmmod kmodctl_chain_a kmodctl_chain_b kmodctl_chain_c kmodctl_chain_d',
      ],
    },
    {
      title: 'in use by itself',
      lines: [
        'modprobe kmodctl_hold',
        'write /sys/module/kmodctl_hold/parameters/held 1',
        'rmmod kmodctl_hold',
        'write /sys/module/kmodctl_hold/parameters/held 0',
        'rmmod kmodctl_hold',
      ],
    },
    { title: 'builtin', lines: ['rmmod atkbd', 'rmmod -f atkbd'] },
    {
      title: 'permanent',
      lines: ['modprobe kmodctl_noexit', 'rmmod kmodctl_noexit', 'rmmod -v kmodctl_noexit'],
    },
    { title: 'permanent, by force', lines: ['modprobe kmodctl_noexit', 'rmmod -f kmodctl_noexit'] },
    {
      title: 'force where none is needed',
      lines: [
        'modprobe kmodctl_leaf_a',
        'rmmod -f kmodctl_leaf_a',
        'rmmod -f kmodctl_leaf_a',
        'rmmod --force no_such_module',
      ],
    },
    { title: 'an alias is no name', lines: ['modprobe kmodctl_params', 'rmmod kmodctl-test-params'] },
    {
      title: 'verbosely',
      lines: ['modprobe kmodctl_leaf_a', 'rmmod -v kmodctl_leaf_a', 'rmmod -vv no_such_module'],
    },
    {
      title: 'options',
      lines: ['rmmod', 'rmmod --nonsense', 'rmmod -Z', 'rmmod -w x'],
    },
    {
      title: 'messages for the log of the system',
      process: true,
      lines: ['rmmod -s no_such_module', 'modprobe -s no-such-module', 'lsmod -s x'],
    },
    { title: 'a slow exit', lines: ['modprobe kmodctl_slow init_ms=0 exit_ms=200', 'rmmod kmodctl_slow'] },
    {
      title: 'lsmod',
      lines: [
        'modprobe -a kmodctl_diamond_top kmodctl_chain_b kmodctl_noexit bonding',
        'lsmod',
        'lsmod -v',
        'lsmod -s',
      ],
    },
    {
      title: 'lsmod of busy modules',
      lines: ['modprobe kmodctl_hold', 'write /sys/module/kmodctl_hold/parameters/held 1', 'lsmod'],
    },
    { title: 'lsmod and its options', lines: ['lsmod x', 'lsmod --nonsense', 'lsmod -x', 'lsmod --'] },
    {
      title: 'modinfo of the tree',
      lines: [
        'modinfo kmodctl_types',
        'modinfo kmodctl-test-params',
        'modinfo -F filename kmodctl_leaf_x',
        'modinfo -p kmodctl_params',
        'modinfo atkbd',
        'modinfo no_such_module',
        'modinfo -F vermagic kmodctl_leaf_v',
        'modinfo -0 kmodctl_wish',
        `modinfo ${F}/packed.ko.xz`,
      ],
    },
    {
      title: 'modinfo of a stock module',
      lines: ['modinfo bonding', 'modinfo -d bonding', 'modinfo -n net-pf-15'],
    },
  ],
};
