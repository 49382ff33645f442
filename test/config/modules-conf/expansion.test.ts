import { execFileSync, spawnSync } from 'node:child_process';

import test from 'ava';

import { expandValue, kernelVersion } from '../../../src/config/modules-conf/expansion.ts';
import { globPaths } from '../../../src/config/modules-conf/path-glob.ts';
import { expandVariables } from '../../../src/config/modules-conf/shell-variables.ts';
import { runShell } from '../../../src/config/modules-conf/shell-runner.ts';
import { pseudoRandom } from '../../fixtures/pseudo-random.ts';
import { memoryFiles } from './memory-files.ts';

const environment = new Map(
  Object.entries({ A: 'one', B: 'a.tar.gz', C: 'two words', E: '', PATH: '/usr/bin:/bin' }),
);

/** What the real shell makes of a text in double quotes; undefined when it refuses it. */
function shellAnswer(text: string): string | undefined {
  const escaped = text.replaceAll(/["\\]/g, String.raw`\$&`);
  const { status, stdout } = spawnSync('/bin/sh', ['-c', `printf %s "${escaped}"`], {
    // As popen calls it.
    argv0: 'sh',
    env: Object.fromEntries(environment),
    encoding: 'utf8',
  });
  return status === 0 ? stdout : undefined;
}

const parts = [
  '$A',
  '${A}',
  '${B%.*}',
  '${B%%.*}',
  '${B#*.}',
  '${B##*.}',
  '${B%[a-z]z}',
  '${E:-x y}',
  '${E-x}',
  '${N:-$A}',
  '${N:-${E:-in}}',
  '${N:=set}',
  '$N',
  '${A:+yes}',
  '${E:+no}',
  '${E+yes}',
  '${#C}',
  '${#}',
  '$#',
  '$?',
  '$1',
  '${10}',
  '${1:-first}',
  '$0',
  '$',
  '$%',
  'a"b',
  "it's",
  'a\\b',
  '\\',
  ' ',
  '}',
  '{',
  '~',
  '*',
  '$C$A',
  '${',
  '${A',
  '${A b}',
  '${N?gone}',
  '${A?x}',
  '${E:?}',
  "${N:-'q'}",
  '${N:-"q"}',
  '${N-\\x}',
];

test('variables are what the real shell makes of them', (t) => {
  const next = pseudoRandom(7);
  const texts = [...parts];
  for (let round = 0; round < 250; round++)
    texts.push(Array.from({ length: 1 + next(4) }, () => parts[next(parts.length)] ?? '').join(''));
  // Two of them are the shell's process number.
  for (const text of texts.filter((each) => !each.includes('$$'))) {
    const ours = expandVariables(text, environment);
    t.is(ours.text, shellAnswer(text), text);
  }
});

test('what only a shell can do is left to one', (t) => {
  for (const text of ['$(x)', '`x`', '$((1+1))', '$$', "${B%'.gz'}", '${#A:-x}', 'a${N:-$(x)}'])
    t.is(expandVariables(text, environment).failure?.kind, 'command', text);
  const context = { mode: 'fixed', release: '6.1.0-1', environment, files: memoryFiles({}) } as const;
  t.deepEqual(expandValue('$((1+1)) `echo "a  b"`', { ...context, shell: runShell }).words, ['2', 'a', 'b']);
  t.is(expandValue('$(x)', { ...context, shell: () => undefined }).failure?.kind, 'command');
  t.is(runShell('exit 3', environment), '');
});

test('values cannot grow without bounds, and nothing is too deep', (t) => {
  const long = new Map([['L', 'x'.repeat(4000)]]);
  t.is(expandVariables('$L'.repeat(300), long).failure?.kind, 'too-long');
  t.is(expandVariables('${a:-'.repeat(5000), long).failure?.kind, 'too-long');
  t.is(expandVariables(`\${L%${'*?'.repeat(1000)}}`, long).failure?.kind, 'too-long');
});

test('kernel versions', (t) => {
  t.deepEqual(['2.4.20', '6.1.0-56-amd64', '6.12', '7', ''].map(kernelVersion), [
    '2.4',
    '6.1',
    '6.12',
    '7',
    '',
  ]);
});

test('file names, against the real shell', (t) => {
  const files = memoryFiles({ '/a/b1/x': '', '/a/b2/x': '', '/a/.h/x': '', '/a/b[1]/y': '', '/a/c': '' });
  const cases: readonly (readonly [pattern: string, paths: readonly string[]])[] = [
    ['/a/b?/x', ['/a/b1/x', '/a/b2/x']],
    ['/a/*', ['/a/b1', '/a/b2', '/a/b[1]', '/a/c']],
    ['/a/.*', ['/a/.h']],
    ['/a/[!b]*', ['/a/c']],
    ['/*/c', ['/a/c']],
    ['/a/c/*', []],
    ['/a/c', ['/a/c']],
    ['/a/d', []],
  ];
  for (const [pattern, paths] of cases) t.deepEqual(globPaths(pattern, files), paths, pattern);
  const script =
    'cd "$(mktemp -d)" && mkdir -p a/b1 a/b2 a/.h && touch a/b1/x a/b2/x a/.h/x a/c && echo a/b?/x a/[!b]* */c';
  t.is(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }), 'a/b1/x a/b2/x a/c a/c\n');
});
