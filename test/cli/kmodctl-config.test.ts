import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runKmodctl } from '../../src/cli/kmodctl.ts';
import { referenceTree } from '../reference/reference-tree.ts';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const written: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  const take = (stream: 'stdout' | 'stderr') => (output: string | Uint8Array) => {
    written[stream] += Buffer.from(output as Uint8Array).toString();
  };
  const exitCode = await runKmodctl(['config', ...args], {
    stdout: take('stdout'),
    stderr: take('stderr'),
    env: {},
    workingDirectory: folder,
    root: folder,
    syscalls: undefined as never,
    kernel: { root: folder },
    release: '6.1.0-0-none',
  });
  return { exitCode, ...written };
}

test('convert: modprobe.d on stdout, depmod.d in comments, warnings on stderr', async (t) => {
  const files = { old: 'alias eth0 tulip\nprune x\ninsmod_opt=-N\n' };
  const { exitCode, stdout, stderr } = await run(t, files, ['--modules-conf=old', 'convert']);
  t.is(
    stdout,
    '# Converted by kmodctl from old, for Linux 6.1.0-0-none.\n# old:1\nalias eth0 tulip\n# For a file of depmod.d:\n#   exclude x\n',
  );
  t.regex(stderr, /^old:3: warning: insmod_opt=-N: .* \(insmod-option\)\n {4}\S/);
  t.is(exitCode, 0);
  t.is((await run(t, { old: 'bogus\n' }, ['--modules-conf=old', 'convert'])).exitCode, 1);
  t.regex((await run(t, {}, ['convert'])).stderr, /there is no \/etc\/modules.conf/);
});

test('show and explain, in either language and mode', async (t) => {
  const files = {
    old: 'if 0\nif 1\nalias a b\nendif\nendif\nalias c d\n',
    new: 'alias e dummy\nblacklist dummy\n',
  };
  t.notRegex((await run(t, files, ['--modules-conf=old', 'show'])).stdout, /alias a b/);
  t.regex((await run(t, files, ['--modules-conf=old', '--mode=2.4', 'show'])).stdout, /alias a b/);
  t.regex((await run(t, files, ['-C', 'new', 'show'])).stdout, /^blacklist dummy\nalias e dummy\n/);
  const explained = await run(t, files, ['-C', 'new', 'explain', 'e', 'other']);
  t.regex(
    explained.stdout,
    /^e is dummy\n\* .*new:1: alias e dummy\n\* .*new:2: blacklist dummy\n\nother\n {2}no line/,
  );
  t.is(
    (await run(t, files, ['--modules-conf=old', 'explain', 'a'])).stdout,
    'a\n- old:3: alias a b  (the condition does not hold)\n',
  );
});

test('lint: names and parameters of a real kernel', async (t) => {
  const { directory, release } = await referenceTree('6.1');
  const root = directory.replace(/(?:\/usr)?\/lib\/modules\/.*$/, '');
  const files = { new: 'options dummy numdumies=1\nblacklist crc8\noptions nosuch x=1\nalias q off\n' };
  const { exitCode, stdout } = await run(t, files, ['-C', 'new', '-d', root, '-S', release, 'lint']);
  const codes = [...stdout.matchAll(/new:(\d): \w+: .* \((.*)\)\n/g)].map(
    ([, line, code]) => `${line} ${code}`,
  );
  t.deepEqual(codes, ['1 unknown-parameter', '2 blacklist-needed', '3 unknown-module', '4 alias-off']);
  t.regex(stdout, /Did you mean numdummies\?/);
  t.is(exitCode, 1);
});

test('mistakes of the command line', async (t) => {
  for (const [args, text] of [
    [[], /what is to be done/],
    [['explain'], /which names/],
    [['show', 'x'], /'x' is one word too many/],
    [['--modules-conf=x', '--mode=9', 'show'], /fixed or 2\.4/],
    [['--mode=9', 'show'], /fixed or 2\.4/],
    [['--compat=x', 'show'], /only kmod, not 'x'/],
    [['-C', 'nosuch', 'lint'], /-C .*nosuch: there is no such file or folder/],
    [['-C', '', 'show'], /there is no such file or folder/],
    [['--modules-conf=nosuch', 'explain', 'x'], /nosuch:1:1: error: cannot be read/],
  ] as const) {
    const { exitCode, stderr } = await run(t, {}, args);
    t.regex(stderr, text);
    t.is(exitCode, 1);
  }
});
