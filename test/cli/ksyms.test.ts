/** The tools of modutils 2.4 on a kernel of today: ksyms, and lsmod in its look of then. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { getKernelSyms } from '../../src/syscalls.ts';
import { moduleVersions } from '../../src/index.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { moduleImage } from '../fixtures/module-image.ts';
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

test('versions: in the names of ksyms and getKernelSyms, and beside those of the kernel', async (t) => {
  const root = setUp(t);
  const printk = { name: '_printk', crc: 0x92_9972 };
  const stock = moduleImage({ modinfo: ['license=GPL', 'intree=Y'], needs: [printk] });
  const exporting = moduleImage({
    modinfo: ['license=GPL'],
    exports: [{ name: 'export_function', crc: 0x888c_b211 }],
  });
  const importing = moduleImage({
    modinfo: ['license=GPL', 'depends=export'],
    needs: [
      { name: '_printk', crc: 0x1234_5678 },
      { name: 'export_function', crc: 0x888c_b211 },
      { name: 'no_such_symbol', crc: 1, weak: true },
      { name: 'plain' },
    ],
  });
  root.writeTree({
    modules: {
      stock: { path: 'kernel/stock.ko', content: stock },
      export: { path: 'extra/export.ko', content: exporting },
      other: { path: 'extra/other.ko', content: importing },
    },
    symbols: [['export_function', 'export']],
  });
  const { stdout } = await runCli(root, ['ksyms', '-a', '-h', '--versions']);
  t.is(
    stdout,
    `ffffffffc0500000  late_function                     [late]
ffffffffc0100010  export_function_R888cb211         [export]
ffffffff81000200  _printk_R00929972
0000000000000000  fixed_percpu_data
ffffffff81000300  kfree
`,
  );
  const { symbols } = await getKernelSyms({ root: root.path, release: RELEASE, versions: true });
  t.deepEqual(
    symbols.map(({ name }) => name),
    '#slave #import #export export_function_R888cb211 # _printk_R00929972 fixed_percpu_data kfree'.split(' '),
  );
  const place = ['-b', root.path, '-k', RELEASE];
  t.is(
    (await runCli(root, ['modinfo', '--versions', ...place, 'other'])).stdout,
    `NEEDS            MODULE      KERNEL      VERDICT         FROM
_printk          0x12345678  0x00929972  DIFFERS         kernel
export_function  0x888cb211  0x888cb211  same            export
no_such_symbol   0x00000001  -           unknown (weak)
plain            -           -           unknown
`,
  );
  // Module.symvers of the headers tells more.
  root.write(
    `lib/modules/${RELEASE}/build/Module.symvers`,
    '0x12345678\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n0x00000002\tplain\tdrivers/x/some-other\tEXPORT_SYMBOL_GPL\t\nodd\n',
  );
  const { needs } = await moduleVersions('other', { root: root.path, release: RELEASE });
  t.like(needs[0], { agrees: true, provider: 'kernel', kernelCrc: 0x1234_5678 });
  t.regex(needs[0]?.source ?? '', /build\/Module\.symvers$/);
  t.like(needs[3], { agrees: null, provider: 'some_other', crc: null, kernelCrc: 2 });
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
