import type { Theme } from '../scenario.ts';
import { conf } from './configured.ts';

/** What commands print goes to stderr: kmod holds back its own lines where stdout is no terminal, so that they come after. */
export const commands: Theme = {
  name: 'commands',
  scenarios: [
    {
      title: 'install',
      process: true,
      files: conf('install kmodctl_leaf_d echo installing >&2'),
      lines: [
        'modprobe kmodctl_leaf_d',
        'modprobe -v kmodctl_leaf_d',
        'modprobe -n -v kmodctl_leaf_d',
        'modprobe -D kmodctl_leaf_d',
      ],
    },
    {
      title: 'install that loads it',
      process: true,
      files: conf(
        'install kmodctl_leaf_d modprobe --ignore-install kmodctl_leaf_d $CMDLINE_OPTS && echo done >&2',
      ),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe kmodctl_leaf_d'],
    },
    {
      title: 'install with $CMDLINE_OPTS',
      files: conf(
        'install kmodctl_leaf_d echo "<$CMDLINE_OPTS>" $CMDLINE_OPTS >&2',
        'options kmodctl_leaf_d value=1',
      ),
      lines: ['modprobe -v kmodctl_leaf_d value=2 note=x', 'modprobe -D kmodctl_leaf_d value=2'],
    },
    {
      title: 'install that hands its options on',
      files: conf('install kmodctl_leaf_d modprobe -i kmodctl_leaf_d $CMDLINE_OPTS'),
      lines: ['modprobe kmodctl_leaf_d value=2 note=x'],
    },
    {
      title: 'install with a variable',
      files: conf('install kmodctl_leaf_d echo $MODPROBE_MODULE >&2'),
      lines: ['modprobe kmodctl-leaf-d'],
    },
    {
      title: 'install that fails',
      process: true,
      files: conf('install kmodctl_leaf_d exit 3'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -q kmodctl_leaf_d', 'modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'install that is not found',
      files: conf('install kmodctl_leaf_d /no/such/program'),
      lines: ['modprobe kmodctl_leaf_d'],
    },
    {
      title: 'install that is ended by a signal',
      process: true,
      files: conf('install kmodctl_leaf_d kill -9 $$'),
      lines: ['modprobe kmodctl_leaf_d'],
      difference: {
        because: 'a command that did not end by itself has not succeeded',
        ours: [{ exitCode: 1, loaded: [] }],
      },
    },
    {
      title: 'install of a dependency',
      files: conf('install kmodctl_chain_d echo instead >&2; modprobe -i kmodctl_chain_d'),
      lines: ['modprobe kmodctl_chain_b'],
    },
    {
      title: 'install of a dependency that does not load it',
      files: conf('install kmodctl_chain_d true'),
      lines: ['modprobe -v kmodctl_chain_b'],
      difference: {
        because: 'the message names the dependency',
        ours: [
          {
            exitCode: 1,
            stderr:
              "modprobe: ERROR: could not insert 'kmodctl_chain_b': Unknown symbol in module, or unknown parameter (see dmesg)\nmodprobe: ERROR: 'kmodctl_chain_b' needs 'kmodctl_chain_c', and that is what failed\n",
          },
        ],
      },
    },
    {
      title: 'install of a dependency that fails',
      files: conf('install kmodctl_chain_c false'),
      lines: ['modprobe kmodctl_chain_a'],
      difference: {
        because: 'the message names the dependency, and what was loaded is unloaded again',
        ours: [
          {
            exitCode: 1,
            stderr:
              "modprobe: ERROR: Error running install command 'false' for module kmodctl_chain_c: retcode 1\nmodprobe: ERROR: could not insert 'kmodctl_chain_a': Invalid argument\nmodprobe: ERROR: 'kmodctl_chain_a' needs 'kmodctl_chain_c', and that is what failed\nmodprobe: WARNING: unloaded again, as it was loaded for 'kmodctl_chain_a': kmodctl_chain_d\n",
            loaded: [],
          },
        ],
      },
    },
    {
      title: 'install left out by -i',
      files: conf('install kmodctl_leaf_d false', 'install kmodctl_chain_d false'),
      lines: ['modprobe -v -i kmodctl_leaf_d', 'modprobe -i kmodctl_chain_c'],
      difference: {
        because: 'the message names the dependency',
        ours: [
          { exitCode: 0, loaded: ['kmodctl_leaf_d'] },
          {
            exitCode: 1,
            stderr:
              "modprobe: ERROR: Error running install command 'false' for module kmodctl_chain_d: retcode 1\nmodprobe: ERROR: could not insert 'kmodctl_chain_c': Invalid argument\nmodprobe: ERROR: 'kmodctl_chain_c' needs 'kmodctl_chain_d', and that is what failed\n",
          },
        ],
      },
    },
    {
      title: 'install of a name that no module has',
      files: conf('install kv-name echo for $MODPROBE_MODULE >&2'),
      lines: [
        'modprobe kv-name',
        'modprobe -v kv_name',
        'modprobe -R kv-name',
        'modprobe --first-time kv-name',
      ],
    },
    {
      title: 'install for a pattern',
      files: conf('install kmodctl_leaf_[de] echo pattern >&2'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe kmodctl_leaf_f', 'modprobe "kmodctl_leaf_[de]"'],
    },
    {
      title: 'the first of two',
      files: conf('install kmodctl_leaf_d echo first >&2', 'install kmodctl_leaf_d echo second >&2'),
      lines: ['modprobe kmodctl_leaf_d'],
    },
    {
      title: 'install of a loaded module',
      files: conf('install kmodctl_leaf_d echo again >&2'),
      lines: [
        'modprobe -i kmodctl_leaf_d',
        'modprobe kmodctl_leaf_d',
        'modprobe --first-time kmodctl_leaf_d',
      ],
    },
    {
      title: 'install and softdep of one module',
      files: conf('install kmodctl_leaf_d /bin/false', 'softdep kmodctl_leaf_d pre: kmodctl_leaf_e'),
      lines: ['modprobe kmodctl_leaf_d'],
      difference: { because: 'a block is a block', ours: [{ exitCode: 1 }] },
    },
    {
      title: 'install through an alias',
      files: conf('alias kv kmodctl_leaf_d', 'install kmodctl_leaf_d echo via alias >&2'),
      lines: ['modprobe kv'],
    },
    {
      title: 'install of a blacklisted module',
      files: conf('blacklist kmodctl_leaf_d', 'install kmodctl_leaf_d echo no >&2'),
      lines: ['modprobe -b kmodctl_leaf_d', 'modprobe kmodctl_leaf_d'],
    },
    {
      title: 'install of a soft dependency that fails',
      files: conf('softdep kmodctl_leaf_e pre: kmodctl_leaf_d', 'install kmodctl_leaf_d false'),
      lines: ['modprobe -v kmodctl_leaf_e'],
    },
    {
      title: 'what the nested modprobe is told',
      process: true,
      files: conf('install kmodctl_leaf_d echo "$MODPROBE_OPTIONS" >&2'),
      lines: [
        'modprobe -v kmodctl_leaf_d',
        'modprobe -r kmodctl_leaf_d',
        'modprobe -q -C /etc/modprobe.d kmodctl_leaf_d',
      ],
    },
    {
      title: 'a command with quotes and backslashes',
      files: conf(`install kmodctl_leaf_d printf '%s\\\\n' "a  b" 'c d' \\\\$HOME >&2`),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'a command over two lines',
      files: conf('install kmodctl_leaf_d echo one >&2; \\', '  echo two >&2'),
      lines: ['modprobe -v kmodctl_leaf_d'],
    },
    {
      title: 'remove',
      process: true,
      files: conf('remove kmodctl_leaf_d echo removing >&2; modprobe -r -i kmodctl_leaf_d'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -r -v kmodctl_leaf_d', 'modprobe -r -n -v kmodctl_leaf_d'],
    },
    {
      title: 'remove that keeps it',
      files: conf('remove kmodctl_leaf_d echo kept >&2'),
      lines: [
        'modprobe kmodctl_leaf_d',
        'modprobe -r kmodctl_leaf_d',
        'modprobe -r --first-time kmodctl_leaf_d',
      ],
    },
    {
      title: 'remove that fails',
      process: true,
      files: conf('remove kmodctl_leaf_d exit 4'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -r kmodctl_leaf_d', 'modprobe -r -q kmodctl_leaf_d'],
    },
    {
      title: 'remove left out by -i',
      files: conf('remove kmodctl_leaf_d false'),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -r -i -v kmodctl_leaf_d'],
    },
    {
      title: 'remove of a name that no module has',
      files: conf('remove kv-name echo gone $MODPROBE_MODULE "<$CMDLINE_OPTS>" >&2'),
      lines: ['modprobe -r kv-name', 'modprobe -R kv-name'],
    },
    {
      title: 'remove of a dependency is not run',
      files: conf('remove kmodctl_chain_d echo dependency >&2'),
      lines: ['modprobe kmodctl_chain_c', 'modprobe -r -v kmodctl_chain_c'],
    },
    {
      title: 'remove of a module in use',
      files: conf('remove kmodctl_chain_d echo asked anyway >&2'),
      lines: ['modprobe kmodctl_chain_c', 'modprobe -r kmodctl_chain_d'],
    },
    {
      title: 'remove of a soft dependency',
      files: conf(
        'softdep kmodctl_leaf_d pre: kmodctl_leaf_e',
        'remove kmodctl_leaf_e echo soft >&2; modprobe -r -i kmodctl_leaf_e',
      ),
      lines: ['modprobe kmodctl_leaf_d', 'modprobe -r -v kmodctl_leaf_d'],
    },
  ],
};
