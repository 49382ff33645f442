import type { Manual } from './manual.ts';

/** modprobe(8). */
export const modprobeManual: Manual = {
  name: 'modprobe',
  purpose: 'load and unload kernel modules with all that they need',
  usage: [
    '[options] NAME [PARAMETER=VALUE...]',
    '[options] -a NAME...',
    '[options] -r NAME...',
    '[options] -c',
    '[options] --show-modversions|--show-exports FILE|NAME',
  ],
  about:
    'Loads modules by name, alias or path (beginning with / or ./) with all that they need; -r unloads them, and what they alone needed. Of -c, --show-modversions, --show-exports, -r and -a the first in this order counts.',
  operands: 'module-and-parameters',
  sections: [
    {
      title: 'What to do',
      options: [
        ['-a, --all', 'every operand is a module'],
        ['-r, --remove', 'unload instead; every operand is a module'],
        ['--remove-holders', 'unload also what uses the modules, before them'],
        ['--remove-dependencies', 'another name of --remove-holders'],
        ['-w, --wait=MSEC', 'with -r: wait so many milliseconds for a module that is in use'],
        ['--first-time', 'fail when there is nothing to do'],
        ['-f, --force', "both of the next two; with -r: unload in spite of the kernel's doubts"],
        ['--force-modversion', 'load in spite of other symbol versions'],
        ['--force-vermagic', 'load in spite of another version magic'],
        [
          '-i, --ignore-install, --ignore-remove',
          'do without install and remove commands, and without the soft dependencies, of the modules named',
        ],
        ['-b, --use-blacklist', 'the blacklist counts for plain names too'],
      ],
    },
    {
      title: 'Only look',
      options: [
        ['-n, --dry-run, --show', 'change nothing; with -v print what would be done'],
        ['-D, --show-depends', 'print what would be loaded, also what is loaded already'],
        ['-R, --resolve-alias, --show-alias', 'print the names of the modules that an alias stands for'],
        ['-c, --showconfig, --show-config', 'print the configuration and the indexes of aliases and symbols'],
        [
          '--show-modversions, --dump-modversions',
          'print versions and names of the symbols that a module needs',
        ],
        ['--show-exports', 'print versions and names of the symbols that a module offers'],
      ],
    },
    {
      title: 'Where',
      options: [
        [
          '-C, --config=PATH',
          'file or folder in place of the folders modprobe.d; may be given several times',
          'file',
        ],
        [
          '-d, --dirname=DIR',
          'folder that holds lib/modules, in place of /; not for configuration',
          'folder',
        ],
        ['-S, --set-version=RELEASE', 'kernel release in place of that of the running kernel', 'release'],
        [
          '--modules-conf[=FILE]',
          'work from a modules.conf of Linux 2.0 to 2.4, which goes before modprobe.d; default: MODULECONFIG, /etc/modules.conf or /etc/conf.modules',
          'file',
        ],
        ['--mode=MODE', 'how it is read: fixed (default), or 2.4, as modutils did', ['fixed', '2.4']],
        ['--allow-shell', 'run the commands in its values'],
      ],
    },
    {
      title: 'Output',
      options: [
        ['-q, --quiet', 'no messages'],
        ['-v, --verbose', 'print what is done; more often: more messages'],
        ['-s, --syslog', "messages to the system's log, not to stderr"],
        ['-V, --version', 'show the version'],
        ['-h, --help', 'show this text'],
      ],
    },
    {
      title: 'How',
      options: [
        [
          '--check-owner=WHAT',
          'what to do about files that others than root may change: off, warn or refuse; default: warn, as root',
          ['off', 'warn', 'refuse'],
        ],
        ['-k, --autoclean', 'mark what is loaded, so that rmmod -a may unload it again when nothing uses it'],
        [
          '--safe',
          'the one word behind -- is a request by the kernel: refuse names that no request has, run commands with nothing but its environment, and refuse files that others than root may change; so it is, too, where the environment holds HOME=/, TERM=linux and PATH of the kernel alone',
        ],
        ['--no-rollback', 'after a failure leave loaded what was loaded'],
        [
          '-j, --jobs=N',
          'how many modules (with -a also operands) that do not need each other are loaded at once',
        ],
        ['--compat=kmod', "do as kmod's modprobe does where that is wrong", ['kmod']],
      ],
    },
  ],
};
