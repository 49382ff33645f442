import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { referenceTree } from '../reference/reference-tree.ts';

const kmod = await referenceKmod('34.2');
const root = new FixtureRoot();
const folder = mkdtempSync(join(tmpdir(), 'kmodctl-symbols-'));
test.after.always(() => {
  root.remove();
  rmSync(folder, { recursive: true });
});

async function compare(t: ExecutionContext, argv: readonly string[]): Promise<string> {
  const theirs = kmod.run('modprobe', ['-C', '/dev/null', ...argv], { cwd: folder });
  const ours = await runCli(root, ['modprobe', '-C', '/dev/null', ...argv], undefined, {
    workingDirectory: folder,
  });
  const title = argv.join(' ');
  t.is(ours.stderr, theirs.stderr, title);
  t.is(ours.stdout, theirs.stdout.toString(), title);
  t.is(ours.exitCode, theirs.exitCode, title);
  return ours.stdout;
}

for (const kernel of ['6.1', '6.12'])
  test(`${kernel}: versions and exports of modules, as kmod lists them`, async (t) => {
    const { directory } = await referenceTree(kernel);
    const all = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.ko(?:\.xz)?$/.test(file),
    );
    const some = all.filter((_, index) => index % 180 === 0);
    t.true(some.length > 15);
    let lines = 0;
    for (const file of some)
      for (const option of ['--show-modversions', '--show-exports']) {
        const output = await compare(t, [option, join(directory, file)]);
        lines += output.split('\n').length - 1;
      }
    t.true(lines > 400);
  });

test('what is no module, and how options go together', async (t) => {
  const { directory } = await referenceTree('6.12');
  const file = readdirSync(directory, { recursive: true, encoding: 'utf8' }).find((each) =>
    each.endsWith('crc16.ko.xz'),
  );
  const module = join(directory, file ?? '');
  copyFileSync(module, join(folder, 'odd name.ko.xz'));
  writeFileSync(join(folder, 'text.ko'), 'no module');
  writeFileSync(join(folder, 'empty.ko'), '');
  for (const argv of [
    ['--show-exports', 'odd name.ko.xz'],
    ['--dump-modversions', './odd name.ko.xz'],
    ['--show-exports', '/no/such.ko'],
    ['--show-exports', './none'],
    ['--show-exports', ''],
    ['--show-exports', 'text.ko'],
    ['--show-modversions', 'text.ko'],
    ['--show-exports', 'empty.ko'],
    ['--show-exports', '/etc'],
    ['--show-exports'],
    ['-q', '--show-exports', '/no/such.ko'],
    ['-a', '--show-exports', '/no/such.ko', '/none'],
    ['-a', '--show-modversions', 'text.ko'],
    ['--show-exports', '--show-modversions', module],
    ['-r', '--show-exports', module],
    ['-nv', '--show-exports', module, 'ignored'],
    ['-i', '-f', '--first-time', '--show-exports', module],
  ])
    await compare(t, argv);
});

test('names of modules are taken too, as by kmod after 34; not with --compat=kmod', async (t) => {
  const { directory, release } = await referenceTree('6.12');
  const place = [
    '-C',
    '/dev/null',
    '-d',
    directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, ''),
    '-S',
    release,
  ];
  const byName = await runCli(root, ['modprobe', ...place, '--show-exports', 'crc16']);
  const byFile = await runCli(root, [
    'modprobe',
    ...place,
    '--show-exports',
    join(directory, 'kernel/lib/crc16.ko.xz'),
  ]);
  t.is(byName.stdout, byFile.stdout);
  t.regex(byName.stdout, /^0x[0-9a-f]{8}\tcrc16/m);
  const compat = await runCli(root, ['modprobe', ...place, '--compat=kmod', '--show-exports', 'crc16']);
  t.is(compat.stderr, kmod.run('modprobe', [...place, '--show-exports', 'crc16']).stderr);
});
