import type { ManualOption } from './manual.ts';

/** Options of kmodctl's own subcommands. */
export type KmodctlOptionId =
  | 'all'
  | 'allow-shell'
  | 'autoclean'
  | 'check-owner'
  | 'color'
  | 'compat'
  | 'config'
  | 'count'
  | 'dry-run'
  | 'files'
  | 'first-time'
  | 'force'
  | 'format'
  | 'graph'
  | 'graph-format'
  | 'help'
  | 'ignore-commands'
  | 'initial'
  | 'jobs'
  | 'json'
  | 'keep-dependencies'
  | 'mode'
  | 'modules-conf'
  | 'no-details'
  | 'no-requests'
  | 'no-rollback'
  | 'not'
  | 'output'
  | 'poll'
  | 'quiet'
  | 'release'
  | 'remove'
  | 'remove-holders'
  | 'reverse'
  | 'requests'
  | 'root'
  | 'use-blacklist'
  | 'versions'
  | 'wait';

/** What they are in help texts and manual pages. */
export const kmodctlOptionTexts: Readonly<Record<KmodctlOptionId, ManualOption>> = {
  all: ['-a, --all', 'whole lists, however long'],
  'allow-shell': ['--allow-shell', 'run the commands in values of a modules.conf'],
  autoclean: [
    '-k, --autoclean',
    'mark what is loaded, so that rmmod -a may unload it again when nothing uses it',
  ],
  'check-owner': [
    '--check-owner=WHAT',
    'files that somebody else than root could change: off, warn (default for root) or refuse',
    ['off', 'warn', 'refuse'],
  ],
  color: ['--color=WHEN', 'colours: always, never, or auto: on a terminal', ['always', 'auto', 'never']],
  compat: ['--compat=PROGRAM', "kmod's answer where kmod is wrong", ['kmod']],
  config: [
    '-C, --config=PATH',
    'file or folder in place of the folders modprobe.d; may be given several times',
    'file',
  ],
  count: ['--count=N', 'end after so many modules and requests; those of --initial do not count'],
  'dry-run': ['-n, --dry-run', 'only look'],
  files: ['--files', 'owner, mode and links of files'],
  'first-time': ['--first-time', 'fail when the module is in the kernel already'],
  force: ['-f, --force', 'in spite of users or a missing exit function; may crash the machine'],
  format: [
    '-f, --format=FORMAT',
    'human: to be read by people (default); tmpfiles: for systemd-tmpfiles, see tmpfiles.d(5); devname: the form of modules.devname',
    ['human', 'tmpfiles', 'devname'],
  ],
  graph: [
    '--graph=FORMAT',
    'a picture: dot, mermaid, or svg (needs the package @viz-js/viz)',
    ['dot', 'mermaid', 'svg'],
  ],
  'graph-format': [
    '-f, --format=FORMAT',
    'dot: for Graphviz (default); mermaid; svg: needs the package @viz-js/viz',
    ['dot', 'mermaid', 'svg'],
  ],
  help: ['-h, --help', 'show this text'],
  'ignore-commands': [
    '-i, --ignore-install',
    'without install commands and soft dependencies of the modules named',
  ],
  initial: ['--initial', 'the modules that are there already first'],
  jobs: ['-j, --jobs=N', 'how many modules that do not need each other are loaded at the same time'],
  json: ['--json', 'the result as JSON'],
  'keep-dependencies': ['--keep-dependencies', 'unload only the modules named'],
  mode: [
    '--mode=MODE',
    'how a modules.conf is read: fixed (default), or 2.4, as modutils did',
    ['fixed', '2.4'],
  ],
  'modules-conf': [
    '--modules-conf[=FILE]',
    'a modules.conf of Linux 2.0 to 2.4; default: MODULECONFIG, /etc/modules.conf or /etc/conf.modules',
    'file',
  ],
  'no-details': ['--no-details', 'without what /sys says of each module'],
  'no-requests': ['--no-requests', "without the kernel's requests"],
  'no-rollback': ['--no-rollback', 'after a failure leave loaded what was loaded'],
  not: ['--not', 'why it is not loaded'],
  output: ['-o, --output=FILE', 'write to this file, whose folders are made', 'file'],
  poll: [
    '--poll=MSEC',
    'how often /proc/modules is read where the kernel sends no events, in milliseconds; default 1000',
  ],
  quiet: ['-q, --quiet', 'of a failure only what kmod says'],
  release: [
    '-S, --release, --kernel=RELEASE',
    'kernel release in place of that of the running kernel',
    'release',
  ],
  remove: ['-r, --remove', 'what unloading would do'],
  'remove-holders': ['--remove-holders', 'also unload the modules that use them, and their users'],
  reverse: ['-s, --reverse', 'from what is used to what uses it'],
  requests: [
    '--requests',
    "fail where the kernel's requests cannot be seen; without it a note says why they are not",
  ],
  root: ['-d, --root=DIR', 'folder that holds lib/modules, in place of /', 'folder'],
  'use-blacklist': ['-b, --use-blacklist', 'the blacklist counts for plain names too'],
  versions: [
    '--versions',
    'versions of the symbols that they need and export, and those that the kernel has; with --all, every module is asked for those',
  ],
  wait: ['-w, --wait=MSEC', 'keep trying for so long while a module is in use, in milliseconds'],
};
