import test, { type ExecutionContext } from 'ava';

import { byteText } from '../../src/native/byte-text.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { KmodRoot, type RootFile } from '../reference/kmod-root.ts';
import { referenceKmod, type ReferenceVersion } from '../reference/reference-kmod.ts';
import { type ConfigSet, configSets, SET_RELEASE } from './config-sets.ts';

const versions: readonly ReferenceVersion[] = ['34.2', '30'];

const LISTING = 'conf_files_filter_out';
/** How many files and command lines are made up. */
const ROUNDS = 150;
const filePieces =
  'alias |blacklist |options |install |remove |weakdep |softdep |include |bogus|a|b-c|d_|*|?|[|]|[e-f]|=|.|#|pre: |"|\'|é|\0| | |\t|\n|\n|\n|\\|\\\n|\r|\v|\f'.split(
    '|',
  );
const commandLinePieces =
  'a|b-c|modprobe|.|.|=|=|"|"| | | |\n|\t|[|]|,|\'|\\|é|modprobe.blacklist=|m.|.x=|\v|\r'.split('|');

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: readonly string[];
}

for (const version of versions)
  test(`like kmod ${version}: modprobe -c on every configuration set`, async (t) => {
    t.timeout(600_000);
    const root = new KmodRoot(await referenceKmod(version));
    t.teardown(() => root.remove());
    for (const set of configSets.filter((one) => one.versions?.includes(version) ?? true))
      await compare(t, root, set);
  });

test('like kmod 34.2: lines at random', async (t) => {
  t.timeout(600_000);
  const root = new KmodRoot(await referenceKmod('34.2'));
  t.teardown(() => root.remove());
  const random = pseudoRandom(20_264);
  const text = (pieces: readonly string[], length: number): string =>
    Array.from({ length }, () => pieces[random(pieces.length)]).join('');
  for (let round = 0; round < ROUNDS; round++) {
    const files = {
      'etc/modprobe.d/x.conf': text(filePieces, 400),
      'proc/cmdline': text(commandLinePieces, 400),
    };
    await compare(t, root, { name: JSON.stringify(files), files, isCompatOnly: true });
  }
});

test('there are sets enough, each under a name of its own', (t) => {
  t.true(configSets.length > 80, `${configSets.length}`);
  t.is(new Set(configSets.map(({ name }) => name)).size, configSets.length);
});

async function compare(
  t: ExecutionContext,
  root: KmodRoot,
  set: ConfigSet & { readonly isCompatOnly?: boolean },
): Promise<void> {
  const { name, files, args = [], meant } = set;
  const kmod = askKmod(root, files, args);
  t.deepEqual(await askUs(root, [...args, '--compat=kmod']), kmod, `${name}, --compat=kmod`);
  if (set.isCompatOnly === true) return;
  const ours = await askUs(root, args);
  const right = meant === undefined ? kmod : askKmod(root, meant, args);
  t.deepEqual(ours, { ...right, stdout: withSeparatedLists(right.stdout) }, name);
}

function askKmod(root: KmodRoot, files: Readonly<Record<string, RootFile>>, args: readonly string[]): Answer {
  root.replaceFiles(files);
  const given = args.map((arg) => arg.replace('ROOT', ''));
  const { exitCode, stdout, stderr } = root.runKmod('modprobe', ['-S', SET_RELEASE, '-c', ...given]);
  // kmod 30 is built to tell where in its source a message is from.
  const plain = stderr.replaceAll(/^libkmod: ERROR \S+:\d+ /gm, 'libkmod: ERROR: ');
  return {
    exitCode,
    stdout: byteText(stdout),
    stderr: messageLines(byteText(Buffer.from(plain, 'latin1'))),
  };
}

async function askUs(root: KmodRoot, args: readonly string[]): Promise<Answer> {
  const given = args.map((arg) => arg.replace('ROOT', root.path));
  const line = ['modprobe', '-d', root.path, '-S', SET_RELEASE, '-c', ...given];
  const { exitCode, stdout, stderr } = await runCli(root, line);
  return { exitCode, stdout, stderr: messageLines(stderr.replaceAll(root.path, '')) };
}

/** Messages about the entries of a folder come in the order in which the file system lists them. */
function messageLines(stderr: string): readonly string[] {
  const lines = stderr.split('\n');
  const listing = lines.filter((line) => line.includes(LISTING));
  return [...listing.toSorted(), ...lines.filter((line) => !line.includes(LISTING))];
}

/** Puts the blank in that kmod leaves out between the lists of a soft dependency. */
function withSeparatedLists(stdout: string): string {
  return stdout.replaceAll(/^(softdep .*pre: .*?)(?<! )post: /gm, '$1 post: ');
}
