import type { Scenario, Theme } from '../scenario.ts';
import { conf } from './configured.ts';

/** Loads the module that has a parameter of each type, with these words. */
function types(title: string, ...words: readonly string[]): Scenario {
  return {
    title,
    lines: words.flatMap((word) => [`modprobe -v kmodctl_types ${word}`, 'rmmod kmodctl_types']).slice(0, -1),
  };
}

export const parameters: Theme = {
  name: 'parameters',
  scenarios: [
    types('all left as they are', ''),
    types('booleans', 'a_bool=y an_invbool=1'),
    types('a boolean without a value', 'a_bool'),
    types('a boolean switched off', 'a_bool=N an_invbool=n'),
    types('a boolean that is none', 'a_bool=perhaps'),
    types('whole numbers', 'a_byte=255 a_short=-32768 a_ushort=65535 an_int=-7 a_uint=7 a_long=-8 a_ulong=8'),
    types('hexadecimal and octal numbers', 'an_int=0x10 a_uint=010 a_ullong=0xffffffffffffffff a_hexint=255'),
    types('a number too large', 'a_byte=256'),
    types('a number that is none', 'an_int=many'),
    types('a number without a value', 'an_int='),
    types('a number without an equals sign', 'an_int'),
    types('a text', 'a_charp=hello a_string=short'),
    types('an empty text', 'a_charp= a_string='),
    types('a text too long', 'a_string=much-too-long-for-it'),
    types('a text with spaces', "'a_charp=two words'"),
    types('a text with spaces, quoted already', `'a_charp="two  words"'`),
    types('a text with an equals sign', 'a_charp=a=b,c=d'),
    types('a text with quotes in it', `'a_charp=say "hi"'`, `a_charp=x"y"z`),
    types('a text with a backslash', "'a_charp=a\\b'"),
    types('a text with a tab', "'a_charp=a\tb'"),
    types('a text with a dollar', "'a_charp=$HOME `id`'"),
    types('an array', 'ints=9', 'ints=1'),
    types('an array, in full', 'ints=4,3,2,1'),
    types('an array with too many', 'ints=1,2,3,4,5'),
    types('an array with a bad value', 'ints=1,x'),
    types('an array of texts', 'texts=a,b,c'),
    types('an array of booleans', 'bools=Y,N'),
    types('one that /sys does not show', 'hidden=3'),
    types('one with another name', 'inner_name=5'),
    types('the same one twice', 'an_int=1 an_int=2'),
    types('an unknown one', 'nothing=1'),
    types('an unknown one among known ones', 'an_int=3 nothing=1 a_uint=4'),
    types('a dash for an underscore', 'an-int=5'),
    types('words that are no parameter', '5 = ,'),
    types('an empty word', "''"),
    types('dashes', '-- an_int=5'),
    types('the kernel sees dyndbg itself', 'dyndbg=+p'),
    {
      title: 'options of the configuration',
      files: conf('options kmodctl_types an_int=11 a_charp=configured'),
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options and words: the word comes later',
      files: conf('options kmodctl_types an_int=11 a_uint=12'),
      lines: ['modprobe -v kmodctl_types an_int=13'],
    },
    {
      title: 'options of several lines and files',
      files: {
        ...conf('options kmodctl_types an_int=1', 'options kmodctl-types a_uint=2'),
        '/usr/lib/modprobe.d/a.conf': 'options kmodctl_types an_int=3\n',
        '/etc/modprobe.d/z.conf': 'options kmodctl_types a_short=4\n',
      },
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options with quotes',
      files: conf('options kmodctl_types a_charp="one two three" an_int=5'),
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options with more blanks and tabs',
      files: conf('options   kmodctl_types \t an_int=5 \t a_uint=6 '),
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options that go on in the next line',
      files: conf('options kmodctl_types \\', '  an_int=5\\', '4 a_uint=6'),
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options that the module does not take',
      files: conf('options kmodctl_types an_int=x'),
      lines: ['modprobe -v kmodctl_types', 'modprobe -q kmodctl_types'],
    },
    {
      title: 'options of a dependency',
      files: conf('options kmodctl_chain_d dyndbg=-p', 'options kmodctl_chain_a dyndbg=+p'),
      lines: ['modprobe -v kmodctl_chain_b', 'modprobe -v kmodctl_chain_a dyndbg=-p'],
    },
    {
      title: 'options of the kernel command line',
      kernelCommandLine: 'quiet kmodctl_types.an_int=21 kmodctl-types.a_bool\n',
      lines: ['modprobe -v kmodctl_types', 'insmod /versus/files/kmodctl_params.ko'],
    },
    {
      title: 'quoted options of the kernel command line',
      kernelCommandLine:
        'kmodctl_types.a_charp="a b" "kmodctl_types.a_string=c d" kmodctl_types.ints=1,2,3\n',
      lines: ['modprobe -v kmodctl_types'],
    },
    {
      title: 'options of the command line of the kernel, of the configuration and of ours',
      files: conf('options kmodctl_types an_int=1 a_uint=1 a_short=1'),
      kernelCommandLine: 'kmodctl_types.an_int=2 kmodctl_types.a_uint=2\n',
      lines: ['modprobe -v kmodctl_types an_int=3'],
    },
    {
      title: 'options through an alias',
      files: conf(
        'alias kv-types kmodctl_types',
        'options kv-types an_int=5',
        'options kmodctl_types a_uint=6',
      ),
      lines: ['modprobe -v kv-types', 'modprobe -r kmodctl_types', 'modprobe -v kmodctl_types'],
    },
    {
      title: 'bytes that are no UTF-8',
      lines: [
        `sh: modprobe -v kmodctl_types a_charp="$(printf 'x\\377\\303y\\303\\251')"`,
        'rmmod kmodctl_types',
        `sh: printf 'options kmodctl_types a_charp=\\376z\\n' > /run/bytes.conf; modprobe -v -C /run/bytes.conf kmodctl_types; rm /run/bytes.conf`,
      ],
    },
    { title: 'many words', lines: [`modprobe -v kmodctl_leaf_a value=1 'note=${'long '.repeat(150)}'`] },
    { title: 'too long a text', lines: [`modprobe kmodctl_leaf_a note=${'x'.repeat(1100)}`] },
  ],
};
