/** The insert side of modprobe beside the real kmod: the same tree, configuration and modelled kernel for both. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { type CommandEnd, type ShellCommand, shellCommands } from '../../src/execute/shell-command.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel } from '../fixtures/kernel-model.ts';
import { runModelledKmod } from '../reference/modelled-kmod.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

/** What a command line gave, and what it did. */
interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The calls that the kernel saw. */
  readonly calls: readonly string[];
}

/** A kernel before the command line. */
interface Kernel {
  readonly loaded?: readonly string[];
  /** Answers to insertions, by module. */
  readonly refusals?: Readonly<Record<string, number>>;
  readonly commandLine?: string;
  /** What the kernel unpacks. */
  readonly compression?: string;
}

interface Setting {
  readonly root: FixtureRoot;
  /** One folder of configuration, written anew for each answer. */
  readonly kmod: (line: string, configuration: string, kernel?: Kernel) => Promise<Answer>;
  readonly ours: (line: string, configuration: string, kernel?: Kernel) => Promise<Answer>;
}

/** b needs a, c needs b and a; d and e share an alias, so do a broken and a lost one. */
async function setUp(t: ExecutionContext): Promise<Setting> {
  const reference = await referenceKmod('34.2');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      a: { path: 'kernel/a.ko' },
      b: { path: 'kernel/b.ko', needs: ['a'] },
      c: { path: 'kernel/c.ko', needs: ['b', 'a'] },
      d: { path: 'kernel/d.ko' },
      e: { path: 'kernel/e.ko' },
      packed: { path: 'kernel/packed.ko.xz', content: contents.xz },
      lost: { path: 'kernel/lost.ko', isMissing: true },
      needs_lost: { path: 'kernel/needs-lost.ko', needs: ['lost', 'a'] },
      tiny: { path: 'kernel/tiny.ko', content: Buffer.from('ELF') },
    },
    builtin: ['unix'],
    aliases: [
      ['pci:v*', 'd'],
      ['pci:v[0-9]*', 'e'],
      ['stale', 'removed'],
    ],
    symbols: [['shown', 'a']],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep e post: d\n');
  root.write('x/a.ko', contents.plain);
  root.write('x/own.ko', contents.plain);
  const model = new KernelModel(root, []);
  const place = ['-C', `${root.path}/etc/modprobe.d`, '-d', root.path, '-S', RELEASE];
  const prepare = (configuration: string, kernel: Kernel): void => {
    model.refusals.clear();
    for (const [module, errno] of Object.entries(kernel.refusals ?? {})) model.refusals.set(module, errno);
    model.reset((kernel.loaded ?? []).map((name) => ({ name })));
    root.write('proc/cmdline', kernel.commandLine ?? '');
    rmSync(`${root.path}/sys/module/compression`, { force: true });
    if (kernel.compression !== undefined) root.write('sys/module/compression', kernel.compression);
    root.write('etc/modprobe.d/test.conf', configuration);
  };
  return {
    root,
    kmod: async (line, configuration, kernel = {}) => {
      prepare(configuration, kernel);
      const argv = ['modprobe', ...place, ...words(line)];
      const { exitCode, stdout, stderr } = await runModelledKmod(reference, { root, model }, argv);
      return { exitCode, stdout, stderr: withoutAddresses(stderr), calls: [...model.record] };
    },
    ours: async (line, configuration, kernel = {}) => {
      prepare(configuration, kernel);
      const argv = ['modprobe', ...place, ...words(line)];
      const printed: string[] = [];
      const commands = { ...shellCommands, runSync: (command: ShellCommand) => runHere(command, printed) };
      const { exitCode, stdout, stderr } = await runCli(root, argv, model.verdict, { commands });
      return { exitCode, stdout: printed.join('') + stdout, stderr, calls: [...model.record] };
    },
  };
}

/** kmod prints addresses of its own memory with some messages; these are left out. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/^.*(?:ctx=0x|context 0x|function 0x).*\n/gm, '');
}

/** The shell, with what it prints. */
function runHere({ command, environment }: ShellCommand, printed: string[]): CommandEnd {
  const env = { ...process.env, ...environment };
  const { status, signal, stdout } = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' });
  printed.push(stdout);
  return { exitCode: status, signal };
}

function words(line: string): readonly string[] {
  return line.split(' ').filter((word) => word !== '');
}

