import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import test from 'ava';

import type { CliIo } from '../../src/cli/cli-io.ts';
import { ProgressLine } from '../../src/cli/progress-line.ts';

import {
  assertLikeKmod,
  indexNames,
  RELEASE,
  SmallTree,
  TREE,
  type TreeFiles,
} from '../depmod/depmod-comparison.ts';
import { provider, user } from '../depmod/small-modules.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

const kmod = await referenceKmod('34.2');
const base = ['-C', '/dev/null', '-b', 'BASE'];

const tree: TreeFiles = {
  'kernel/a.ko': provider('a'),
  'kernel/b.ko': user('a', 'c'),
  'kernel/c.ko': provider('c'),
  'modules.order': 'kernel/c.ko\nkernel/a.ko\nkernel/b.ko\n',
  'modules.builtin': 'kernel/x.ko\n',
  'modules.builtin.modinfo': 'x.alias=y\0',
};

/** Command lines that both answer alike. */
const commandLines: readonly (readonly string[])[] = [
  ['--symbol-prefix=_', ...base, RELEASE],
  ['-P', 'ab'],
  ['-P', '', '-V'],
  ['-P', 'ab', '--bogus'],
  ['--bogus', '-P', 'ab'],
  ['-q'],
  ['-u'],
  ['--s'],
  ['--c'],
  ['--co'],
  ['--v'],
  ['--n'],
  ['--j'],
  ['--symv'],
  ['-b'],
  ['--show=x'],
  ['foo'],
  ['5'],
  ['5.x'],
  ['+5.1x', ...base],
  [RELEASE, ...base],
  ['--quic', ...base, RELEASE],
  ['9.9', '-b', 'BASE'],
  [...base, RELEASE, 'relative.ko'],
  [...base, RELEASE, '/does/not/exist.ko'],
  [...base, RELEASE, `BASE/${TREE}/kernel/a.ko`],
  [...base, '-n', RELEASE, `BASE/${TREE}/kernel/b.ko`, `BASE/${TREE}/kernel/a.ko`],
  [...base, RELEASE, `BASE/${TREE}/kernel/a.ko`, `BASE/${TREE}/kernel/a.ko`],
  [...base, RELEASE, `BASE/${TREE}/kernel/a.ko`, `BASE/${TREE}/kernel/../kernel/a.ko`],
  [...base, '-a', RELEASE, `BASE/${TREE}/kernel/a.ko`],
  [...base, '-n', '-A', RELEASE],
  [...base, '-A', RELEASE],
  [...base, '-A', '9.9'],
  [...base, '-e', RELEASE],
  [...base, '-E', '/does/not/exist', RELEASE],
  [...base, '-F', '/does/not/exist', RELEASE],
  [...base, '-o', 'BASE/out', RELEASE],
  [...base, '-o', 'out/', '-v', RELEASE],
  ['-b', '', '-C', '/dev/null', RELEASE],
  ['-b', '../..', '-m', 'BASE/lib/modules', '-C', '/dev/null', RELEASE],
  ['-b', 'lib', '-m', '//modules/', '-o', './out', '-C', '/dev/null', RELEASE],
  ['-b', 'BASE', '-m', '', '-C', '/dev/null', RELEASE],
];
for (const [number, args] of commandLines.entries())
  test(`like kmod: ${number} depmod ${args.join(' ')}`, async (t) => {
    await assertLikeKmod(t, kmod, tree, args);
  });

/** Milliseconds after which a change is certain to have left a trace. */
const SETTLED = 2200;
const plain = ['-C', '/dev/null', '-b', 'BASE'];

