/** The tools of modutils 2.4 on a kernel of today: ksyms, and lsmod in its look of then. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { HIDDEN_KALLSYMS, writeSymbols } from '../fixtures/symbol-list.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  writeSymbols(root);
  return root;
}

const HEADER = 'Address           Symbol                            Defined by\n';

test("ksyms: exports of the modules, with -a the kernel's", async (t) => {
  const root = setUp(t);
  const ofModules = `ffffffffc0500000  late_function                     [late]
ffffffffc0100010  export_function                   [export]
`;
  const ofKernel = `ffffffff81000200  _printk
0000000000000000  fixed_percpu_data
ffffffff81000300  kfree
`;
  const show = async (...argv: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCli(root, argv);
    t.deepEqual([exitCode, stderr], [0, ''], argv.join(' '));
    return stdout;
  };
  t.is(await show('ksyms'), HEADER + ofModules);
  t.is(await show('ksyms', '-h'), ofModules);
  t.is(await show('kmodctl', 'ksyms', '--all'), HEADER + ofModules + ofKernel);
  t.is(
    await show('ksyms', '-hma'),
    `ffffffffc0300000  (16k)                             [slave]
ffffffffc0200000  (16k)                             [import]
ffffffffc0500000  (20k)                             [late]
ffffffffc0500000  late_function                     [late]
ffffffffc0100000  (16k)                             [export]
ffffffffc0100010  export_function                   [export]
${ofKernel}`,
  );
  t.regex(await show('ksyms', '-H'), /^Usage:\n\tksyms \[options\]/);
  t.regex(await show('ksyms', '-V'), /^kmod/);
  t.like(JSON.parse(await show('ksyms', '-a', '--json')), {
    schema: 'kmodctl/ksyms/1',
    addressesHidden: false,
  });
});

test('ksyms: hidden addresses, eight digits where they do, and what goes wrong', async (t) => {
  const root = setUp(t);
  root.write('proc/kallsyms', HIDDEN_KALLSYMS);
  t.like(await runCli(root, ['ksyms', '-h']), {
    exitCode: 0,
    stdout: `(hidden)          late_function                     [late]
(hidden)          export_function                   [export]
`,
  });
  root.write('proc/kallsyms', 'c0110000 T printk\nc0300000 r __ksymtab_printk\n');
  t.like(await runCli(root, ['ksyms', '-a']), {
    stdout: 'Address   Symbol                            Defined by\nc0110000  printk\n',
  });
  root.write('proc/kallsyms', 'c0110000 T printk\n');
  const { exitCode, stdout, stderr } = await runCli(root, ['ksyms']);
  t.deepEqual([exitCode, stdout], [1, '']);
  t.regex(
    stderr,
    /^ksyms: ERROR: could not get the kernel's symbols: .*kallsyms does not tell .*CONFIG_KALLSYMS_ALL/,
  );
  t.like(await runCli(root, ['ksyms', 'x']), {
    exitCode: 1,
    stderr: 'ksyms: ERROR: too many arguments provided.\n',
  });
  t.like(await runCli(root, ['ksyms', '-x']), { exitCode: 1, stderr: "ksyms: invalid option -- 'x'\n" });
});

test('lsmod --classic: counts without modules, users in brackets, and marks', async (t) => {
  const root = setUp(t);
  const lines = `slave                  16384   0 (unused)
import                 16384   0 (unused)
late                   20480 (initializing)
export                 16384   0 [import]
`;
  const header = 'Module                  Size  Used by';
  t.is((await runCli(root, ['lsmod', '--classic'])).stdout, `${header}\n${lines}`);
  root.write('proc/sys/kernel/tainted', '12288\n');
  t.is((await runCli(root, ['lsmod', '--classic'])).stdout, `${header}    Tainted: OE\n${lines}`);
  // As `modprobe -k` marks it, for this load of the module.
  root.write('sys/module/slave/initstate', 'live\n');
  const { ino } = statSync(join(root.path, 'sys/module/slave'));
  root.write('run/kmodctl/autoclean', `slave ${ino} new\n`);
  t.is(
    (await runCli(root, ['lsmod', '--classic'])).stdout,
    `${header}    Tainted: OE\n${lines.replace('(unused)', '(autoclean)')}`,
  );
  root.write('proc/sys/kernel/tainted', '0\n');
  root.writeKernel([
    { name: 'held', refcount: 3, users: ['one', 'two'] },
    { name: 'vrf', isPermanent: true },
    { name: 'gone', refcount: -1, state: 'Unloading' },
    { name: 'stuck', refcount: '-' },
    { name: 'a_module_with_quite_a_long_name' },
  ]);
  t.is(
    (await runCli(root, ['lsmod', '--classic'])).stdout,
    `${header}    Not tainted
held                   16384   1 [one two]
vrf                    16384   0
gone                   16384   0 (deleted)
stuck                  16384  -1
a_module_with_quite_a_long_name   16384   0 (unused)
`,
  );
});
