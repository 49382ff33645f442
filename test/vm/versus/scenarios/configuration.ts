import type { Theme } from '../scenario.ts';
import { conf } from './configured.ts';

const OTHER = '/run/versus/other.conf';

export const configuration: Theme = {
  name: 'configuration',
  scenarios: [
    {
      title: '-C with a file',
      files: { ...conf('options kmodctl_leaf_d value=1'), [OTHER]: 'options kmodctl_leaf_d value=2\n' },
      lines: [`modprobe -v -C ${OTHER} kmodctl_leaf_d`],
    },
    {
      title: '-C with a folder',
      files: { ...conf('options kmodctl_leaf_d value=1'), [OTHER]: 'options kmodctl_leaf_d value=2\n' },
      lines: ['modprobe -v -C /run/versus kmodctl_leaf_d'],
    },
    {
      title: '-C twice',
      files: { ...conf('options kmodctl_leaf_d value=1'), [OTHER]: 'options kmodctl_leaf_d note=x\n' },
      lines: [`modprobe -v -C ${OTHER} --config=/etc/modprobe.d kmodctl_leaf_d`],
    },
    {
      title: '-C with nothing',
      files: conf('options kmodctl_leaf_d value=1'),
      lines: ['modprobe -v -C /dev/null kmodctl_leaf_d', 'modprobe -C /no/such/file -v kmodctl_leaf_e'],
    },
    {
      title: 'the order of the folders',
      files: {
        '/etc/modprobe.d/t1.conf': 'options kmodctl_leaf_d note=etc\n',
        '/run/modprobe.d/t1.conf': 'options kmodctl_leaf_d note=run value=1\n',
        '/run/modprobe.d/t2.conf': 'options kmodctl_leaf_e note=run\n',
        '/usr/local/lib/modprobe.d/t2.conf': 'options kmodctl_leaf_e note=local\n',
        '/usr/local/lib/modprobe.d/t3.conf': 'options kmodctl_leaf_f note=local\n',
        '/usr/lib/modprobe.d/t3.conf': 'options kmodctl_leaf_f note=lib\n',
        '/usr/lib/modprobe.d/t0.conf': 'options kmodctl_leaf_g note=lib\n',
      },
      lines: ['modprobe -v -a kmodctl_leaf_d kmodctl_leaf_e kmodctl_leaf_f kmodctl_leaf_g', 'modprobe -c'],
      difference: {
        because: 'a softdep has a blank between its lists',
        ours: [
          { exitCode: 0, loaded: ['kmodctl_leaf_g', 'kmodctl_leaf_f', 'kmodctl_leaf_e', 'kmodctl_leaf_d'] },
          { exitCode: 0 },
        ],
      },
    },
    {
      title: 'a file masked by an empty one',
      files: {
        '/etc/modprobe.d/mask.conf': '',
        '/usr/lib/modprobe.d/mask.conf': 'blacklist kmodctl_leaf_d\n',
      },
      lines: ['modprobe -b -v kmodctl_leaf_d'],
    },
    {
      title: 'files of other names',
      files: {
        '/etc/modprobe.d/test.cnf': 'blacklist kmodctl_leaf_d\n',
        '/etc/modprobe.d/.hidden.conf': 'blacklist kmodctl_leaf_d\n',
        '/etc/modprobe.d/conf': 'blacklist kmodctl_leaf_d\n',
        '/etc/modprobe.conf': 'blacklist kmodctl_leaf_d\n',
      },
      lines: ['modprobe -b -v kmodctl_leaf_d'],
    },
    {
      title: 'bad lines are told and left out',
      files: conf(
        'option kmodctl_leaf_d value=1',
        'options',
        'options kmodctl_leaf_d',
        'blacklist',
        'alias only-one',
        'options kmodctl_leaf_d value=7',
        '  # indented',
        '# comment',
        '',
        'install kmodctl_leaf_e',
        'softdep kmodctl_leaf_d',
      ),
      lines: ['modprobe -v kmodctl_leaf_d', 'modprobe -q kmodctl_leaf_e'],
      difference: {
        because: 'an indented comment is a comment',
        ours: [{ exitCode: 0, loaded: ['kmodctl_leaf_d'] }, { exitCode: 0 }],
      },
    },
    {
      title: 'words of older versions',
      files: conf('include /etc/other', 'config yes', 'options kmodctl_leaf_d value=1'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'a comment that goes on',
      files: conf('# comment \\', 'options kmodctl_leaf_d value=1', 'options kmodctl_leaf_d note=x'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'a last line without an end',
      files: { '/etc/modprobe.d/test.conf': 'options kmodctl_leaf_d value=1' },
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'a folder among the files',
      files: { '/etc/modprobe.d/folder.conf/test.conf': 'blacklist kmodctl_leaf_d\n' },
      lines: [
        'modprobe -b -v kmodctl_leaf_d',
        'sh: rmdir /etc/modprobe.d/folder.conf 2>/dev/null || rm -r /etc/modprobe.d/folder.conf',
      ],
    },
    {
      title: 'lines of every kind, shown',
      files: conf(
        'alias kv-one kmodctl_leaf_d',
        'blacklist kmodctl-leaf-e',
        'options kmodctl_leaf_d value=1 note="a b"',
        'install kv-two echo $CMDLINE_OPTS',
        'remove kv-two true',
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e',
        'weakdep kmodctl_leaf_d kmodctl_leaf_f',
      ),
      kernelCommandLine: 'modprobe.blacklist=kmodctl_leaf_f kmodctl_leaf_g.value=3 a.b.c=d "x.y=z w"\n',
      lines: ['modprobe -c'],
      difference: { because: 'a softdep has a blank between its lists', ours: [{ exitCode: 0, stderr: '' }] },
    },
    {
      title: 'a bad word of the kernel command line',
      kernelCommandLine: 'kmodctl_leaf[d.value=1 kmodctl_leaf_d.value=2\n',
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'MODPROBE_OPTIONS',
      lines: [
        'MODPROBE_OPTIONS=-v modprobe kmodctl_leaf_d',
        "MODPROBE_OPTIONS='-r -v' modprobe kmodctl_leaf_d",
        'MODPROBE_OPTIONS=-q modprobe no-such-module',
        'MODPROBE_OPTIONS=--nonsense modprobe kmodctl_leaf_d',
        'MODPROBE_OPTIONS= modprobe -v kmodctl_leaf_d',
      ],
    },
    {
      title: 'MODPROBE_OPTIONS with a file',
      files: { [OTHER]: 'options kmodctl_leaf_d value=2\n' },
      lines: [`MODPROBE_OPTIONS='-v -C ${OTHER}' modprobe kmodctl_leaf_d`],
    },
    {
      title: 'MODPROBE_OPTIONS with a module',
      lines: [
        'MODPROBE_OPTIONS=kmodctl_leaf_d modprobe -v',
        'MODPROBE_OPTIONS=kmodctl_leaf_e modprobe -v -a kmodctl_leaf_f',
      ],
    },
    {
      title: 'a shown configuration without one',
      lines: [
        'modprobe -c -C /dev/null',
        'modprobe --showconfig -C /dev/null',
        'modprobe --show-config -C /dev/null kmodctl_leaf_a',
      ],
      difference: {
        because: 'a softdep has a blank between its lists',
        ours: [
          { exitCode: 0, stderr: '' },
          { exitCode: 0, stderr: '' },
          { exitCode: 0, stderr: '' },
        ],
      },
    },
  ],
};