const configurations: Readonly<Record<string, string>> = {
  empty: '',
  options: `options a x=1
options a  spaced=2
options pci:v* star=1
options pci:v1 asked=1
options pci:v[0-9]* pattern=1
options nick nicked=1
options c	tab	q="a b"
alias nick c
alias ni?k a
`,
  aliases: `alias a b
alias pci:v1 c
alias two d
alias two e
alias gl*b d
alias bad removed
alias net-pf-1 a
alias x-[a-c] d
alias none off
alias uu unix
`,
  blacklist: `blacklist d
blacklist a
blacklist unix
alias nick a
alias nick e
`,
  softdeps: `softdep a pre: d post: pci:v1
softdep d pre: a e
softdep b post: none unix pci:v2
softdep x pre: b
softdep unix pre: a
alias x c
`,
};
const lines = [
  '-D a',
  '-D c x=1',
  '-D nick x=1',
  '-D -i c',
  '-D -a a b c',
  '-D pci:v1 y=2',
  '-D symbol:shown',
  '-D unix',
  '-D net-pf-1',
  '-D two gl_b',
  '-D -a two glob bad x-a none uu x',
  '-R a',
  '-R pci:v1',
  '-R -a two none unix x_b',
  '-n c',
  '-nv c x=1',
  '-nv -a x b e',
  '-v c x=1 y="a b"',
  '-v -a pci:v1 pci:w a',
  '-v nick',
  '-v -b nick',
  '-b -a d e unix a',
  '-vb pci:v1',
  'unix',
  '-v -a bad none stale uu',
  '-q none bad',
  '--first-time a',
  '-v --first-time -a unix uu b b',
  '-f -v b',
  '--force-vermagic d',
  '-vv e',
  '-a [ a]b c',
  'D',
];

for (const [name, configuration] of Object.entries(configurations))
  test(`${name}: the same calls, output and exit code as kmod`, async (t) => {
    const { kmod, ours } = await setUp(t);
    for (const line of lines) {
      const expected = await kmod(line, configuration);
      t.deepEqual(await ours(`--compat=kmod ${line}`, configuration), expected, `compat: ${line}`);
      t.deepEqual(await ours(line, configuration), expected, line);
    }
  });

const commands = `install only echo only $CMDLINE_OPTS.
install d echo "$MODPROBE_MODULE:" $CMDLINE_OPTS "$CMDLINE_OPTS"
install [ab] echo glob $MODPROBE_MODULE
install a echo late
install fails exit 3
remove gone true
options d x=1
options only  y=2
softdep c pre: fails none
softdep packed pre: bad
alias nick only
alias bad removed
blacklist only
`;

test('install commands run as those of kmod do', async (t) => {
  const { kmod, ours } = await setUp(t);
  const rows: readonly (readonly [string, Kernel?])[] = [
    ['-D only a=1'],
    ['-D -a d c only nick'],
    ['only'],
    ['only a=1 b'],
    ['nick'],
    ['-a d b'],
    ['-i d z=1'],
    ['-i -a b c'],
    ['-nv c'],
    ['fails'],
    ['-q fails'],
    ['gone'],
    ['-i only'],
    ['-D -i only'],
    ['c'],
    ['packed', { compression: 'xz\n' }],
    ['-vv -i c', { refusals: { c: -19 } }],
    ['d', { loaded: ['d'] }],
    ['-b only'],
    ['-R -a only d nick'],
    ['d', { commandLine: 'd.cmd=3 modprobe.blacklist=d' }],
  ];
  for (const [line, kernel] of rows) {
    const expected = inOrder(await kmod(line, commands, kernel));
    t.deepEqual(inOrder(await ours(`--compat=kmod ${line}`, commands, kernel)), expected, `compat: ${line}`);
    t.deepEqual(inOrder(await ours(line, commands, kernel)), expected, line);
  }
});

/** kmod's own lines go out when it ends, those of its commands at once. */
function inOrder(answer: Answer): Answer {
  return { ...answer, stdout: answer.stdout.split('\n').toSorted().join('\n') };
}

test('refusals and states of the kernel have the words of kmod', async (t) => {
  const { kmod, ours } = await setUp(t);
  const rows: readonly (readonly [string, Kernel])[] = [
    ['a', { loaded: ['a'] }],
    ['-v b', { loaded: ['a'] }],
    ['--first-time a', { loaded: ['a'] }],
    ['--first-time b', { loaded: ['a'] }],
    ['d', { refusals: { d: -2 } }],
    ['-vv d', { refusals: { d: -8 } }],
    ['d', { refusals: { d: -129 } }],
    ['-q d', { refusals: { d: -1 } }],
    ['-a d a', { refusals: { d: -1 } }],
    ['e', { refusals: { d: -1 } }],
    ['-f packed', { compression: 'xz\n' }],
    ['packed x=1', { compression: 'xz\n' }],
    ['pci:v1', { refusals: { d: -19, e: -19 } }],
    ['pci:v1', { refusals: { d: -19 } }],
    ['./x/own.ko p=1', {}],
    ['-v /nowhere/a.ko', {}],
    ['./x/', {}],
    ['-a ./none.ko a', {}],
    ['-R ./x/own.ko', {}],
  ];
  for (const [line, kernel] of rows) {
    const expected = await kmod(line, '', kernel);
    t.deepEqual(await ours(`--compat=kmod ${line}`, '', kernel), expected, `compat: ${line}`);
    t.deepEqual(await ours(line, '', kernel), expected, line);
  }
});

