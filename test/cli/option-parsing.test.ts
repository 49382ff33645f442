import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

const tools = ['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod'] as const;

/** What the command line of a tool came to. */
interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

const kmod = await referenceKmod('34.2');
const root = new FixtureRoot();
test.after.always(() => {
  root.remove();
});

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** kmod's answers to many command lines: one shell starts all, which is ten times as fast as Node. */
function kmodAnswers(
  tool: string,
  lines: readonly (readonly string[])[],
  env: Environment,
): readonly Answer[] {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-answers-'));
  const script = lines.map(
    (argv, index) =>
      `${[...kmod.command(tool), ...argv].map(quote).join(' ')} >${index}.out 2>${index}.err; echo $? >${index}.code\n`,
  );
  writeFileSync(join(folder, 'script'), script.join(''));
  // One that does not know the variables that are tested.
  spawnSync('/bin/dash', ['script'], { cwd: folder, env });
  const file = (index: number, kind: string): string =>
    readFileSync(join(folder, `${index}.${kind}`), 'latin1');
  const answers = lines.map((_, index) => ({
    exitCode: Number(file(index, 'code')),
    stdout: textKind(file(index, 'out')),
    stderr: file(index, 'err'),
  }));
  rmSync(folder, { recursive: true });
  return answers;
}

async function compare(
  t: ExecutionContext,
  tool: string,
  lines: readonly (readonly string[])[],
  env: Environment = {},
): Promise<void> {
  const answers = kmodAnswers(tool, lines, env);
  const differing: object[] = [];
  for (const [index, argv] of lines.entries()) {
    const ours = await ourAnswer(tool, argv, env);
    const theirs = answers[index];
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) differing.push({ argv, ours, theirs });
  }
  t.deepEqual(differing, []);
}

async function ourAnswer(tool: string, argv: readonly string[], env: Environment): Promise<Answer> {
  let stderr = '';
  const world = {
    env,
    stderr: (output: string | Uint8Array) => {
      stderr += Buffer.from(output as Uint8Array).toString('latin1');
    },
  };
  const { exitCode, stdout } = await runCli(root, [tool, ...argv], undefined, world);
  return { exitCode, stdout: textKind(stdout), stderr };
}

/** Help texts and version numbers are ours. */
function textKind(stdout: string): string {
  if (/usage/i.test(stdout)) return 'help';
  return /^kmod(?:ctl)? version/.test(stdout) ? 'version' : stdout;
}

/** Every beginning of every long option, bare and with a value, and every short option, known or not. */
function spellings(tool: string): readonly string[] {
  const { stderr } = kmod.run(tool, ['--=']);
  const names = [...stderr.matchAll(/'--([\w-]+)'/g)].map(([, name = '']) => name);
  const beginnings = new Set(
    names.flatMap((name) => Array.from(name, (_, index) => name.slice(0, index + 1))),
  );
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  return [
    '--=',
    '--=x',
    '--bogus',
    '--bogus=x',
    '-é',
    ...[...beginnings].flatMap((name) => [`--${name}`, `--${name}=x`, `--${name}=`]),
    ...names.map((name) => `--${name}x`),
    ...letters.flatMap((letter) => (letter === '-' ? [] : [`-${letter}`, `-${letter}x`, `-v${letter}`])),
  ];
}

/** Options that kmod does not have. */
const ownLetters: Readonly<Record<string, RegExp>> = {
  modprobe: /^-v?[jk]/,
  depmod: /^-v?j/,
  rmmod: /^-v?a/,
};

for (const tool of tools)
  test(`${tool}: every spelling of every option is taken or refused as kmod does it`, async (t) => {
    const all = spellings(tool);
    t.true(all.length > 300);
    // The end is always a mistake; which one shows whether the option has taken a value.
    const own = ownLetters[tool];
    const lines = all
      .filter((each) => own === undefined || !own.test(each))
      .map((each) => [each, '--first-end', '--second-end']);
    await compare(t, tool, lines);
  });

const place = ['-n', '-d', '/nowhere', '-S', '1'];
const quietly: Readonly<Record<string, readonly string[]>> = {
  modprobe: ['-a', ...place],
  modinfo: ['-b', '/nowhere', '-k', '1'],
  insmod: [],
};

/** Words after the options that name the place; all that remain are names of what is not there. */
const oddLines: readonly (readonly string[])[] = [
  ['x', '-v', 'y', '--', '-z', '--', 'w'],
  ['--', '--help'],
  ['-', 'x'],
  ['x', '--', '-h'],
  ['x', '-h'],
  ['x', '-V', '--bogus'],
  ['x', '--bogus', '-V'],
  ['--vers', 'x'],
  ['--ver', 'x'],
  ['', 'x'],
  ['x=', '=x', '--', '-'],
  ['--'],
  [],
  ['-v-', 'x'],
  ['-v:', 'x'],
  ['-vé', 'x'],
  ['-Vh'],
  ['-hV'],
  ['x', '--version=1'],
  ['ä-é', '--', '-ü'],
];

for (const [tool, before] of Object.entries(quietly))
  for (const env of [{}, { POSIXLY_CORRECT: '1' }])
    test(`${tool}: operands and options in any order${'POSIXLY_CORRECT' in env ? ', POSIXLY_CORRECT' : ''}`, async (t) => {
      await compare(
        t,
        tool,
        oddLines.map((line) => [...before, ...line]),
        env,
      );
    });

test('modprobe: values of options', async (t) => {
  const lines: readonly (readonly string[])[] = [
    ['-nd/nowhere', '-S1', 'x'],
    ['--dirname=/nowhere', '--set-v=1', '-n', 'x'],
    ['-n', 'x', '--dirname', '/nowhere', '--set-version', '1'],
    ['-nS', '--', '-d', '/nowhere', 'x'],
    ['-nqd', '/nowhere', '-S', '1', 'x'],
    ['-n', '-d', '/nowhere', '-d', '/elsewhere', '-S', '1', '-S', '2', 'x'],
    ['-n', '-S'],
    ['-nS'],
    ['--wait'],
    ['--wait=', 'x'],
    ...[
      'x',
      '-1',
      '-0',
      '-x',
      '0x1g',
      '018',
      '+7',
      '-18446744073709551616',
      '18446744073709551615',
      '18446744073709551616',
      '0b1',
      '5x',
      ' 5x',
      '0x',
      '08',
      '99999999999999999999999',
      '',
    ].map((value) => [...place, '-w', value, 'x']),
  ];
  await compare(t, 'modprobe', lines);
});
