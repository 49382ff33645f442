import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot } from '../fixtures/fixture-root.ts';

const [ENOENT, EAGAIN, EEXIST] = [-2, -11, -17];

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([
    { name: 'btrfs', refcount: 2 },
    { name: 'a_module_with_quite_a_long_name', refcount: 0 },
    { name: 'xor', refcount: 2, users: ['btrfs', 'raid456'] },
    { name: 'vrf', refcount: 0, isPermanent: true },
    { name: 'coming', refcount: 1, state: 'Loading' },
    { name: 'stuck', refcount: '-' },
    { name: 'free', refcount: 0 },
  ]);
  root.write('sys/module/coming/coresize', '8192\n');
  return root;
}

test('lsmod prints the table of kmod', async (t) => {
  const root = setUp(t);
  const { stdout, stderr, exitCode } = await runCli(root, ['lsmod']);
  t.is(exitCode, 0);
  t.is(stderr, '');
  t.is(
    // The order of holders is that of the folder, which is the file system's.
    stdout.replace('raid456,btrfs', 'btrfs,raid456'),
    `Module                  Size  Used by
btrfs                  16384  2
a_module_with_quite_a_long_name    16384  0
xor                    16384  2 btrfs,raid456
vrf                    16384  0
coming                  8192  1
stuck                  16384  -
free                   16384  0
`,
  );
});

test('lsmod: operands, and a kernel without modules', async (t) => {
  const root = setUp(t);
  t.like(await runCli(root, ['lsmod', 'x']), {
    exitCode: 1,
    stderr: 'lsmod: ERROR: too many arguments provided.\n',
  });
  const none = new FixtureRoot();
  t.teardown(() => none.remove());
  none.write('proc/version', '');
  t.like(await runCli(none, ['lsmod']), {
    exitCode: 1,
    stdout: '',
    stderr: `lsmod: ERROR: could not open ${none.path}/proc/modules: No such file or directory
lsmod: ERROR: could not get list of modules: No such file or directory
`,
  });
});

test('insmod loads one file', async (t) => {
  const root = setUp(t);
  root.write('my-mod.ko', contents.plain);
  t.deepEqual(await runCli(root, ['insmod', 'my-mod.ko', 'a=1', 'b=c d']), {
    exitCode: 0,
    stdout: '',
    stderr: '',
    calls: ['finit my_mod 0 a=1 b="c d"'],
  });
  t.deepEqual((await runCli(root, ['insmod', '-f', `${root.path}/my-mod.ko`])).calls, ['finit my_mod 3']);
  const refusals: readonly [number, string][] = [
    [EEXIST, 'File exists'],
    [ENOENT, 'Unknown symbol in module'],
    [-22, 'Invalid parameters'],
    [-8, 'Invalid module format'],
  ];
  for (const [result, text] of refusals)
    t.like(await runCli(root, ['insmod', 'my-mod.ko'], () => result), {
      exitCode: 1,
      stderr: `insmod: ERROR: could not insert module my-mod.ko: ${text}\n`,
    });
  const mistakes: readonly [readonly string[], string][] = [
    [[], 'insmod: ERROR: missing filename.\n'],
    [['-'], 'insmod: ERROR: this tool does not support loading from stdin!\n'],
    [['none.ko'], 'insmod: ERROR: could not load module none.ko: No such file or directory\n'],
    [['-x'], "insmod: invalid option -- 'x'\n"],
  ];
  for (const [argv, stderr] of mistakes)
    t.deepEqual(await runCli(root, ['insmod', ...argv]), { exitCode: 1, stdout: '', stderr, calls: [] });
});

test('rmmod unloads what nothing uses, and goes on after a refusal', async (t) => {
  const root = setUp(t);
  root.write('sys/module/kernel/parameters/x', '');
  t.deepEqual(await runCli(root, ['rmmod', 'xor', 'btrfs', 'none', 'kernel', 'stuck', 'free']), {
    exitCode: 1,
    stdout: '',
    stderr: [
      'Module xor is in use by: btrfs raid456',
      'Module btrfs is in use',
      'Module none is not currently loaded',
      'Module kernel is builtin.',
      'Module unloading is not supported',
    ]
      .map((line) => `rmmod: ERROR: ${line}\n`)
      .join('')
      .replace('btrfs raid456', (await holdersOf(root, 'xor')).join(' ')),
    calls: ['delete free 2048'],
  });
  t.deepEqual((await runCli(root, ['rmmod', '-f', 'xor', 'none'])).calls, [
    'delete xor 2560',
    'delete none 2560',
  ]);
});

test('rmmod takes a file for its name and reports a refusal twice, as kmod does', async (t) => {
  const root = setUp(t);
  const file = root.write('build/free.ko', '');
  t.like(await runCli(root, ['rmmod', file], () => EAGAIN), {
    exitCode: 1,
    stderr: `rmmod: ERROR: could not remove 'free': Resource temporarily unavailable
rmmod: ERROR: could not remove module ${file}: Resource temporarily unavailable
`,
    calls: ['delete free 2048'],
  });
  t.like(await runCli(root, ['rmmod']), { exitCode: 1, stderr: 'rmmod: ERROR: missing module name.\n' });
});

test('help and version of each tool', async (t) => {
  const root = setUp(t);
  for (const tool of ['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod']) {
    t.regex((await runCli(root, [tool, '--help'])).stdout, new RegExp(`^Usage:\n\t${tool}`));
    t.regex((await runCli(root, [tool, '-V'])).stdout, /^kmodctl version /);
  }
});

async function holdersOf(root: FixtureRoot, module: string): Promise<readonly string[]> {
  const { stdout } = await runCli(root, ['lsmod']);
  const line = stdout.split('\n').find((text) => text.startsWith(`${module} `)) ?? '';
  return line.replace(/.* /, '').split(',');
}
