import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { packageRoot } from '../../src/native/load-binding.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

const bundle = join(packageRoot(), 'dist/cli/kmodctl.cjs');

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { xor: { path: 'xor.ko' }, btrfs: { path: 'btrfs.ko', needs: ['xor'] } },
    builtin: ['unix'],
  });
  root.writeKernel([]);
  return root;
}

test('a plan of a removal, and a removal with holders', async (t) => {
  const root = setUp(t);
  const place = ['-d', root.path, '-S', RELEASE];
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  const plan = await runCli(root, ['kmodctl', 'plan', '--remove', ...place, 'btrfs']);
  t.is(plan.exitCode, 0, plan.stderr);
  t.is(plan.stdout, 'btrfs  unload  asked\nxor    unload  dependency of btrfs\n2 modules to unload.\n');
  const blocked = await runCli(root, ['kmodctl', 'plan', '-r', ...place, 'xor']);
  t.is(blocked.exitCode, 1);
  t.regex(blocked.stdout, /^blocked: Module xor is in use by: btrfs\..*\nThe plan cannot be run\.\n$/);
  const data = await runCli(root, ['kmodctl', 'plan', '-r', '--remove-holders', '--json', ...place, 'xor']);
  t.like(JSON.parse(data.stdout), {
    schema: 'kmodctl/plan/1',
    kind: 'unload',
    blocked: [],
    steps: [
      { action: 'delete', module: 'btrfs', because: { kind: 'holder', of: 'xor' } },
      { action: 'delete', module: 'xor', because: { kind: 'asked' } },
    ],
  });
  const busy = await runCli(root, ['kmodctl', 'unload', '--wait=20', ...place, 'xor'], () => -11);
  t.is(busy.exitCode, 1);
  t.regex(busy.stderr, /in use by: btrfs/);
  const wrong = await runCli(root, ['kmodctl', 'unload', '--wait=soon', ...place, 'xor']);
  t.regex(wrong.stderr, /--wait takes a number of milliseconds, not 'soon'/);
  const gone = await runCli(root, ['kmodctl', 'unload', '--remove-holders', ...place, 'xor']);
  t.is(gone.exitCode, 0, gone.stderr);
  t.regex(gone.stdout, /^btrfs {2}unloaded .* holder of xor\nxor {4}unloaded .* asked\nUnloaded 2/);
});

test('load and unload print what was done, and why', async (t) => {
  const root = setUp(t);
  const place = ['-d', root.path];
  const loaded = await runCli(root, ['kmodctl', 'load', ...place, 'btrfs', 'a=1']);
  t.regex(
    loaded.stdout,
    /^xor {4}loaded +[\d.]+ ms {2}dependency of btrfs\nbtrfs {2}loaded +[\d.]+ ms {2}asked, with a=1\nLoaded btrfs: 2 modules in \d+ ms\.\n$/,
  );
  t.deepEqual(loaded.calls, ['finit xor 0', 'finit btrfs 0 a=1']);
  const again = await runCli(root, ['kmodctl', 'load', ...place, 'btrfs']);
  t.regex(again.stdout, /Nothing to do: btrfs is in the kernel already\.\n$/);
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  const dry = await runCli(root, ['kmodctl', 'unload', '-n', ...place, 'btrfs']);
  t.deepEqual(dry.calls, []);
  t.regex(dry.stdout, /Would unload 2 modules\.\n$/);
  const kept = await runCli(root, ['kmodctl', 'unload', '--keep-dependencies', '-n', ...place, 'btrfs']);
  t.regex(kept.stdout, /Would unload 1 module\.\n$/);
  const gone = await runCli(root, ['kmodctl', 'unload', ...place, 'btrfs']);
  t.deepEqual(gone.calls, ['delete btrfs 2048', 'delete xor 2048']);
});

