import type { Manual, ManualOption } from './manual.ts';

const general: readonly ManualOption[] = [
  ['-s, --syslog', "messages to the system's log, not to stderr"],
  ['-v, --verbose', 'accepted, shows no more than without'],
  ['-V, --version', 'show the version'],
  ['-h, --help', 'show this text'],
];

const compat: ManualOption = ['--compat=kmod', 'answer as kmod does where that is wrong', ['kmod']];

/** insmod(8). */
export const insmodManual: Manual = {
  name: 'insmod',
  purpose: 'load one kernel module from a file',
  usage: ['[options] FILE [PARAMETER=VALUE...]'],
  about: 'Loads one file and nothing that it needs; modprobe loads by name, with dependencies.',
  operands: 'module-file',
  sections: [
    {
      title: 'Options',
      options: [
        ['-f, --force', 'load in spite of another version magic or symbol versions; may crash the machine'],
        [
          '--check-owner=WHAT',
          'files that somebody else than root could change: off, warn (default for root) or refuse',
          ['off', 'warn', 'refuse'],
        ],
        ...general,
        compat,
      ],
    },
  ],
};

/** rmmod(8). */
export const rmmodManual: Manual = {
  name: 'rmmod',
  purpose: 'unload kernel modules',
  usage: ['[options] NAME...', '[-v] -a'],
  about: 'Unloads the modules named and nothing else; modprobe -r also unloads what they alone needed.',
  operands: 'loaded',
  sections: [
    {
      title: 'Options',
      options: [
        ['-f, --force', 'unload in spite of users or a missing exit function; may crash the machine'],
        [
          '-a, --all',
          'clean up: of what modprobe -k loaded, unload what is not in use now nor was at the last time; -v prints it',
        ],
        compat,
        ...general,
      ],
    },
  ],
};

/** lsmod(8). */
export const lsmodManual: Manual = {
  name: 'lsmod',
  purpose: 'list the loaded kernel modules',
  usage: ['[options]'],
  about: 'Lists the loaded modules, newest first.',
  operands: 'none',
  sections: [
    {
      title: 'Options',
      options: [
        ['--classic', 'the look of Linux 2.4: (autoclean), (unused), users in brackets'],
        compat,
        ...general,
      ],
    },
  ],
};
