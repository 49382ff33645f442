import test, { type ExecutionContext } from 'ava';

import { compressedSamples } from '../fixtures/compressed-samples.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import type { Verdict } from '../fixtures/recording-calls.ts';

const [EPERM, ENOENT, EAGAIN, EEXIST, ENODEV, EKEYREJECTED] = [-1, -2, -11, -17, -19, -129];

interface Setting {
  readonly root: FixtureRoot;
  readonly directory: string;
  readonly modprobe: (line: string, verdict?: Verdict) => Promise<CliResult>;
}

function setUp(t: ExecutionContext): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const directory = root.writeTree({
    modules: {
      xor: { path: 'kernel/xor.ko' },
      dm_mod: { path: 'kernel/dm-mod.ko' },
      btrfs: { path: 'kernel/btrfs.ko', needs: ['xor'] },
      net_a: { path: 'kernel/net-a.ko' },
      net_b: { path: 'kernel/net-b.ko' },
      packed: { path: 'kernel/packed.ko.xz', content: contents.xz },
    },
    builtin: ['unix'],
    aliases: [
      ['pci:v*', 'net_a'],
      ['pci:v0*', 'net_b'],
    ],
  });
  root.writeKernel([]);
  const place = ['-d', root.path, '-S', RELEASE];
  return {
    root,
    directory,
    modprobe: (line, verdict) =>
      runCli(root, ['modprobe', ...place, ...line.split(' ').filter(Boolean)], verdict),
  };
}

test('loads a module after its dependencies, silently', async (t) => {
  const { modprobe } = setUp(t);
  t.deepEqual(await modprobe('btrfs a=1 b=2'), {
    exitCode: 0,
    stdout: '',
    stderr: '',
    calls: ['finit xor 0', 'finit btrfs 0 a=1 b=2'],
  });
  t.deepEqual((await modprobe('btrfs')).calls, []);
});

test('-v prints what is done, -D what would be, -n nothing', async (t) => {
  const { modprobe, directory, root } = setUp(t);
  const lines = `insmod ${directory}/kernel/xor.ko \ninsmod ${directory}/kernel/btrfs.ko a=1\n`;
  t.like(await modprobe('-D btrfs a=1'), { exitCode: 0, stdout: lines, calls: [] });
  t.like(await modprobe('-n btrfs a=1'), { exitCode: 0, stdout: '', calls: [] });
  t.like(await modprobe('-n -v btrfs a=1'), { stdout: lines, calls: [] });
  t.like(await modprobe('-v btrfs a=1'), { stdout: lines, calls: ['finit xor 0', 'finit btrfs 0 a=1'] });
  t.like(await modprobe('-D btrfs a=1'), { stdout: lines });
  t.like(await modprobe('-D unix'), { exitCode: 0, stdout: 'builtin unix\n' });
  t.like(await modprobe('-v unix'), { exitCode: 0, stdout: '' });
  t.like(await modprobe(`-D ./lib/modules/${RELEASE}/kernel/xor.ko`), {
    stdout: `insmod ${root.path}/./lib/modules/${RELEASE}/kernel/xor.ko \n`,
  });
});

test('soft dependencies are loaded, listed as often as kmod lists them, and may fail', async (t) => {
  const { modprobe, directory, root } = setUp(t);
  root.write(
    `lib/modules/${RELEASE}/modules.softdep`,
    'softdep dm_mod pre: btrfs pci:v01 post: xor unix none\n',
  );
  const listed = (...names: readonly string[]): string =>
    names
      .map((name) => (name === 'unix' ? 'builtin unix\n' : `insmod ${directory}/kernel/${name}.ko \n`))
      .join('');
  // xor is there as what btrfs needs, and once more by itself.
  const all = ['xor', 'btrfs', 'net-a', 'net-b', 'dm-mod', 'xor', 'unix'];
  t.like(await modprobe('-D dm-mod'), { exitCode: 0, stderr: '', stdout: listed(...all) });
  t.like(await modprobe('-n -v dm-mod'), { stdout: listed(...all.slice(0, -1)), calls: [] });
  t.like(await modprobe('-v dm-mod', (call) => (call.includes('net_a') ? ENODEV : undefined)), {
    exitCode: 0,
    stderr: '',
    stdout: listed(...all.slice(0, 5)),
    calls: ['finit xor 0', 'finit btrfs 0', 'finit net_a 0', 'finit net_b 0', 'finit dm_mod 0'],
  });
  t.like(await modprobe('dm-mod'), { exitCode: 0, calls: [] });
});

