import type { Theme } from '../scenario.ts';

export const loading: Theme = {
  name: 'loading',
  scenarios: [
    { title: 'one module', lines: ['modprobe kmodctl_leaf_a'] },
    { title: 'one module, verbosely', lines: ['modprobe -v kmodctl_leaf_a'] },
    { title: 'twice', lines: ['modprobe kmodctl_leaf_a', 'modprobe -v kmodctl_leaf_a'] },
    { title: 'a dash for an underscore', lines: ['modprobe -v kmodctl-leaf-a'] },
    {
      title: 'a file with dashes in its name',
      lines: ['modprobe -v kmodctl_leaf_w', 'modprobe -r -v kmodctl-leaf-w'],
    },
    { title: 'a chain of four', lines: ['modprobe -v kmodctl_chain_a'] },
    { title: 'the rest of a chain', lines: ['modprobe -v kmodctl_chain_c', 'modprobe -v kmodctl_chain_a'] },
    { title: 'a diamond', lines: ['modprobe -v kmodctl_diamond_top', 'lsmod'] },
    {
      title: 'the second side of a diamond',
      lines: ['modprobe kmodctl_diamond_left', 'modprobe -v kmodctl_diamond_top'],
    },
    { title: 'several with -a', lines: ['modprobe -v -a kmodctl_leaf_a kmodctl_chain_c kmodctl_leaf_b'] },
    {
      title: '-a with one that is loaded, one unknown, one builtin, one bad, one good',
      lines: [
        'modprobe kmodctl_leaf_a',
        'modprobe -v -a kmodctl_leaf_a no-such-module atkbd kmodctl_fail kmodctl_leaf_b',
      ],
    },
    { title: '-a after the names', lines: ['modprobe kmodctl_leaf_a kmodctl_leaf_b -a'] },
    { title: '-a -q', lines: ['modprobe -a -q no-such-module kmodctl_leaf_a'] },
    { title: 'builtin', lines: ['modprobe atkbd', 'modprobe -v atkbd', 'modprobe --first-time atkbd'] },
    {
      title: '--first-time',
      lines: [
        'modprobe --first-time kmodctl_leaf_a',
        'modprobe --first-time kmodctl_leaf_a',
        'modprobe -q --first-time kmodctl_leaf_a',
      ],
    },
    {
      title: '--first-time with loaded dependencies',
      lines: ['modprobe kmodctl_chain_b', 'modprobe -v --first-time kmodctl_chain_a'],
    },
    {
      title: 'unknown',
      lines: [
        'modprobe no-such-module',
        'modprobe -q no-such-module',
        'modprobe -v no-such-module',
        'modprobe --first-time no-such-module',
      ],
    },
    {
      title: 'an alias of a module',
      lines: ['modprobe -v kmodctl_leaf_a_only', 'modprobe -v kmodctl-leaf-a-only'],
    },
    {
      title: 'a dry run',
      lines: [
        'modprobe -n kmodctl_chain_a',
        'modprobe -n -v kmodctl_chain_a',
        'modprobe --show kmodctl_leaf_a',
        'modprobe -n no-such-module',
      ],
    },
    {
      title: 'a dry run with a part loaded',
      lines: ['modprobe kmodctl_chain_c', 'modprobe -n -v kmodctl_chain_a'],
    },
    {
      title: '-D',
      lines: [
        'modprobe -D kmodctl_chain_a',
        'modprobe kmodctl_chain_a',
        'modprobe -D kmodctl_chain_a',
        'modprobe -D atkbd',
        'modprobe -D no-such-module',
      ],
    },
    { title: '-D with a module and parameters', lines: ['modprobe -D kmodctl_leaf_a value=3 note=x'] },
    {
      title: 'a stock module with a dependency',
      lines: ['modprobe -v bonding max_bonds=2', 'modprobe -r -v bonding'],
    },
    {
      title: 'a stock module on request of the kernel',
      lines: ['sh: ip link add d7 type dummy && ip link show d7 | grep -c d7; lsmod | grep -c dummy'],
    },
    {
      title: 'a failing init',
      lines: [
        'modprobe kmodctl_fail',
        'modprobe -v kmodctl_fail',
        'modprobe kmodctl_fail result=-16',
        'modprobe kmodctl_fail result=-19',
        'modprobe -q kmodctl_fail',
      ],
    },
    { title: 'an init that answers more than 0', lines: ['modprobe kmodctl_fail result=7'] },
    {
      title: 'a path',
      lines: ['modprobe -v /versus/files/kmodctl_leaf_a.ko', 'modprobe -v /versus/files/kmodctl_leaf_a.ko'],
    },
    {
      title: 'a path with dependencies in the index',
      lines: ['modprobe -v /versus/files/kmodctl_pair_user.ko'],
    },
    {
      title: 'a path that does not exist',
      lines: [
        'modprobe /versus/files/no.ko',
        'modprobe -q /versus/files/no.ko',
        'modprobe -a /versus/files/no.ko kmodctl_leaf_a',
      ],
    },
    {
      title: 'two at the same time',
      process: true,
      lines: ['sh: modprobe kmodctl_slow & modprobe kmodctl_slow; a=$?; wait $!; echo $a $?'],
    },
    {
      title: 'two with a common dependency at the same time',
      process: true,
      lines: [
        'sh: modprobe kmodctl_diamond_left & modprobe kmodctl_diamond_right; a=$?; wait $!; echo $a $?; rmmod kmodctl_diamond_left',
      ],
    },
    {
      title: 'through the shell',
      process: true,
      lines: ['modprobe -v kmodctl_chain_c', 'modprobe -r -v kmodctl_chain_c'],
    },
    { title: 'without a name', lines: ['modprobe', 'modprobe -v', 'modprobe -r', 'modprobe -a'] },
    {
      title: 'a wrong option',
      lines: [
        'modprobe --no-such-option kmodctl_leaf_a',
        'modprobe -Z kmodctl_leaf_a',
        'modprobe --set-version',
        'modprobe --s kmodctl_leaf_a',
      ],
    },
    {
      title: 'another release',
      lines: [
        'modprobe -S 1.2.3 kmodctl_leaf_a',
        'modprobe -d /versus -S 1.2.3 kmodctl_leaf_a',
        'modprobe -d /versus/tree -v kmodctl_chain_c',
      ],
    },
  ],
};