test('-A: nothing to do when nothing has changed; removed, replaced and preferred modules count as changes', async (t) => {
  const small = new SmallTree({ ...tree, '/depmod.conf': 'search updates built-in\n' });
  t.teardown(() => small.remove());
  const quick = ['-A', '-C', 'BASE/depmod.conf', '-b', 'BASE', RELEASE];
  const depends = (): string => readFileSync(join(small.base, TREE, 'modules.dep'), 'latin1');
  const runs = async (): Promise<boolean> => {
    const before = statSync(join(small.base, TREE, 'modules.dep'), { bigint: true }).mtimeNs;
    t.is(await small.keep(quick), 0);
    return statSync(join(small.base, TREE, 'modules.dep'), { bigint: true }).mtimeNs > before;
  };
  t.is(await small.keep(quick), 0);
  t.is(depends(), 'kernel/c.ko:\nkernel/a.ko:\nkernel/b.ko: kernel/c.ko kernel/a.ko\n');
  t.false(await runs());
  // An older file in place of a newer one, as a package manager puts it there.
  const path = small.write('kernel/new.ko', provider('new'));
  utimesSync(path, 1, 1);
  renameSync(path, join(small.base, TREE, 'kernel/c.ko'));
  t.true(await runs());
  t.is(depends(), 'kernel/c.ko:\nkernel/a.ko:\nkernel/b.ko: kernel/a.ko\n');
  t.false(await runs());
  rmSync(join(small.base, TREE, 'kernel/c.ko'));
  t.true(await runs());
  t.false(await runs());
  // A module that configuration does not prefer yet.
  small.write('weak/a.ko', provider('weak'));
  t.false(await runs());
  small.write('/depmod.conf', 'search weak updates built-in\n');
  t.true(await runs());
  t.true(depends().includes('weak/a.ko'));
  t.false(await runs());
  small.write('modules.builtin', 'kernel/y.ko\n');
  t.true(await runs());
  rmSync(join(small.base, TREE, 'modules.alias.bin'));
  t.true(await runs());
});

test('with --compat=kmod -A judges by dates alone', async (t) => {
  const small = new SmallTree(tree);
  t.teardown(() => small.remove());
  const quick = ['--compat=kmod', '-A', ...plain, RELEASE].map((word) => word.replace('BASE', small.base));
  t.is(await small.keep(quick), 0);
  const dep = join(small.base, TREE, 'modules.dep');
  const old = readFileSync(dep, 'latin1');
  rmSync(join(small.base, TREE, 'kernel/c.ko'));
  t.is(await small.keep(quick), 0);
  t.is(readFileSync(dep, 'latin1'), old);
  utimesSync(join(small.base, TREE, 'kernel/a.ko'), 4e9, 4e9);
  t.is(await small.keep(quick), 0);
  t.not(readFileSync(dep, 'latin1'), old);
});

test('--json: a summary', async (t) => {
  const small = new SmallTree({ ...tree, 'kernel/bad.ko': 'no module' });
  t.teardown(() => small.remove());
  const { exitCode, stdout, files } = await small.run(['--json', ...plain, RELEASE]);
  t.is(exitCode, 0);
  const { durationMs, ...summary } = JSON.parse(stdout) as Record<string, unknown>;
  t.is(typeof durationMs, 'number');
  t.deepEqual(summary, {
    schema: 'kmodctl/depmod/1',
    release: RELEASE,
    directory: `${small.base}/${TREE}`,
    outputDirectory: `${small.base}/${TREE}`,
    published: true,
    upToDate: false,
    modules: 4,
    read: 4,
    files: indexNames.map((name) => ({ name, bytes: files[`${TREE}/${name}`]?.length })),
    messages: [
      {
        priority: 'error',
        text: `failed to load symbols from ${small.base}/${TREE}/kernel/bad.ko: Exec format error`,
      },
    ],
  });
});

test('--json -A, when there is nothing to do', async (t) => {
  const small = new SmallTree(tree);
  t.teardown(() => small.remove());
  await small.keep([...plain, RELEASE]);
  const { stdout } = await small.run(['--json', '-A', ...plain, RELEASE]);
  t.like(JSON.parse(stdout), {
    published: false,
    upToDate: true,
    modules: null,
    read: 0,
    files: [],
    messages: [],
  });
});

test('--json, when nothing came of it', async (t) => {
  const small = new SmallTree({ 'kernel/a.ko': user('b'), 'kernel/b.ko': 'x' });
  t.teardown(() => small.remove());
  const { stdout, stderr, exitCode } = await small.run(['--json', ...plain, '9.9']);
  t.is(exitCode, 1);
  t.true(stderr.endsWith('depmod: FATAL: could not search modules: No such file or directory\n'));
  t.like(JSON.parse(stdout), {
    schema: 'kmodctl/depmod/1',
    release: '9.9',
    published: false,
    error: { code: 'ERR_KMOD_INDEX_MISSING', message: 'could not search modules: No such file or directory' },
  });
});

