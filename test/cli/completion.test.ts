import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceTree } from '../reference/reference-tree.ts';

const { directory, release } = await referenceTree('6.12');
const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
const root = new FixtureRoot();
root.writeKernel([{ name: 'xor' }, { name: 'xt_nat' }, { name: 'btrfs' }]);
test.after.always(() => {
  root.remove();
});

/** What `kmodctl __complete` says: the kind, and the words without what is said of them. */
async function offered(line: string): Promise<string> {
  const { stdout, exitCode } = await runCli(root, ['kmodctl', '__complete', line]);
  if (exitCode !== 0) return `exit code ${exitCode}`;
  const [kind, ...words] = stdout.split('\n');
  return [kind, ...words.map((word) => word.split('\t')[0])].join(' ').trim();
}

const place = `-d ${base} -S ${release}`;

const lines: readonly (readonly [string, string])[] = [
  ['kmodctl unl', 'words unload'],
  ['kmodctl completion ', 'words bash zsh fish'],
  ['kmodctl plan --js', 'words --json'],
  ['/usr/sbin/modprobe --show-e', 'words --show-exports'],
  ['modprobe --set', 'open --set-version='],
  ['modprobe --check-owner=', 'words --check-owner=off --check-owner=warn --check-owner=refuse'],
  ['modinfo -F al', 'words alias'],
  [`modprobe -d ${base} -S `, `words ${release}`],
  [`modprobe -qd ${base} --set-version=`, `words --set-version=${release}`],
  ['depmod -C /etc/', 'files'],
  ['modinfo --basedir=', 'folders'],
  ['modprobe ./x', 'files'],
  ['insmod ', 'files'],
  ['rmmod x', 'words xor xt_nat'],
  ['rmmod xt-', 'words xt-nat'],
  ['modprobe -vr b', 'words btrfs'],
  ['modprobe --remove b', 'words btrfs'],
  ['kmodctl unload x', 'words xor xt_nat'],
  ['lsmod ', 'words'],
  [`modprobe ${place} crc16`, 'words crc16'],
  [`kmodctl load ${place} crc1`, 'words crc16'],
  [`modprobe ${place} loop max_`, 'open max_loop= max_part='],
  [`modprobe -a ${place} loop crc1`, 'words crc16'],
  [`modprobe ${place} no_such_module x`, 'words'],
  ['modprobe -d /nowhere -S 1 x', 'words'],
  ['modprobe -- -', 'words'],
  [`modprobe -d "${base}" -S '${release}' crc1`, 'words crc16'],
  ['kmod st', 'words static-nodes'],
  ['nonsense x', 'files'],
  ['', 'files'],
];

test('what can follow on a command line', async (t) => {
  for (const [line, expected] of lines) t.is(await offered(line), expected, line);
});

/** A shell with the script loaded, and with a `kmodctl` on its path. */
function inShell(t: ExecutionContext, shell: string, argv: readonly string[]): string {
  const program = join(root.path, 'kmodctl');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/cli/kmodctl.cjs')}" "$@"\n`);
  chmodSync(program, 0o755);
  const env = { PATH: `${root.path}:${process.env['PATH'] ?? ''}`, HOME: root.path };
  const { stdout, stderr } = spawnSync(shell, argv, { env, encoding: 'utf8' });
  t.is(stderr, '', shell);
  return stdout;
}

test('bash: words, the part behind an equals sign, files, folders, unfinished words', (t) => {
  const script = `
source <(kmodctl completion bash)
compopt() { echo "option $*"; }
try() {
  COMP_LINE=$1 COMP_POINT=\${#1} COMPREPLY=()
  local last=\${1##*[ =]}
  "$(complete -p modprobe | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "" "$last" ""
  echo "\${COMPREPLY[*]}"
}
cd ${root.path}
try "kmodctl unl"
try "modprobe --check-owner=w"
try "modprobe ${place} loop max_p"
try "modprobe ${place} crc1"
try "depmod -C pr"
try "modinfo -b pr"
`;
  t.is(
    inShell(t, 'bash', ['-c', script]),
    `unload
warn
option -o nospace
max_part=
crc16
option -o filenames
proc
option -o filenames
proc
`,
  );
});

test('each shell has its script, others are refused', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, exitCode } = await runCli(root, ['kmodctl', 'completion', shell]);
    t.is(exitCode, 0);
    t.regex(stdout, /kmodctl __complete/);
  }
  const { stderr, exitCode } = await runCli(root, ['kmodctl', 'completion', 'tcsh']);
  t.is(exitCode, 1);
  t.regex(stderr, /which shell\? Give one of bash, zsh, fish\./);
});
