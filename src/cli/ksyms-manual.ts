import type { Manual } from './manual.ts';

/** ksyms(8). */
export const ksymsManual: Manual = {
  name: 'ksyms',
  purpose: 'show the symbols that the kernel and its modules export',
  usage: ['[options]'],
  about:
    'Shows the exported symbols of the loaded modules, newest module first, with their addresses; with -a those of the kernel too. Where the kernel hides addresses they are shown as (hidden).',
  operands: 'none',
  sections: [
    {
      title: 'Options',
      options: [
        ['-a, --all', "the kernel's own symbols, too"],
        ['-m, --info', 'a line for each module: its address, its size, its name'],
        ['-h, --noheader', 'without the line of headings'],
        [
          '--versions',
          'names with the versions of symbols, where those can be known: export_function_R888cb211',
        ],
        ['--json', 'the result as JSON'],
        ['-V, --version', 'show the version'],
        ['-H, --help', 'show this text'],
      ],
    },
  ],
};
