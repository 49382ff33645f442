import type { Manual } from './manual.ts';

/** modinfo(8). */
export const modinfoManual: Manual = {
  name: 'modinfo',
  purpose: 'show what kernel modules say of themselves',
  usage: ['[options] NAME|ALIAS|FILE...'],
  about:
    'Shows what modules say of themselves. What ends in .ko, .ko.gz, .ko.xz or .ko.zst and is a file is read as one; all else is looked up in the module tree. Of an alias all modules are shown that have it.',
  operands: 'modules',
  sections: [
    {
      title: 'One field only, each value on a line (the last of these options counts)',
      options: [
        [
          '-F, --field=FIELD',
          'values of this field, exactly as it is written',
          [
            'alias',
            'author',
            'depends',
            'description',
            'filename',
            'firmware',
            'license',
            'parm',
            'signer',
            'softdep',
            'srcversion',
            'version',
            'vermagic',
          ],
        ],
        ['-a, --author', 'the field author'],
        ['-d, --description', 'the field description'],
        ['-l, --license', 'the field license'],
        ['-p, --parameters', 'name, description and type of the parameters (the field parm)'],
        ['-n, --filename', 'path of the file, (builtin) for a part of the kernel'],
      ],
    },
    {
      title: 'Which modules',
      options: [
        ['-m, --modname', 'operands are names, neither files nor aliases'],
        ['-k, --set-version=RELEASE', 'kernel release in place of that of the running kernel', 'release'],
        ['-b, --basedir=DIR', 'folder that holds lib/modules, in place of /', 'folder'],
      ],
    },
    {
      title: 'Output',
      options: [
        [
          '-0, --null',
          'NUL in place of newline, in the form that kmod\'s modinfo has: key=value, but filename, name and parm as "key:   value", and a signature over several lines',
        ],
        [
          '--records',
          'every line a record key=value with a NUL behind it: first module=NAME and, unless it is a part of the kernel, filename=PATH; then all entries as the module has them (parm and parmtype apart, nothing merged or broken), then the signature. An empty record (one more NUL) ends each module',
        ],
        ['--json', 'an object with typed values for each module'],
        [
          '--versions',
          "the symbols that a module needs and exports, with the checksums of their types that the module was built with and that the kernel has; the kernel's are those of Module.symvers, or those that other modules were built with",
        ],
        [
          '--classic',
          'with --versions: as nm showed modules of Linux 2.4, versions in the names: printk_R1b7d4074',
        ],
        ['-V, --version', 'show the version'],
        ['-h, --help', 'show this text'],
      ],
    },
  ],
};
