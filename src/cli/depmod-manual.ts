import type { Manual } from './manual.ts';

/** depmod(8). */
export const depmodManual: Manual = {
  name: 'depmod',
  purpose: 'write the indexes that modules are looked up in',
  usage: ['[options] [RELEASE [FILE...]]'],
  about:
    'Reads the modules of a kernel release (default: the running one) and writes the indexes that modprobe looks things up in: modules.dep, modules.alias and the others. Either all of them are replaced or none. With FILEs (absolute paths) the indexes hold these modules only.',
  operands: 'module-file',
  sections: [
    {
      title: 'What to do',
      options: [
        ['-a, --all', 'all modules of the release, even if FILEs are given'],
        ['-A, --quick', 'nothing if the indexes are up to date'],
        ['-n, --show, --dry-run', 'print the text files and write nothing'],
        ['--check', 'change nothing; tell whether the indexes fit the modules (exit code 0) or not (1)'],
      ],
    },
    {
      title: 'Where',
      options: [
        ['-b, --basedir=DIR', 'folder in place of /; not for configuration', 'folder'],
        ['-m, --moduledir=DIR', 'folder of all releases below it, in place of /lib/modules', 'folder'],
        ['-o, --outdir=DIR', 'write below this folder in place of that of -b', 'folder'],
        [
          '-C, --config=PATH',
          'file or folder in place of the folders depmod.d; may be given several times',
          'file',
        ],
      ],
    },
    {
      title: 'Symbols',
      options: [
        ['-E, --symvers=FILE', 'symbols and their versions of the kernel: a Module.symvers', 'file'],
        ['-F, --filesyms=FILE', 'symbols of the kernel: a System.map', 'file'],
        ['-e, --errsyms', 'with -E or -F: report symbols that nobody exports, and versions that differ'],
        ['-P, --symbol-prefix=CHAR', 'character in front of every symbol'],
      ],
    },
    {
      title: 'Output',
      options: [
        ['-v, --verbose', 'print which module needs which, and why; more often: more messages'],
        ['-w, --warn', 'report aliases that a module has twice'],
        ['--json', 'print a summary'],
        ['-V, --version', 'show the version'],
        ['-h, --help', 'show this text'],
      ],
    },
    {
      title: 'How',
      options: [
        ['-j, --jobs=N', 'threads that read modules'],
        ['--no-cache', 'read every module, even those that have not changed since the last run'],
        [
          '--compat=kmod',
          "do as kmod's depmod does where that is wrong: choose between duplicates by the order of the file system, go on when modules cannot be read, judge -A by dates alone",
          ['kmod'],
        ],
      ],
    },
  ],
};