test("a failure has kmod's sentence, its cause, a remedy and a code", async (t) => {
  const root = setUp(t);
  const { exitCode, stderr } = await runCli(root, ['kmodctl', 'load', '-d', root.path, 'btrfs'], (call) =>
    call.startsWith('finit btrfs') ? -1 : undefined,
  );
  t.is(exitCode, 1);
  t.regex(
    stderr,
    /^kmodctl load: could not insert 'btrfs': Operation not permitted\n {2}Loading btrfs failed: EPERM: .*\n {2}Unloaded again: xor\n {2}why: .* \(permission-unknown, possible\)\n {2}seen: EPERM \[finit_module\(2\)\]\n {2}remedy: run as root .*\n {2}remedy: .*\n {2}code: ERR_KMOD_LOAD_FAILED\n$/,
  );
  const missing = await runCli(root, ['kmodctl', 'load', '-d', root.path, 'btrsf']);
  t.regex(missing.stderr, /Did you mean "btrfs"\?.*\n {2}code: ERR_KMOD_NOT_FOUND\n$/);
  const busy = await runCli(root, ['kmodctl', 'unload', 'unix', '-d', root.path]);
  t.regex(busy.stderr, /builtin.*\n {2}code: ERR_KMOD_BUILTIN\n$/);
});

test("kmod's sentence is that of its tools, and with -q there is nothing else", async (t) => {
  const root = setUp(t);
  const place = ['-d', root.path];
  const modules = `${root.path}/lib/modules/${RELEASE}`;
  const said = async (
    words: readonly string[],
    verdict?: (call: string) => number | undefined,
  ): Promise<string> => {
    const own = await runCli(root, ['kmodctl', ...words, '-q', ...place], verdict);
    const full = await runCli(root, ['kmodctl', ...words, ...place], verdict);
    t.is(own.exitCode, 1);
    t.true(full.stderr.startsWith(own.stderr), full.stderr);
    t.regex(full.stderr, /\n {2}code: ERR_KMOD_\w+\n$/);
    return own.stderr;
  };
  const tool = async (
    words: readonly string[],
    verdict?: (call: string) => number | undefined,
  ): Promise<string> =>
    (await runCli(root, [...words, ...(words[0] === 'modprobe' ? place : [])], verdict)).stderr;
  for (const errno of [-1, -2, -8, -12, -17, -22, -129]) {
    const verdict = (call: string): number | undefined => (call.startsWith('finit xor') ? errno : undefined);
    const [first = ''] = (await tool(['modprobe', 'btrfs'], verdict)).split(/(?<=\n)/);
    t.is(await said(['load', 'btrfs'], verdict), first.replace('modprobe: ERROR: ', 'kmodctl load: '));
  }
  t.is(await said(['load', 'nothing']), `kmodctl load: Module nothing not found in directory ${modules}\n`);
  t.is(
    await said(['load', '/nothing.ko']),
    'kmodctl load: Failed to get module from path /nothing.ko: No such file or directory\n',
  );
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  t.is(
    await said(['load', '--first-time', 'xor']),
    "kmodctl load: could not insert 'xor': Module already in kernel\n",
  );
  t.is(await said(['unload', 'unix']), 'kmodctl unload: Module unix is builtin.\n');
  for (const name of ['xor', 'nothing'])
    t.is(
      await said(['unload', name]),
      (await tool(['rmmod', name])).replace('rmmod: ERROR: ', 'kmodctl unload: '),
    );
  t.is(
    await said(['unload', 'btrfs'], () => -1),
    "kmodctl unload: could not remove 'btrfs': Operation not permitted\n",
  );
});

test('list and plan, as text and as data', async (t) => {
  const root = setUp(t);
  root.writeKernel([
    { name: 'xor', refcount: 1, users: ['btrfs'], taints: 'OE' },
    { name: 'vrf', isPermanent: true },
  ]);
  t.is(
    (await runCli(root, ['kmodctl', 'list'])).stdout,
    `MODULE  BYTES  USES  STATE  TAINTS  USED BY
xor     16384     1  live   OE      btrfs
vrf     16384     0  live   -       (permanent)
`,
  );
  const list = JSON.parse((await runCli(root, ['kmodctl', 'list', '--json'])).stdout) as unknown;
  t.like(list, { schema: 'kmodctl/list/1', modules: [{ name: 'xor', users: ['btrfs'] }, { name: 'vrf' }] });
  const plan = await runCli(root, ['kmodctl', 'plan', '-d', root.path, 'btrfs', 'unix']);
  t.is(
    plan.stdout.replaceAll(root.path, ''),
    `xor    loaded already  dependency of btrfs  /lib/modules/${RELEASE}/xor.ko
btrfs  load            asked                /lib/modules/${RELEASE}/btrfs.ko
unix   builtin         asked
1 module to load.
`,
  );
  const data = await runCli(root, ['kmodctl', 'plan', '--json', '-d', root.path, 'btrfs']);
  t.like(JSON.parse(data.stdout), { schema: 'kmodctl/plan/1', kind: 'load', blocked: [], skipped: [] });
});

