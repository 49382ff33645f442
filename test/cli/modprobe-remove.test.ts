/** modprobe -r beside the real kmod, on the same modelled kernel. */
import { spawnSync } from 'node:child_process';

import test, { type ExecutionContext } from 'ava';

import type { CommandRunner } from '../../src/execute/shell-command.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel, type ModelledModule } from '../fixtures/kernel-model.ts';
import { type ModelledRun, runModelledKmod } from '../reference/modelled-kmod.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

interface Answer extends ModelledRun {
  /** Modules that are loaded afterwards. */
  readonly left: string;
}

interface Setting {
  readonly kmod: (line: string, modules: readonly ModelledModule[], timeout?: number) => Promise<Answer>;
  readonly ours: (line: string, modules: readonly ModelledModule[]) => Promise<Answer>;
}

async function setUp(t: ExecutionContext): Promise<Setting> {
  const reference = await referenceKmod('34.2');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      c: { path: 'c.ko' },
      b: { path: 'b.ko', needs: ['c'] },
      a: { path: 'a.ko', needs: ['b', 'c'] },
      s: { path: 's.ko', needs: ['a', 'b', 'c'] },
      soft: { path: 'soft.ko' },
      pre: { path: 'pre.ko' },
      post: { path: 'post.ko' },
      user: { path: 'user.ko', needs: ['cmd'] },
      ...Object.fromEntries(plain.map((name) => [name, { path: `${name}.ko` }])),
    },
    builtin: ['unix'],
    aliases: [
      ['al*', 'a'],
      ['al*', 'soft'],
    ],
  });
  const directory = `lib/modules/${RELEASE}`;
  root.write(`${directory}/modules.softdep`, 'softdep soft pre: pre unix post: post\nsoftdep c pre: post\n');
  root.write('conf.d/x.conf', configuration);
  const model = new KernelModel(root, []);
  const place = ['-C', `${root.path}/conf.d`, '-d', root.path, '-S', RELEASE];
  const left = (): string => model.names.join(' ');
  return {
    kmod: async (line, modules, timeout) => {
      model.reset(modules);
      const argv = ['modprobe', ...place, ...line.split(' ')];
      return { ...(await runModelledKmod(reference, { root, model, timeout }, argv)), left: left() };
    },
    ours: async (line, modules) => {
      model.reset(modules);
      const argv = ['modprobe', ...place, ...line.split(' ')];
      const output = new CapturedOutput();
      const { exitCode, stderr } = await runCli(root, argv, model.verdict, output);
      return { exitCode, stdout: output.text, stderr, left: left() };
    },
  };
}

/** What the program and the commands that it runs print, in order. */
class CapturedOutput {
  text = '';
  readonly stdout = (output: string | Uint8Array): void => {
    this.text += typeof output === 'string' ? output : Buffer.from(output).toString();
  };
  readonly commands: CommandRunner = {
    runSync: ({ command, environment }) => {
      const options = { env: { ...process.env, ...environment }, encoding: 'utf8' } as const;
      const { status, signal, stdout } = spawnSync('/bin/sh', ['-c', command], options);
      this.stdout(stdout);
      return { exitCode: status, signal };
    },
    run: async (command) => await Promise.resolve(this.commands.runSync(command)),
  };
}

const plain = ['cmd', 'failing', 'killed', 'withfail', 'withcmd', 'twice', 'globby'];
const configuration = `remove cmd echo removing $MODPROBE_MODULE "[$CMDLINE_OPTS]"
remove failing exit 3
remove killed kill -9 $$
remove glob* echo glob
remove nothing echo nothing
softdep withfail post: failing
softdep withcmd pre: cmd
softdep twice pre: pre
softdep twice post: post
alias config-alias c
`;

const free = (...names: readonly string[]): readonly ModelledModule[] => names.map((name) => ({ name }));
/** s uses a, which uses b, which uses c. */
const chain = (s: Partial<ModelledModule> = {}): readonly ModelledModule[] => [
  { name: 's', ...s },
  { name: 'a', refcount: 1, users: ['s'] },
  { name: 'b', refcount: 1, users: ['a'] },
  { name: 'c', refcount: 1, users: ['b'] },
];
const pair = (b: Partial<ModelledModule> = {}): readonly ModelledModule[] => [
  { name: 'b', ...b },
  { name: 'c', refcount: 1, users: ['b'] },
];

