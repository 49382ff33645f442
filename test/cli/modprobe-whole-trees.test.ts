/** Every module and every alias of whole Debian trees, with and without configuration, beside the real kmod. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { aliasRequests, fillings } from '../../bench/alias-lookup-requests.ts';
import type { CliIo } from '../../src/cli/cli-io.ts';
import { run } from '../../src/cli/main.ts';
import { openIndexes } from '../../src/index-files/module-indexes.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import type { SoftDependencyLine } from '../../src/index-files/soft-dependency-file.ts';
import { moduleCalls } from '../../src/native/real-calls.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { lookUp } from '../../src/plan/lookup.ts';
import { wholeTreeConfiguration } from '../fixtures/whole-tree-configuration.ts';
import { runChild } from '../native/child-process.ts';
import { type ReferenceKmod, referenceKmod } from '../reference/reference-kmod.ts';
import { type ReferenceTree, referenceTree } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

/** Printed before the modules of each alias; found by an alias of the configuration. */
const MARKER = 'kmodctl_marker';
/** Bytes of operands for one process. */
const ARGUMENT_BYTES = 1_000_000;

interface Setting {
  readonly tree: ReferenceTree;
  /** Runs both and compares all that they say. */
  readonly compare: (options: readonly string[], operands: readonly string[]) => Promise<number>;
}

let kmod: ReferenceKmod;
const folder = mkdtempSync(join(tmpdir(), 'kmodctl-whole-'));
test.before(async () => {
  kmod = await referenceKmod('34.2');
});
test.after.always(() => rmSync(folder, { recursive: true }));

async function setUp(t: ExecutionContext, kernel: string): Promise<Setting> {
  const tree = await referenceTree(kernel);
  const root = tree.directory.replace(/\/lib\/modules\/[^/]+$/, '');
  const place = ['-d', root, '-S', tree.release];
  return {
    tree,
    compare: async (options, operands) => {
      let bytes = 0;
      for (const part of parts(operands)) {
        const argv = [...place, ...options, ...part];
        const [program, ...before] = kmod.command('modprobe');
        const theirs = await runChild(program, [
          ...before,
          ...argv.filter((word) => word !== '--compat=kmod'),
        ]);
        const ours = runHere(argv, tree.release);
        t.is(ours.stderr, theirs.stderr);
        t.is(theirs.code, ours.exitCode);
        const [at, mine, other] = firstDifference(ours.stdout, theirs.stdout);
        t.is(mine, other, `line ${at} of ${options.join(' ')}`);
        bytes += ours.stdout.length;
      }
      return bytes;
    },
  };
}

function runHere(
  argv: readonly string[],
  release: string,
): { exitCode: number; stdout: string; stderr: string } {
  const written = { stdout: '', stderr: '' };
  const io: CliIo = {
    stdout: (text) => void (written.stdout += text as string),
    stderr: (text) => void (written.stderr += text as string),
    env: {},
    workingDirectory: '/',
    syscalls: moduleCalls,
    kernel: {},
    release,
  };
  const exitCode = run(['node', '/usr/sbin/modprobe', ...argv], io) as number;
  return { exitCode, ...written };
}

/** Operands in portions that fit a command line. */
function parts(operands: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let room = 0;
  for (const operand of operands) {
    room -= operand.length + 9;
    if (room < 0) {
      all.push([]);
      room = ARGUMENT_BYTES;
    }
    all.at(-1)?.push(operand);
  }
  return all;
}

function firstDifference(one: string, other: string): readonly [at: number, one: string, other: string] {
  if (one === other) return [0, '', ''];
  const [a, b] = [one.split('\n'), other.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  const place = at === -1 ? a.length : at;
  const excerpt = (lines: readonly string[]): string =>
    lines.slice(Math.max(0, place - 2), place + 3).join('\n');
  return [place, excerpt(a), excerpt(b)];
}

function configurationFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `alias ${MARKER} ${MARKER}\n${text}`);
  return file;
}

for (const kernel of testKernels)
  test(`${kernel}: what every module needs, and what every alias stands for`, async (t) => {
    t.timeout(300_000);
    const { tree, compare } = await setUp(t, kernel);
    const indexes = openIndexes({ moduleDirectory: tree.directory });
    const names = indexes.moduleNames();
    const softNames = new Set(indexes.softDependencies().map(({ module }) => module));
    const subject = { names, softNames };
    const plain = configurationFile(`${kernel}-plain`, '');
    const rich = configurationFile(
      `${kernel}-rich`,
      wholeTreeConfiguration({ ...subject, isDisputed: false }),
    );
    const disputed = configurationFile(
      `${kernel}-disputed`,
      wholeTreeConfiguration({ ...subject, isDisputed: true }),
    );
    const all = [...names, ...indexes.builtinNames()];
    const listed = ['-a', '--show-depends'];
    t.true((await compare(['--compat=kmod', ...listed, '-C', plain], all)) > names.length * 60);
    await compare(['--compat=kmod', ...listed, '-C', rich], names);
    await compare(['--compat=kmod', ...listed, '-C', disputed], names);
    // kmod takes the first softdep line of a module alone, as of btrfs's four.
    const agreed = namesWithout(tree, repeatedNames(indexes.softDependencies()), names);
    t.true(agreed.length > names.length * 0.9);
    await compare([...listed, '-C', plain], agreed);
    await compare(['-a', '-b', '-n', '-v', '-i', '-C', plain], agreed);

    const requests = aliasRequests(tree.directory, fillings.digits);
    const marked = requests.flatMap((request) => [MARKER, request]);
    t.true(marked.length > 40_000);
    await compare(['-a', '-R', '-C', plain], marked);
    await compare(['-a', '-R', '-C', rich], marked);
  });

function repeatedNames(lines: readonly SoftDependencyLine[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { module } of lines) (seen.has(module) ? repeated : seen).add(module);
  return repeated;
}

/** Those modules that can be loaded without any of some others. */
function namesWithout(
  { directory: moduleDirectory }: ReferenceTree,
  others: ReadonlySet<string>,
  names: readonly string[],
): readonly string[] {
  const tree = new ModuleTree({ moduleDirectory });
  return names.filter((name) => {
    const { steps } = planLoad({ targets: lookUp(tree, name), tree, ignoreLoaded: true });
    return !steps.some(({ module }) => others.has(module));
  });
}