/** Where kmod is wrong: the answer by default. With --compat=kmod all have kmod's. */
const differences: readonly {
  readonly title: string;
  readonly line: string;
  readonly configuration?: string;
  readonly kernel?: Kernel;
  readonly answer: Answer;
}[] = [
  {
    title: 'an install command wins over soft dependencies',
    line: '-v d',
    configuration: 'install d exit 1\nsoftdep d pre: a\n',
    answer: {
      exitCode: 1,
      stdout: 'insmod TREE/kernel/a.ko \ninstall exit 1 \n',
      stderr:
        "modprobe: ERROR: Error running install command 'exit 1' for module d: retcode 1\nmodprobe: ERROR: could not insert 'd': Invalid argument\nmodprobe: WARNING: unloaded again, as it was loaded for 'd': a\n",
      calls: ['finit a 0', 'delete a 2048'],
    },
  },
  {
    title: 'all softdep lines count',
    line: '-D d',
    configuration: 'softdep d pre: a\nsoftdep d pre: b post: unix\n',
    answer: {
      exitCode: 0,
      stdout:
        'insmod TREE/kernel/a.ko \ninsmod TREE/kernel/a.ko \ninsmod TREE/kernel/b.ko \ninsmod TREE/kernel/d.ko \nbuiltin unix\n',
      stderr: '',
      calls: [],
    },
  },
  {
    title: 'of the modules of an alias one is enough',
    line: 'pci:v1',
    kernel: { refusals: { e: -19 } },
    answer: {
      exitCode: 0,
      stdout: '',
      stderr: "modprobe: ERROR: could not insert 'e': No such device\n",
      calls: ['finit d 0', 'finit e 0'],
    },
  },
  {
    title: 'a command that a signal ends has failed',
    line: 'd',
    configuration: 'install d kill -KILL $$\n',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: Error running install command 'kill -KILL $$' for module d: ended by SIGKILL\nmodprobe: ERROR: could not insert 'd': Invalid argument\n",
      calls: [],
    },
  },
  {
    title: 'options are no part of a command',
    line: 'd x=$(echo${IFS}owned) y=`id`;exit',
    configuration: 'install d echo $CMDLINE_OPTS\n',
    answer: { exitCode: 0, stdout: 'x=$(echo${IFS}owned) y=`id`;exit\n', stderr: '', calls: [] },
  },
  {
    title: 'a dependency that failed is named, and what was loaded goes again',
    line: 'c',
    kernel: { refusals: { b: -19 } },
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'c': No such device\nmodprobe: ERROR: 'c' needs 'b', and that is what failed\nmodprobe: WARNING: unloaded again, as it was loaded for 'c': a\n",
      calls: ['finit a 0', 'finit b 0', 'delete a 2048'],
    },
  },
  {
    title: 'a dependency without a file is not left out',
    line: '-D needs-lost',
    answer: {
      exitCode: 0,
      stdout: 'insmod TREE/kernel/a.ko \ninsmod TREE/kernel/lost.ko \ninsmod TREE/kernel/needs-lost.ko \n',
      stderr:
        "modprobe: ERROR: The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\n",
      calls: [],
    },
  },
  {
    title: 'a module without the file of a dependency is not tried',
    line: 'needs-lost',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'needs_lost': The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\n",
      calls: [],
    },
  },
  {
    title: 'a file that is missing or too short is told of as such',
    line: '-a lost tiny',
    answer: {
      exitCode: 1,
      stdout: '',
      stderr:
        "modprobe: ERROR: could not insert 'lost': The module file TREE/kernel/lost.ko cannot be read: ENOENT: no such file or directory, open 'TREE/kernel/lost.ko'. Run depmod.\nmodprobe: ERROR: could not insert 'tiny': The module file TREE/kernel/tiny.ko has only 3 bytes and is none.\n",
      calls: [],
    },
  },
  {
    title: 'a file that is named stands for its module wherever that is needed',
    line: '-D ./x/a.ko',
    configuration: 'softdep a post: b\n',
    answer: {
      exitCode: 0,
      stdout: 'insmod ROOT/./x/a.ko \ninsmod ROOT/./x/a.ko \ninsmod TREE/kernel/b.ko \n',
      stderr: '',
      calls: [],
    },
  },
];

for (const { title, line, configuration = '', kernel, answer } of differences)
  test(`${title}; for kmod it is otherwise`, async (t) => {
    const { kmod, ours, root } = await setUp(t);
    const theirs = await kmod(line, configuration, kernel);
    t.notDeepEqual(await ours(line, configuration, kernel), theirs);
    const { stdout, stderr, ...rest } = await ours(line, configuration, kernel);
    const plain = (text: string): string =>
      text.replaceAll(`${root.path}/lib/modules/${RELEASE}`, 'TREE').replaceAll(root.path, 'ROOT');
    t.deepEqual({ ...rest, stdout: plain(stdout), stderr: plain(stderr) }, answer);
    t.deepEqual(await ours(`--compat=kmod ${line}`, configuration, kernel), theirs);
  });