test('--check tells whether the indexes fit the modules', async (t) => {
  const small = new SmallTree(tree);
  t.teardown(() => small.remove());
  const check = ['--check', ...plain, RELEASE];
  const folder = `${small.base}/${TREE}`;
  const missing = indexNames.map((name) => `${folder}: ${name} is missing\n`).join('');
  t.deepEqual(await small.run(check), { exitCode: 1, stdout: missing, stderr: '', files: {} });
  await small.keep([...plain, RELEASE]);
  const fits = `${folder}: the indexes fit the modules\n`;
  t.like(await small.run(check), { exitCode: 0, stdout: fits, stderr: '' });
  small.write('kernel/d.ko', { module: { modinfo: ['softdep=pre: a'] } });
  const { exitCode, stdout } = await small.run(check);
  t.is(exitCode, 1);
  t.is(
    stdout,
    ['modules.dep', 'modules.dep.bin', 'modules.softdep']
      .map((name) => `${folder}: ${name} does not fit the modules\n`)
      .join(''),
  );
  const json = JSON.parse((await small.run(['--json', ...check])).stdout) as object;
  t.like(json, {
    schema: 'kmodctl/depmod-check/1',
    current: false,
    differing: ['modules.dep', 'modules.dep.bin', 'modules.softdep'],
    missing: [],
    interrupted: false,
    modules: 4,
  });
});

test('what modules contribute is remembered, unless --no-cache is given', async (t) => {
  const small = new SmallTree(tree);
  t.teardown(() => small.remove());
  const run = await small.run(['--no-cache', ...plain, RELEASE]);
  t.deepEqual(readdirSync(small.cache), []);
  // What was changed a moment ago is not remembered: it might change again without a trace.
  await setTimeout(SETTLED);
  t.deepEqual(await small.run([...plain, RELEASE]), run);
  t.deepEqual(readdirSync(small.cache), ['depmod']);
  t.deepEqual(await small.run([...plain, RELEASE]), run);
});

test('our own options: values, and names that have to be written in full', async (t) => {
  const small = new SmallTree(tree);
  t.teardown(() => small.remove());
  const failures: Readonly<Record<string, string>> = {
    '--compat=other': "depmod: FATAL: --compat knows only kmod, not 'other'\n",
    '-j0': "depmod: FATAL: -j takes a number from 1 to 999, not '0'\n",
    '--jobs=x': "depmod: FATAL: -j takes a number from 1 to 999, not 'x'\n",
    '--json=x': "depmod: option '--json' doesn't allow an argument\n",
    '--jso': "depmod: unrecognized option '--jso'\n",
  };
  for (const [option, stderr] of Object.entries(failures))
    t.deepEqual(await small.run([option]), { exitCode: 1, stdout: '', stderr, files: {} });
  const alone = await small.run(['-j', '1', ...plain, RELEASE]);
  t.is(alone.exitCode, 0);
  t.deepEqual(await small.run(['--jobs=3', '--no-cache', ...plain, RELEASE]), alone);
});

test('help and version', async (t) => {
  const small = new SmallTree({});
  t.teardown(() => small.remove());
  const { stdout, exitCode } = await small.run(['--help', '--bogus']);
  t.is(exitCode, 0);
  const theirs = small.runReference(kmod, ['--help']).stdout;
  for (const [option] of theirs.matchAll(/-\w, --[a-z-]+/g)) t.true(stdout.includes(option), option);
  t.regex((await small.run(['-V'])).stdout, /^kmodctl version /);
});

test('the progress line comes late, now and then, and goes', (t) => {
  const written: string[] = [];
  let now = 0;
  const io = { stderr: (text: string) => written.push(text) } as unknown as CliIo;
  t.is(new ProgressLine(io, 'x').onProgress, undefined);
  const line = new ProgressLine({ ...io, stderrIsTerminal: () => true }, 'read:', () => now);
  for (now = 0; now < 750; now += 50) line.onProgress?.(now, 1000);
  line.erase();
  line.erase();
  t.deepEqual(written, [
    '\r\u001b[Kread: 500 of 1000',
    '\r\u001b[Kread: 600 of 1000',
    '\r\u001b[Kread: 700 of 1000',
    '\r\u001b[K',
  ]);
});