test('what is not found is fatal, with -a a warning, with -q silent', async (t) => {
  const { modprobe, directory } = setUp(t);
  const missing = `Module none not found in directory ${directory}\n`;
  t.like(await modprobe('none'), { exitCode: 1, stderr: `modprobe: FATAL: ${missing}` });
  t.like(await modprobe('-q none'), { exitCode: 1, stderr: '' });
  t.like(await modprobe('-a none xor'), {
    exitCode: 1,
    stderr: `modprobe: WARNING: ${missing}`,
    calls: ['finit xor 0'],
  });
  t.like(await modprobe('./none.ko'), {
    exitCode: 1,
    stderr: 'modprobe: FATAL: Failed to get module from path ./none.ko: No such file or directory\n',
  });
  t.like(await modprobe('-S nowhere xor'), { exitCode: 1 });
});

test('refusals have the words of modprobe', async (t) => {
  const { modprobe } = setUp(t);
  const rows: readonly [number, string][] = [
    [ENOENT, 'Unknown symbol in module, or unknown parameter (see dmesg)'],
    [EPERM, 'Operation not permitted'],
    [EKEYREJECTED, 'Key was rejected by service'],
    [-517, 'Kernel-internal: driver requests probe retry'],
  ];
  for (const [result, text] of rows)
    t.like(await modprobe('btrfs', (call) => (call.startsWith('finit xor') ? result : undefined)), {
      exitCode: 1,
      stderr: `modprobe: ERROR: could not insert 'btrfs': ${text}\nmodprobe: ERROR: 'btrfs' needs 'xor', and that is what failed\n`,
      calls: ['finit xor 0'],
    });
});

test('--first-time wants something to do', async (t) => {
  const { modprobe, root } = setUp(t);
  t.like(await modprobe('--first-time unix'), already('unix'));
  t.like(await modprobe('--first-time xor', () => EEXIST), already('xor'));
  root.writeModuleFolder({ name: 'xor' });
  t.like(await modprobe('--first-time xor'), already('xor'));
  t.like(await modprobe('-n --first-time xor'), already('xor'));
  t.like(await modprobe('--first-time btrfs'), { exitCode: 0, calls: ['finit btrfs 0'] });
});

test('of several modules with one alias each is tried, and the last decides', async (t) => {
  const { modprobe } = setUp(t);
  t.like(await modprobe('pci:v01', (call) => (call.includes('net_a') ? ENODEV : undefined)), {
    exitCode: 0,
    stderr: "modprobe: ERROR: could not insert 'net_a': No such device\n",
    calls: ['finit net_a 0', 'finit net_b 0'],
  });
});

test('force flags reach the call', async (t) => {
  const { modprobe } = setUp(t);
  t.deepEqual((await modprobe('-f xor')).calls, ['finit xor 3']);
  t.deepEqual((await modprobe('--force-vermagic dm-mod')).calls, ['finit dm_mod 2']);
  t.deepEqual((await modprobe('--force-mod btrfs')).calls, ['finit btrfs 1']);
});

test('a compressed file goes to a kernel that unpacks it, and is unpacked for another', async (t) => {
  const { modprobe, root, directory } = setUp(t);
  t.like(await modprobe('-D packed'), { exitCode: 0, stdout: `insmod ${directory}/kernel/packed.ko.xz \n` });
  const damaged = await modprobe('packed');
  t.is(damaged.exitCode, 1);
  t.regex(damaged.stderr, /could not insert 'packed': \S+packed\.ko\.xz: the xz data /);
  const whole = compressedSamples.find(({ name }) => name === 'xz, CRC32')?.bytes ?? '';
  root.write(`lib/modules/${RELEASE}/kernel/packed.ko.xz`, whole);
  t.deepEqual((await modprobe('-f packed')).calls, ['finit-memory packed 3']);
  root.removeModuleFolder('packed');
  root.write('sys/module/compression', 'xz\n');
  t.deepEqual((await modprobe('packed')).calls, ['finit packed 4']);
});