/** Where kmod is right. */
const rows: readonly (readonly [string, readonly ModelledModule[]])[] = [
  ['-r b', pair()],
  ['-rv b', pair()],
  ['-r -a -v b c', pair()],
  ['-rv b c', pair()],
  ['-rv c b', pair()],
  ['-rvq c b', pair()],
  ['-rs b', pair()],
  ['-rvi b', pair()],
  ['-rvf b', pair()],
  ['-rv b', pair({ refcount: 2 })],
  ['-rvf b', pair({ refcount: 2 })],
  ['-rvq b', pair({ refcount: 2 })],
  ['-rv c', pair()],
  ['-rvf c', pair()],
  ['-rv a', chain()],
  ['-rD a', []],
  ['-rD c', pair()],
  ['-rD soft', []],
  ['-rDv unix', []],
  ['-rnv soft', free('soft', 'pre', 'post')],
  ['-rn soft', free('soft', 'pre', 'post')],
  ['-rv soft', free('soft', 'pre', 'post')],
  ['-rv soft', free('soft')],
  ['-rv soft', free('pre', 'post')],
  ['-rvi soft', free('soft', 'pre', 'post')],
  ['-rv alx', [{ name: 'a', refcount: 1 }, ...free('soft')]],
  ['-rv alx', free('soft', 'a')],
  ['-rv none', []],
  ['-rv none c', free('c')],
  ['-rv c none', free('c')],
  ['-rva none c', free('c')],
  ['-rq none', []],
  ['-rv a]b', []],
  ['-rv ./c.ko', free('c')],
  ['-rv c.ko', free('c')],
  ['-rv al[x', []],
  ['-rv unix', []],
  ['-rvq unix', []],
  ['-rv --first-time unix', []],
  ['-rv c', []],
  ['-rv --first-time c', []],
  ['-rvq --first-time c', []],
  ['-rv c', [{ name: 'c', isPermanent: true }]],
  ['-rvq c', [{ name: 'c', isPermanent: true }]],
  ['-rvf c', [{ name: 'c', isPermanent: true }]],
  ['-rv c', [{ name: 'c', refcount: '-' }]],
  ['-rv c', [{ name: 'c', refcount: -1, state: 'Unloading' }]],
  ['-rv c', [{ name: 'c', refcount: 1, state: 'Loading' }]],
  ['-rvw 0 c', [{ name: 'c', refcount: 1 }]],
  ['-rvw 5000 b', pair({ refcount: 1, releasedAfter: 3 })],
  ['-rvw 5000 c', [{ name: 'c', isPermanent: true }]],
  ['-rvnw 100 c', pair()],
  ['-rvw 5000 c', []],
  ['-rw 0x10 c', free('c')],
  ['-rw 1x c', free('c')],
  ['-rw  c', free('c')],
  ['-r --wait=-1x c', free('c')],
  ['-rv --remove-holders c', pair({ refcount: 1 })],
  ['-r --remove-holders --first-time c', []],
  // Commands of the configuration.
  ['-rv cmd', []],
  ['-rv cmd', [{ name: 'cmd', refcount: 3 }]],
  ['-rDv cmd', []],
  ['-rnv cmd', []],
  ['-r --first-time cmd', []],
  ['-rvi cmd', free('cmd')],
  ['-rvi cmd', [{ name: 'cmd', refcount: 2 }]],
  ['-rv failing', []],
  ['-rvq failing', []],
  ['-rva failing c', free('c')],
  ['-rva c', pair()],
  ['-rva c b', pair()],
  ['-rva unix c', free('c')],
  ['-rva --first-time b soft', free('soft', 'pre', 'post')],
  ['-rvaq c', pair()],
  ['-rv withcmd', free('withcmd', 'cmd')],
  ['-rvi withcmd', free('withcmd', 'cmd')],
  ['-rv globby', free('globby')],
  ['-rv nothing', []],
  ['-rv config-alias', free('c')],
  ['-rv user', [{ name: 'user' }, { name: 'cmd', refcount: 1, users: ['user'] }]],
];

test('the answers of kmod', async (t) => {
  const { kmod, ours } = await setUp(t);
  for (const [line, modules] of rows) {
    const expected = await kmod(line, modules);
    t.deepEqual(await ours(line, modules), expected, `${line} ${JSON.stringify(modules)}`);
    t.deepEqual(await ours(`--compat=kmod ${line}`, modules), expected, `compat: ${line}`);
  }
});

