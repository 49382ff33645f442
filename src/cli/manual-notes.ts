/** What a manual page has besides the options. It is not part of the program. */
export interface ManualNotes {
  /** Paragraphs below the description. */
  readonly description: readonly string[];
  readonly exitStatus: string;
  /** Variable or file, and what it is for. */
  readonly environment: readonly (readonly [string, string])[];
  readonly files: readonly (readonly [string, string])[];
  /** What it does, and the command line. */
  readonly examples: readonly (readonly [string, string])[];
  readonly seeAlso: readonly string[];
}

const zeroOrOne = '0 if everything worked, otherwise 1. Each failure has a message.';
const posix: readonly [string, string] = ['POSIXLY_CORRECT', 'options end at the first operand'];
const colours: readonly (readonly [string, string])[] = [
  ['NO_COLOR', 'not empty: no colours, unless --color says otherwise'],
  ['FORCE_COLOR', 'not empty, and neither 0 nor false: colours even where no terminal is'],
];

/** By the name of the tool. */
export const manualNotes: Readonly<Record<string, ManualNotes>> = {
  modprobe: {
    description: [
      'A name is looked for among the aliases of the configuration, the modules of the tree, commands of the configuration, the aliases that modules declare, and the modules that are part of the kernel, in this order. Dashes and underscores in names are the same.',
      'Parameters are joined by blanks. A value with blanks gets double quotes: y="a b".',
      'A load that fails half-way is undone: what this call loaded is unloaded again, and nothing else.',
      "A module's install command runs in its place, with the parameters in place of $CMDLINE_OPTS and the module's name in the variable MODPROBE_MODULE.",
    ],
    exitStatus: zeroOrOne,
    environment: [
      [
        'MODPROBE_OPTIONS',
        'options, in front of those of the command line. White space separates them; quotes of either kind hold words together. A modprobe that a command of the configuration runs gets -C, -q, -s and -v of this one here',
      ],
      ['MODPROBE_MODULE', "set for commands of the configuration: the module's name"],
      posix,
    ],
    files: [
      [
        '/etc/modprobe.d, /run/modprobe.d, /usr/local/lib/modprobe.d, /usr/lib/modprobe.d, /lib/modprobe.d',
        'the configuration: files named *.conf; of several with one name the one in the first folder counts',
      ],
      ['/proc/cmdline', 'options of the form module.parameter=value, and modprobe.blacklist=module,module'],
      ['/lib/modules/RELEASE', 'the modules and what depmod wrote about them'],
    ],
    examples: [
      ['Load a module, printing each step', 'modprobe -v btrfs'],
      ['What would be done, and nothing else', 'modprobe -n -v bonding mode=1'],
      [
        'Unload a module and what it alone needed, waiting up to ten seconds',
        'modprobe -r -w 10000 dm_crypt',
      ],
    ],
    seeAlso: ['insmod(8)', 'rmmod(8)', 'depmod(8)', 'modinfo(8)', 'modprobe.d(5)', 'kmodctl(8)'],
  },
  insmod: {
    description: ['The file may be compressed with gzip, xz or zstd. Standard input is not read.'],
    exitStatus: zeroOrOne,
    environment: [posix],
    files: [],
    examples: [['Load a file with a parameter', 'insmod ./my_driver.ko debug=1']],
    seeAlso: ['modprobe(8)', 'rmmod(8)', 'kmodctl(8)'],
  },
  rmmod: {
    description: ['An operand that is a file stands for the module of its name.'],
    exitStatus: `${zeroOrOne} After a failure the other modules are still tried.`,
    environment: [posix],
    files: [],
    examples: [['Unload a module', 'rmmod dummy']],
    seeAlso: ['modprobe(8)', 'lsmod(8)', 'kmodctl(8)'],
  },
  lsmod: {
    description: ['Columns: name, size in bytes, number of uses, and the modules that use it.'],
    exitStatus: zeroOrOne,
    environment: [posix],
    files: [['/proc/modules, /sys/module', 'where the kernel tells of its modules']],
    examples: [['As lsmod of modutils 2.4 did', 'lsmod --classic']],
    seeAlso: ['modprobe(8)', 'modinfo(8)', 'ksyms(8)', 'kmodctl(8)'],
  },
  ksyms: {
    description: [
      'The tool of modutils, for Linux 1.x to 2.4, on kernels of today. Options and columns are those of then; names have no versions in them any more.',
      'Addresses are only for those with CAP_SYSLOG, and for nobody where kernel.kptr_restrict is 2.',
    ],
    exitStatus: zeroOrOne,
    environment: [posix],
    files: [['/proc/kallsyms, /proc/modules', 'where the kernel tells of its symbols']],
    examples: [
      ['What the modules export', 'ksyms'],
      ['Where the kernel prints', 'ksyms -a | grep printk'],
    ],
    seeAlso: ['lsmod(8)', 'modinfo(8)', 'kmodctl(8)'],
  },
  modinfo: {
    description: [],
    exitStatus: `${zeroOrOne} After a failure the other modules are still shown.`,
    environment: [posix],
    files: [
      ['/lib/modules/RELEASE', 'the modules; modules.builtin.modinfo for those that are part of the kernel'],
    ],
    examples: [
      ['All parameters of a module', 'modinfo -p bonding'],
      ['The same for programs', 'modinfo --json bonding'],
    ],
    seeAlso: ['modprobe(8)', 'kmodctl(8)'],
  },
  depmod: {
    description: [
      'What modules contribute is remembered from run to run, so that only those are read that have changed.',
    ],
    exitStatus: `${zeroOrOne} With --check 0 if the indexes fit the modules.`,
    environment: [posix],
    files: [
      [
        '/etc/depmod.d, /run/depmod.d, /usr/local/lib/depmod.d, /usr/lib/depmod.d, /lib/depmod.d',
        'the configuration: files named *.conf; of several with one name the one in the first folder counts',
      ],
      ['/lib/modules/RELEASE/modules.*', 'the indexes'],
    ],
    examples: [
      ['All indexes of the running kernel', 'depmod'],
      ['Those of an image', 'depmod -b /mnt/image 6.12.1'],
    ],
    seeAlso: ['modprobe(8)', 'depmod.d(5)', 'kmodctl(8)'],
  },
  kmod: {
    description: [],
    exitStatus: zeroOrOne,
    environment: [posix],
    files: [['/lib/modules/RELEASE/modules.devname', 'the device nodes that load a module']],
    examples: [
      ['For systemd-tmpfiles', 'kmod static-nodes -f tmpfiles -o /run/tmpfiles.d/static-nodes.conf'],
    ],
    seeAlso: ['lsmod(8)', 'tmpfiles.d(5)', 'kmodctl(8)'],
  },
  kmodctl: {
    description: [
      'With --json a command prints one JSON document, with a field schema that names its form, and with an error in place of the result where there is none; messages for people go to standard error all the same.',
    ],
    exitStatus: zeroOrOne,
    environment: [...colours, posix],
    files: [['/lib/modules/RELEASE', 'the modules and what depmod wrote about them']],
    examples: [
      ['What loading would do, and why', 'kmodctl plan btrfs'],
      ['Why a file does not load', 'kmodctl doctor ./driver.ko'],
      ['The loaded modules, for programs', 'kmodctl list --json'],
      ['Completion in bash', 'source <(kmodctl completion bash)'],
    ],
    seeAlso: ['modprobe(8)', 'lsmod(8)', 'modinfo(8)', 'depmod(8)'],
  },
};