test('-r unloads what is unused, and says what it does', async (t) => {
  const { modprobe, root } = setUp(t);
  const load = (): void =>
    root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  load();
  t.like(await modprobe('-rnv btrfs'), { exitCode: 0, stdout: 'rmmod btrfs\nrmmod xor\n', calls: [] });
  t.like(await modprobe('-r -v btrfs'), {
    exitCode: 0,
    stdout: 'rmmod btrfs\nrmmod xor\n',
    calls: ['delete btrfs 2048', 'delete xor 2048'],
  });
  load();
  t.deepEqual((await modprobe('-r -f btrfs')).calls, ['delete btrfs 2560', 'delete xor 2048']);
  load();
  t.like(await modprobe('-r btrfs', () => EPERM), {
    exitCode: 1,
    stderr: "modprobe: ERROR: could not remove 'btrfs': Operation not permitted\n",
  });
});

const busyNetB: Verdict = (call) => (call.startsWith('delete net_b') ? EAGAIN : undefined);

test('-r unloads soft dependencies that are not in use', async (t) => {
  const { modprobe, root } = setUp(t);
  root.write(
    `lib/modules/${RELEASE}/modules.softdep`,
    'softdep btrfs pre: pci:v01 post: dm-mod\nsoftdep xor pre: packed\n',
  );
  root.writeKernel([
    { name: 'btrfs' },
    { name: 'xor', refcount: 1, users: ['btrfs'] },
    { name: 'dm_mod', refcount: 2 },
    { name: 'net_a' },
    { name: 'net_b' },
    { name: 'packed' },
  ]);
  // As with kmod the soft dependency of a dependency stays.
  const stdout = 'rmmod btrfs\nrmmod xor\nrmmod net_b\nrmmod net_a\n';
  t.like(await modprobe('-r -n -v btrfs'), { exitCode: 0, stdout });
  t.deepEqual(await modprobe('-r btrfs', busyNetB), {
    exitCode: 0,
    stdout: '',
    stderr: '',
    calls: ['delete btrfs 2048', 'delete xor 2048', 'delete net_b 2048', 'delete net_a 2048'],
  });
});

test('-r tells why not', async (t) => {
  const { modprobe, root } = setUp(t);
  root.writeKernel([{ name: 'xor', refcount: 1, users: ['btrfs'] }]);
  const rows: readonly [string, number, string][] = [
    ['-r xor', 1, 'modprobe: FATAL: Module xor is in use.\n'],
    ['-r unix', 1, 'modprobe: FATAL: Module unix is builtin.\n'],
    ['-r none', 1, 'modprobe: FATAL: Module none not found.\n'],
    ['-r -a none dm-mod', 1, 'modprobe: WARNING: Module none not found.\n'],
    ['-r dm-mod', 0, ''],
    ['-r --first-time dm-mod', 1, 'modprobe: FATAL: Module dm_mod is not in kernel.\n'],
    ['-r -q xor', 1, ''],
    ['-r a]b', 1, ''],
    // A fatal message ends the program, so that the second is not tried.
    ['-r xor none', 1, 'modprobe: FATAL: Module xor is in use.\n'],
  ];
  for (const [line, exitCode, stderr] of rows)
    t.deepEqual(await modprobe(line), { exitCode, stderr, stdout: '', calls: [] }, line);
});

test('mistakes in the command line, help and version', async (t) => {
  const { modprobe } = setUp(t);
  const rows: readonly [string, string][] = [
    ['', 'modprobe: ERROR: missing parameters. See -h.\n'],
    ['--bogus xor', "modprobe: unrecognized option '--bogus'\n"],
    [
      '-q --f',
      "modprobe: option '--f' is ambiguous; possibilities: '--first-time' '--force' '--force-modversion' '--force-vermagic'\n",
    ],
  ];
  for (const [line, stderr] of rows) t.like(await modprobe(line), { exitCode: 1, stderr, calls: [] }, line);
  t.regex((await modprobe('--help --bogus')).stdout, /^Usage:\n\tmodprobe /);
  t.regex((await modprobe('-V')).stdout, /^kmodctl version \d+\.\d+\.\d+\n\+ZSTD \+XZ \+ZLIB\n$/);
});

test('a damaged index is reported, not fatal to the process', async (t) => {
  const { modprobe, root, directory } = setUp(t);
  root.write(`lib/modules/${RELEASE}/modules.dep.bin`, Buffer.alloc(100, 7));
  const { exitCode, stderr } = await modprobe('xor');
  t.is(exitCode, 1);
  t.true(
    stderr.startsWith(`modprobe: ERROR: The index file ${directory}/modules.dep.bin is damaged at byte 0`),
  );
});

function already(name: string): Partial<CliResult> {
  const stderr = `modprobe: ERROR: could not insert '${name}': Module already in kernel\n`;
  return { exitCode: 1, stderr };
}