/** Where kmod is wrong: what ours gives, and that --compat=kmod gives what kmod gives. */
const differences: readonly (readonly [string, readonly ModelledModule[], Answer])[] = [
  // The whole unused chain goes.
  ['-rv s', chain(), done('rmmod s\nrmmod a\nrmmod b\nrmmod c\n', '')],
  ['-rnv s', chain(), done('rmmod s\nrmmod a\nrmmod b\nrmmod c\n', 's a b c')],
  ['-rD b', pair(), done('rmmod b\nrmmod c\n', 'b c')],
  // What the tree does not know, and the kernel does.
  ['-rv foreign', free('foreign'), done('rmmod foreign\n', '')],
  // Holders of holders; and a module that goes as an unused dependency of its holder is not removed twice.
  ['-rv --remove-holders c', pair(), done('rmmod b\nrmmod c\n', '')],
  ['-rv --remove-holders c', chain(), done('rmmod s\nrmmod a\nrmmod b\nrmmod c\n', '')],
  ['-rv --remove-holders a', chain(), done('rmmod s\nrmmod a\nrmmod b\nrmmod c\n', '')],
  [
    '-rv --remove-holders c',
    chain({ refcount: 3 }),
    { exitCode: 1, stdout: '', stderr: 'modprobe: FATAL: Module s is in use.\n', left: 's a b c' },
  ],
  // A soft dependency that stays.
  ['-rv soft', [...free('soft', 'pre'), busy('post')], done('rmmod soft\nrmmod pre\n', 'post')],
  // Uses that are not by symbols may end with the module that goes: the kernel is asked.
  ['-rv soft', [...free('soft', 'post'), busy('pre')], done('rmmod post\nrmmod soft\nrmmod pre\n', 'pre')],
  ['-rva soft', [...free('soft', 'pre'), busy('post')], done('rmmod soft\nrmmod pre\n', 'post')],
  // --first-time is about the modules named.
  ['-rv --first-time soft', free('soft', 'pre'), done('rmmod soft\nrmmod pre\n', '')],
  ['-rva --first-time soft', free('soft', 'post'), done('rmmod post\nrmmod soft\n', '')],
  // Nothing is touched when the module itself stays.
  [
    '-rv soft',
    [...free('pre', 'post'), busy('soft')],
    { exitCode: 1, stdout: '', stderr: 'modprobe: FATAL: Module soft is in use.\n', left: 'pre post soft' },
  ],
  // A remove command that fails, of a soft dependency; one that a signal ends; several softdep lines.
  [
    '-rv withfail',
    free('withfail'),
    {
      exitCode: 0,
      stdout: 'remove exit 3\nrmmod withfail\n',
      stderr: 'modprobe: WARNING: Error running remove command for failing\n',
      left: '',
    },
  ],
  [
    '-rv killed',
    [],
    {
      exitCode: 1,
      stdout: 'remove kill -9 $$\n',
      stderr: 'modprobe: FATAL: Error running remove command for killed\n',
      left: '',
    },
  ],
  ['-rv twice', free('twice', 'pre', 'post'), done('rmmod post\nrmmod twice\nrmmod pre\n', '')],
  // An unused dependency without an exit function.
  [
    '-rv b',
    [{ name: 'b' }, { name: 'c', refcount: 1, users: ['b'], isPermanent: true }],
    done('rmmod b\n', 'c'),
  ],
  [
    '-rvf b',
    [{ name: 'b' }, { name: 'c', refcount: 1, users: ['b'], isPermanent: true }],
    done('rmmod b\n', 'c'),
  ],
];

test('where kmod is wrong', async (t) => {
  const { kmod, ours } = await setUp(t);
  for (const [line, modules, answer] of differences) {
    const message = `${line} ${JSON.stringify(modules)}`;
    const theirs = await kmod(line, modules);
    t.notDeepEqual(theirs, answer, message);
    t.deepEqual(await ours(line, modules), answer, message);
    t.deepEqual(await ours(`--compat=kmod ${line}`, modules), theirs, `compat: ${message}`);
  }
});

test('--wait ends at its deadline with a failure, where kmod reports success or never ends', async (t) => {
  const { kmod, ours } = await setUp(t);
  const inUse = pair();
  const refusal = "modprobe: ERROR: could not remove 'c': Resource temporarily unavailable\n";
  for (const compat of ['', '--compat=kmod ']) {
    const started = performance.now();
    t.deepEqual(await ours(`${compat}-rv -w 40 c`, inUse), {
      exitCode: 1,
      stdout: 'rmmod c\n',
      stderr: refusal,
      left: 'b c',
    });
    t.true(performance.now() - started >= 40);
  }
  const theirs = await kmod('-rv -w 10 c', inUse, 1000);
  t.like(theirs, { stdout: 'rmmod c\n', left: 'b c' });
  t.not(theirs.stderr, refusal);
});

test('--wait also waits for a module on its way out', async (t) => {
  const { kmod, ours } = await setUp(t);
  const going: readonly ModelledModule[] = [
    { name: 'c', refcount: -1, state: 'Unloading', releasedAfter: 2 },
  ];
  t.deepEqual(await ours('-rv -w 5000 c', going), done('rmmod c\n', ''));
  t.like(await kmod('-rv -w 5000 c', going), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not remove 'c': Device or resource busy\n",
  });
  t.like(await ours('-rv -w 5000 --first-time c', going), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not remove 'c': No such file or directory\n",
  });
});

test('--remove-holders alone removes; kmod 34 takes it for a load', async (t) => {
  const { kmod, ours } = await setUp(t);
  const answer = done('rmmod b\nrmmod c\n', '');
  t.deepEqual(await ours('-v --remove-holders c', pair()), answer);
  t.like(await kmod('-v --remove-holders c', pair()), { exitCode: 0, stdout: '', left: 'b c' });
  t.like(await ours('--compat=kmod -v --remove-holders c', pair()), { exitCode: 0, stdout: '', left: 'b c' });
});

function busy(name: string): ModelledModule {
  return { name, refcount: 1 };
}

function done(stdout: string, left: string): Answer {
  return { exitCode: 0, stdout, stderr: '', left };
}
