/** zsh and fish as Debian has them, with their real completion systems: they offer what `kmodctl __complete` says. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceTree } from '../reference/reference-tree.ts';
import { shellRoot } from '../reference/shell-root.ts';

const { directory, release } = await referenceTree('6.12');
const base = directory.replace(/\/(?:usr\/)?lib\/modules\/.*/, '');
const place = `-d ${base} -S ${release}`;
const shells = await shellRoot();

/** Command lines, what is offered for them, and what zsh writes behind the only offer. */
const lines: readonly (readonly [line: string, offers: readonly string[], completed?: string])[] = [
  ['kmodctl unl', ['unload'], 'kmodctl unload '],
  ['kmodctl completion ', ['bash', 'fish', 'zsh']],
  ['kmodctl plan --js', ['--json'], 'kmodctl plan --json '],
  ['modprobe --set', ['--set-version='], 'modprobe --set-version='],
  [
    'modprobe --check-owner=',
    ['--check-owner=off', '--check-owner=refuse', '--check-owner=warn'],
    'modprobe --check-owner=',
  ],
  ['modprobe --check-owner=w', ['--check-owner=warn'], 'modprobe --check-owner=warn '],
  [`modprobe -d ${base} -S `, [release]],
  [`modprobe ${place} crc1`, ['crc16'], `modprobe ${place} crc16 `],
  [`modprobe ${place} loop max_`, ['max_loop=', 'max_part='], `modprobe ${place} loop max_`],
  [`modprobe ${place} loop max_p`, ['max_part='], `modprobe ${place} loop max_part=`],
  [`modprobe ${place} no_such_module x`, []],
  ['modinfo -F ali', ['alias'], 'modinfo -F alias '],
  ['insmod fol', ['folder/'], 'insmod folder/'],
  ['insmod folder/fi', ['folder/file.ko'], 'insmod folder/file.ko '],
  ['modinfo -b fo', ['folder/'], 'modinfo -b folder/'],
];

/** A folder with a `kmodctl`, a folder and a file in it. */
function scratch(t: ExecutionContext): string {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const program = join(root.path, 'kmodctl');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/cli/kmodctl.cjs')}" "$@"\n`);
  chmodSync(program, 0o755);
  mkdirSync(join(root.path, 'folder'));
  writeFileSync(join(root.path, 'folder/file.ko'), '');
  return root.path;
}

function runShell(folder: string, shell: string, argv: readonly string[]): string {
  const [program, ...before] = shells.command(shell);
  const { status, stdout, stderr } = spawnSync(program, [...before, ...argv], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    timeout: 100_000,
  });
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`);
  return stdout;
}

const quoted = (line: string): string => `'${line}'`;

test('fish offers what can follow', (t) => {
  const folder = scratch(t);
  const script = `
set fish_function_path ${shells.path}/usr/share/fish/functions
kmodctl completion fish | source
for line in ${lines.map(([line]) => quoted(line)).join(' ')}
  complete -C $line | string replace -r '\\t.*' ''
  echo end
end
`;
  writeFileSync(join(folder, 'script.fish'), script);
  const answers = runShell(folder, 'fish', ['-N', 'script.fish']).split('end\n');
  for (const [index, [line, offers]] of lines.entries())
    t.deepEqual(answers[index]?.split('\n').filter(Boolean).toSorted(), offers, line);
});

// The inner shell has a terminal, and its completion system tells of each match that it is given.
const inner = (modules: string): string => `
module_path=(${modules})
fpath=(${shells.path}/usr/share/zsh/functions/**/*(/N))
LISTMAX=100000
autoload -Uz compinit && compinit -u -D
source <(kmodctl completion zsh)
compadd() {
  local -a hits
  builtin compadd -O hits "$@"
  (( $#hits )) && print -rl -- $hits >>out
  builtin compadd "$@"
}
probe() {
  zle complete-word
  print -r -- "end $BUFFER" >>out
  BUFFER=''
  zle accept-line
}
zle -N probe
bindkey '^T' probe
print 'end setup' >>out
`;

const outer = (modules: string): string => `
module_path=(${modules})
zmodload zsh/zpty || exit 3
: >out
zpty -b inner "${shells.command('zsh').join(' ')} -f -i"
zpty -w inner 'source ./inner.zsh'
integer ends=0
await_end() {
  integer tries=0
  (( ++ends ))
  until (( $(grep -c '^end ' out) >= ends )); do
    (( ++tries > 600 )) && print -u2 timeout && exit 4
    zpty -rt inner output
    sleep 0.05
  done
}
await_end
for line in ${lines.map(([line]) => quoted(line)).join(' ')}; do
  zpty -w -n inner "$line"$'\\x14'
  await_end
done
zpty -d inner
`;

test('zsh offers what can follow, and goes on behind what is complete', (t) => {
  t.timeout(150_000);
  const folder = scratch(t);
  const modules = join(shells.libraries, 'zsh/5.9');
  writeFileSync(join(folder, 'inner.zsh'), inner(modules));
  writeFileSync(join(folder, 'outer.zsh'), outer(modules));
  runShell(folder, 'zsh', ['-f', 'outer.zsh']);
  const answers = readFileSync(join(folder, 'out'), 'utf8')
    .split(/^end (.*)\n/m)
    .slice(2);
  for (const [index, [line, offers, completed]] of lines.entries()) {
    const matches = new Set(answers[2 * index]?.split('\n').filter(Boolean));
    // zsh completes files folder by folder.
    const expected = offers.map((offer) => offer.replace(/^folder\/(?=.)|\/$/g, ''));
    for (const offer of expected) t.true(matches.has(offer), `${line}: ${[...matches].join(' ')}`);
    if (!offers.some((offer) => offer.includes('/'))) t.is(matches.size, expected.length, line);
    if (completed !== undefined) t.is(answers[2 * index + 1], completed, line);
  }
});

test('the manual pages have nothing that mandoc warns of', (t) => {
  const [program, ...before] = shells.command('mandoc');
  const pages = readdirSync('docs/man').map((name) => resolve('docs/man', name));
  const { status, stdout, stderr } = spawnSync(
    program,
    [...before, '-T', 'lint', '-W', 'warning', ...pages],
    {
      encoding: 'utf8',
    },
  );
  t.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});