test('a plan that cannot be run says why', async (t) => {
  const root = setUp(t);
  root.write(`lib/modules/${RELEASE}/xor.ko`, '');
  const { exitCode, stdout } = await runCli(root, ['kmodctl', 'plan', '-d', root.path, 'btrfs']);
  t.is(exitCode, 1);
  t.regex(stdout, /\nblocked: .*xor\.ko has only 0 bytes and is none\.\nThe plan cannot/);
});

test('soft dependencies are named as such wherever steps are shown', async (t) => {
  const root = setUp(t);
  const file = root.write(
    `lib/modules/${RELEASE}/modules.softdep`,
    '#\nsoftdep btrfs pre: none post: unix\n',
  );
  const place = ['-d', root.path];
  const plan = await runCli(root, ['kmodctl', 'plan', ...place, 'btrfs']);
  t.is(
    plan.stdout.replaceAll(root.path, ''),
    `xor    load     dependency of btrfs      /lib/modules/${RELEASE}/xor.ko
btrfs  load     asked                    /lib/modules/${RELEASE}/btrfs.ko
unix   builtin  softdep (post) of btrfs
skipped: none, softdep (pre) of btrfs: nothing has this name
2 modules to load.
`,
  );
  const { steps } = JSON.parse(
    (await runCli(root, ['kmodctl', 'plan', '--json', ...place, 'btrfs'])).stdout,
  ) as {
    steps: readonly unknown[];
  };
  t.deepEqual(steps[2], {
    action: 'skip-builtin',
    module: 'unix',
    because: { kind: 'softdep', of: 'btrfs', order: 'post', origin: { file, line: 2 } },
    required: false,
  });

  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep xor post: btrfs\n');
  const packed = root.write(`lib/modules/${RELEASE}/btrfs.ko`, '');
  const known = await runCli(root, ['kmodctl', 'plan', ...place, 'xor']);
  t.is(known.exitCode, 0);
  t.true(
    known.stdout.includes(`\nwill fail, but is not required: The module file ${packed} has only 0 bytes`),
  );
  root.write(`lib/modules/${RELEASE}/btrfs.ko`, contents.plain);
  const load = await runCli(root, ['kmodctl', 'load', ...place, 'xor'], (call) =>
    call.startsWith('finit btrfs') ? -19 : undefined,
  );
  t.is(load.exitCode, 0);
  t.regex(
    load.stdout,
    /\nbtrfs {2}failed +softdep \(post\) of xor, not required: ENODEV: .*\nLoaded xor: 1 module in/,
  );
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  const gone = await runCli(root, ['kmodctl', 'unload', ...place, 'xor']);
  t.regex(gone.stdout, /^btrfs {2}unloaded .* softdep \(post\) of xor\nxor {4}unloaded .* asked\nUnloaded 2/);
});

test('tools are subcommands too; unknown commands are refused', async (t) => {
  const root = setUp(t);
  t.regex((await runCli(root, ['kmodctl', 'lsmod'])).stdout, /^Module {18}Size/);
  t.is((await runCli(root, ['kmodctl', 'modprobe', '-d', root.path, '-n', 'none'])).exitCode, 1);
  t.regex((await runCli(root, ['kmodctl'])).stderr, /^Usage: kmodctl/);
  for (const argv of [['--help'], ['help'], ['help', 'help'], ['help', '--help'], ['--help', '-h']])
    t.regex((await runCli(root, ['kmodctl', ...argv])).stdout, /^Usage: kmodctl/);
  t.regex((await runCli(root, ['kmodctl', '--version'])).stdout, /^kmodctl \d+\.\d+\.\d+\n$/);
  t.like(await runCli(root, ['kmodctl', 'constructor']), { exitCode: 1, stdout: '' });
  for (const name of ['load', 'unload', 'list', 'info', 'plan', 'static-nodes']) {
    t.regex(
      (await runCli(root, ['kmodctl', name, '--help'])).stdout,
      new RegExp(`^Usage:\n\tkmodctl ${name}`),
    );
    const { exitCode, stderr } = await runCli(root, ['kmodctl', name, '--bogus']);
    t.is(exitCode, 1);
    t.true(stderr.startsWith(`kmodctl ${name}: unrecognized option '--bogus'\nSee kmodctl ${name} --help.`));
  }
});

