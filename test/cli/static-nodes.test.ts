import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { nodeFormats, staticNodes } from '../../src/cli/static-nodes.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import { referenceTree } from '../reference/reference-tree.ts';

const kmod = await referenceKmod('34.2');
const folder = mkdtempSync(join(tmpdir(), 'kmodctl-nodes-'));
const root = new FixtureRoot();
test.after.always(() => {
  rmSync(folder, { recursive: true, force: true });
  root.remove();
});

/** kmod reads the running kernel's tree only: it gets one in a mount namespace of its own. */
function kmodNodes(
  content: string,
  argv: readonly string[],
): { stdout: string; stderr: string; exitCode: number } {
  const upper = join(folder, 'space/upper');
  const script = `
set -e
mkdir -p "$1" && mount -t tmpfs none "$1" && mkdir "$1/upper" "$1/work"
mount -t overlay none -o "lowerdir=/usr/lib,upperdir=$1/upper,workdir=$1/work" /usr/lib
mkdir -p "/usr/lib/modules/$(uname -r)"
cp "$2" "/usr/lib/modules/$(uname -r)/modules.devname"
shift 2
exec "$@"`;
  const file = join(folder, 'modules.devname');
  writeFileSync(file, content, 'latin1');
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
  const command = [...kmod.command('kmod'), 'static-nodes', ...argv];
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [...namespace, 'sh', '-c', script, 'sh', dirname(upper), file, ...command],
    { encoding: 'latin1' },
  );
  return { stdout, stderr, exitCode: status ?? -1 };
}

const odd = [
  '# comment',
  'fuse fuse c10:229',
  'tun net/tun c10:200',
  'blk a/b/c b7:1',
  'fuse fuse d10:229',
  '',
  'only',
  'a b',
  'a b c',
  ' a b c1:2',
  'a  b\tc3:4 rest',
  'a b c5:6x',
  'a b c-1:7',
  'a b c+1:+7',
  'a b c99999999999:99999999999999999999999',
  'a b c 1: 2',
  'a b c1 :2',
  'a b b1:2\r',
  '\u00e4 \u00fc c1:2',
  'last x c8:9',
].join('\n');

for (const format of nodeFormats)
  test(`every kind of line, as kmod writes it: ${format}`, (t) => {
    const theirs = kmodNodes(odd, ['-f', format]);
    const ours = staticNodes(odd, format);
    t.is(ours.text, theirs.stdout);
    t.is(ours.malformed.map((line) => `Error: invalid devname entry: ${line}\n`).join(''), theirs.stderr);
    t.is(theirs.exitCode, 1);
  });

test('a stock kernel has the same nodes by our command, for any release', async (t) => {
  const { directory, release: stock } = await referenceTree('6.12');
  const content = readFileSync(join(directory, 'modules.devname'), 'latin1');
  const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
  for (const format of nodeFormats) {
    const argv = ['kmodctl', 'static-nodes', '-d', base, '-S', stock, '-f', format];
    const { stdout, stderr, exitCode } = await runCli(root, argv);
    t.deepEqual({ stdout, stderr, exitCode }, kmodNodes(content, ['-f', format]));
    t.true(stdout.length > 100);
  }
});

test('-o makes the folders of its file', async (t) => {
  const [theirs, ours] = ['theirs', 'ours'].map((name) => join(folder, name, 'deep/nodes.conf'));
  if (theirs === undefined || ours === undefined) return;
  t.like(kmodNodes(odd, ['-o', theirs, '-f', 'tmpfiles']), { exitCode: 1, stdout: '' });
  root.write(`lib/modules/${RELEASE}/modules.devname`, Buffer.from(odd, 'latin1'));
  t.like(await runCli(root, ['kmodctl', 'static-nodes', '-d', root.path, '-o', ours, '-f', 'tmpfiles']), {
    exitCode: 1,
    stdout: '',
  });
  t.deepEqual(readFileSync(ours), readFileSync(theirs));
});

/** Help texts and version numbers are ours. */
function textKind(stdout: string): string {
  if (/usage/i.test(stdout)) return 'help';
  return /^kmod(?:ctl)? version/.test(stdout) ? 'version' : stdout;
}

async function compare(t: ExecutionContext, argv: readonly string[]): Promise<void> {
  const theirs = kmod.run('kmod', argv);
  const ours = await runCli(root, ['kmod', ...argv], undefined, { release: release(), kernel: {} });
  t.deepEqual(
    { ...ours, stdout: textKind(ours.stdout), calls: undefined },
    { ...theirs, stdout: textKind(theirs.stdout.toString()), calls: undefined },
    argv.join(' '),
  );
}

test('kmod: commands, and options before and behind them', async (t) => {
  mkdirSync(join(folder, 'file'), { recursive: true });
  for (const line of [
    '|-V x|-h|-Vx|--vers|--help=1|help x|help --bogus|list -V|list -h|list x|list --bogus|list list|-- help|-x|-xV|--=',
    'static-nodes -V|static-nodes -f|static-nodes --output|static-nodes -f x|static-nodes -f x -h|static-nodes -h -f x',
    'static-nodes --bogus|static-nodes|static-nodes -f human extra|insert x|modprobe -V|-h help|-v list',
  ]
    .join('|')
    .split('|'))
    await compare(t, line === '' ? [] : line.split(' '));
  await compare(t, ['']);
});
