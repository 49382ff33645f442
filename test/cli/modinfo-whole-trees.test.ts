/** modinfo against kmod's own, over all modules of whole distribution kernels. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { CliIo } from '../../src/cli/cli-io.ts';
import { run } from '../../src/cli/main.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

interface Output {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

async function runModinfo(t: ExecutionContext, argv: readonly string[]): Promise<Output> {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const chunks: Uint8Array[] = [];
  let stderr = '';
  const io: CliIo = {
    stdout: (output) => {
      chunks.push(Buffer.from(output));
    },
    stderr: (text) => {
      stderr += text;
    },
    env: {},
    workingDirectory: resolve('.'),
    syscalls: new RecordingCalls(root),
    kernel: { root: root.path },
    release: 'none',
  };
  const exitCode = await run(['node', '/sbin/modinfo', ...argv], io);
  return { exitCode, stdout: Buffer.concat(chunks), stderr };
}

/** Where two outputs part, with a little of both; kept short, because AVA would print megabytes. */
function firstDifference(ours: Output, theirs: Output): string {
  if (ours.exitCode !== theirs.exitCode) return `exit code ${ours.exitCode}, not ${theirs.exitCode}`;
  if (ours.stderr !== theirs.stderr) return `stderr: ${ours.stderr.slice(0, 300)}`;
  if (ours.stdout.equals(theirs.stdout)) return '';
  let at = 0;
  while (ours.stdout[at] === theirs.stdout[at]) at++;
  const around = (bytes: Buffer): string =>
    JSON.stringify(bytes.toString('latin1', Math.max(0, at - 100), at + 60));
  return `byte ${at}: ours ${around(ours.stdout)}, kmod's ${around(theirs.stdout)}`;
}

interface Subject {
  /** All module files. */
  readonly files: readonly string[];
  /** Names of all builtin modules. */
  readonly builtins: readonly string[];
  /** Requests that aliases of the tree match. */
  readonly requests: readonly string[];
  /** Options that name the tree. */
  readonly place: readonly string[];
}

async function subjectOf(kernel: string): Promise<Subject> {
  const { directory, release } = await referenceTree(kernel);
  const files = readdirSync(join(directory, 'kernel'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ko(\.xz)?$/.test(name))
    .map((name) => join(directory, 'kernel', name))
    .sort();
  const text = (name: string): readonly string[] =>
    readFileSync(join(directory, name), 'latin1').trim().split('\n');
  return {
    files,
    builtins: text('modules.builtin').map((line) => line.replace(/.*\/(.*)\.ko$/, '$1')),
    requests: text('modules.alias')
      .filter((line, index) => index % 53 === 0 && line.startsWith('alias ') && !/[[?\\]/.test(line))
      .map((line) => (line.split(' ')[1] ?? '').replaceAll('*', '7')),
    place: ['-b', directory.replace(/\/(?:usr\/)?lib\/modules\/[^/]*$/, ''), '-k', release],
  };
}

for (const kernel of testKernels) {
  test.serial(`${kernel}: every module file, in every form`, async (t) => {
    const kmod = await referenceKmod('34.2');
    const { files } = await subjectOf(kernel);
    t.true(files.length > 3000);
    // Whole trees once; the other forms take the same way to the files, so that some will do.
    const forms: readonly (readonly string[])[] = [[], ['-0'], ['-p'], ['-n'], ['-0', '-F', 'parm']];
    for (const form of forms) {
      const operands = form.length === 0 ? files : files.filter((_, index) => index % 31 === 0);
      t.is(
        firstDifference(
          await runModinfo(t, [...form, ...operands]),
          kmod.run('modinfo', [...form, ...operands]),
        ),
        '',
      );
    }
  });

  test.serial(`${kernel}: every field`, async (t) => {
    const kmod = await referenceKmod('34.2');
    const { files } = await subjectOf(kernel);
    // The files of 6.12 are compressed.
    const some = files.filter((_, index) => index % (kernel === '6.1' ? 23 : 97) === 0);
    const listing = kmod.run('modinfo', some).stdout.toString('latin1');
    const fields = new Set([...listing.matchAll(/^([\w-]+):/gm)].map(([, key = '']) => key));
    t.true(fields.size >= 15);
    for (const field of [...fields, 'parmtype', 'License', ''])
      t.is(
        firstDifference(
          await runModinfo(t, ['-F', field, ...some]),
          kmod.run('modinfo', ['-F', field, ...some]),
        ),
        '',
        field,
      );
  });

  test.serial(`${kernel}: every builtin module, and aliases`, async (t) => {
    const kmod = await referenceKmod('34.2');
    const { builtins, requests, place } = await subjectOf(kernel);
    t.true(builtins.length > 150 && requests.length > 400);
    const calls: readonly (readonly string[])[] = [
      builtins,
      ...['-0', '-p', '-n', '-m', '-l'].map((option) => [option, ...builtins]),
      ['-F', 'name', ...builtins],
      ['-n', ...requests],
    ];
    for (const call of calls)
      t.is(
        firstDifference(await runModinfo(t, [...place, ...call]), kmod.run('modinfo', [...place, ...call])),
        '',
        call[0],
      );
  });
}