test.serial('the bundle acts as the tool that its link is named after', (t) => {
  const { spawn, root } = setUpBundle(t);
  const place = ['-d', root.path, '-S', RELEASE];
  const shown = spawn('modprobe', [...place, '-D', 'btrfs']);
  const folder = `${root.path}/lib/modules/${RELEASE}`;
  t.is(shown.stderr, '');
  t.is(shown.stdout, `insmod ${folder}/xor.ko \ninsmod ${folder}/btrfs.ko \n`);
  t.like(spawn('modprobe', [...place, 'none']), {
    status: 1,
    stderr: `modprobe: FATAL: Module none not found in directory ${folder}\n`,
  });
  t.regex(spawn('kmodctl', ['--version']).stdout, /^kmodctl \d+\.\d+\.\d+\n$/);
  t.regex(spawn('modprobe', ['-V']).stdout, /^kmodctl version \d+\.\d+\.\d+\n/);
  t.regex(spawn('kmodctl', ['plan', '-d', root.path, '-S', RELEASE, 'btrfs']).stdout, /2 modules to load/);
});

test.serial('commands that only read never load the addon', (t) => {
  const { spawn, root } = setUpBundle(t);
  const watch = root.write(
    'watch.cjs',
    `process.on('exit', () => {
  const addons = process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'));
  require('node:fs').writeSync(2, 'addons: ' + addons.length + '\\n');
});`,
  );
  const place = ['-d', root.path, '-S', RELEASE];
  const spawnWatched = (program: string, argv: readonly string[]): string =>
    spawn(program, argv, { NODE_OPTIONS: `--require ${watch}` }).stderr;
  const reading: readonly (readonly [string, readonly string[]])[] = [
    ['lsmod', []],
    ['modprobe', [...place, '-n', 'btrfs']],
    ['modprobe', [...place, '-D', 'btrfs']],
    ['modprobe', ['--help']],
    ['kmodctl', ['plan', ...place, 'btrfs']],
    ['kmodctl', ['--version']],
  ];
  for (const [program, argv] of reading)
    t.regex(spawnWatched(program, argv), /addons: 0\n$/, `${program} ${argv.join(' ')}`);
  // The count itself works: unloading a file's module does load the addon. No module has this name.
  t.regex(spawnWatched('rmmod', ['-f', 'kmodctl_no_such_module']), /addons: 1\n$/);
});

test.serial('a reader that goes away does not end the program', (t) => {
  const { folder, root } = setUpBundle(t);
  const command = `(trap '' PIPE; "${process.execPath}" ${folder}/modprobe -d ${root.path} -S ${RELEASE} -D btrfs; echo "exit $?" >&2) | true`;
  const { stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  t.is(stderr, 'exit 0\n');
});

test.serial('every program of the bundle has its code beside it', (t) => {
  t.true(existsSync(bundle), 'build it with: npm run build:cli');
  const text = spawnSync(process.execPath, [bundle, 'nonsense'], { encoding: 'utf8' });
  t.is(text.status, 1);
  t.regex(text.stderr, /there is no command "nonsense"/);
});

interface BundleSetting {
  readonly root: FixtureRoot;
  readonly folder: string;
  readonly spawn: (
    program: string,
    argv: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => SpawnSyncReturns<string>;
}

function setUpBundle(t: ExecutionContext): BundleSetting {
  const root = setUp(t);
  const folder = join(root.path, 'bin');
  mkdirSync(folder);
  for (const name of ['kmodctl', 'modprobe', 'lsmod', 'rmmod']) symlinkSync(bundle, join(folder, name));
  return {
    root,
    folder,
    spawn: (program, argv, env = {}) =>
      spawnSync(process.execPath, [join(folder, program), ...argv], {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '', ...env },
      }),
  };
}
