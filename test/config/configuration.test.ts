import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import {
  configurationDirectories,
  findConfigurationFiles,
  readConfigurationFile,
} from '../../src/config/configuration-files.ts';
import { parseDepmodConfig, readDepmodConfig } from '../../src/config/depmod-config.ts';
import { matchesExtendedRegex } from '../../src/config/extended-regex.ts';
import type { TextOrigin } from '../../src/index-files/text-origin.ts';
import { isIdleLine, lineWords, logicalLines } from '../../src/config/logical-lines.ts';

test('lines are joined, backslashes vanish, numbers count physical lines', (t) => {
  const cases: readonly (readonly [
    text: string,
    lines: readonly (readonly [text: string, line: number])[],
  ])[] = [
    ['', []],
    ['a', [['a', 1]]],
    [
      'a\nb\n',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'a\\\nb\nc',
      [
        ['ab', 2],
        ['c', 3],
      ],
    ],
    [
      'a \\\n  b\\\n\\\nc\n\nd',
      [
        ['a   bc', 4],
        ['', 5],
        ['d', 6],
      ],
    ],
    [String.raw`a\b\\c\ d`, [['ab\\c d', 1]]],
    [
      'a\\\\\nb',
      [
        ['a\\', 1],
        ['b', 2],
      ],
    ],
    [
      '# x\\\ny\nz',
      [
        ['# xy', 2],
        ['z', 3],
      ],
    ],
    ['end\\', [['end', 1]]],
    ['end\\\n', [['end', 2]]],
    [
      'a\r\nb\0c\nd',
      [
        ['a\r', 1],
        ['b', 2],
        ['d', 3],
      ],
    ],
  ];
  for (const [text, expected] of cases)
    t.deepEqual(
      logicalLines(text).map(({ text: line, line: number }) => [line, number]),
      expected,
      JSON.stringify(text),
    );
});

test('idle lines and words', (t) => {
  t.deepEqual(
    ['', ' \t', '#', '#x'].map((text) => isIdleLine(text)),
    [true, true, true, true],
  );
  t.deepEqual(
    [' # x', 'x', '\r'].map((text) => isIdleLine(text)),
    [false, false, false],
  );
  t.deepEqual(
    [' # x', '\t#', 'x#', ' \r'].map((text) => isIdleLine(text, true)),
    [true, true, false, false],
  );
  t.deepEqual(lineWords('\t a  b\tc\r '), ['a', 'b', 'c\r']);
});

test('default folders, the strongest first, below a root if there is one', (t) => {
  t.deepEqual(configurationDirectories('modprobe.d'), [
    '/etc/modprobe.d',
    '/run/modprobe.d',
    '/usr/local/lib/modprobe.d',
    '/usr/lib/modprobe.d',
    '/lib/modprobe.d',
  ]);
  t.is(configurationDirectories('depmod.d', '/root')[4], '/root/lib/depmod.d');
});

test('files: order, hiding, what is passed over', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'kmodctl-config-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  for (const folder of ['one', 'two/inner.conf']) mkdirSync(join(base, folder), { recursive: true });
  for (const file of ['one/b.conf', 'two/a.conf', 'two/b.conf', 'two/note.txt', 'two/.x.conf', 'named'])
    writeFileSync(join(base, file), file);
  symlinkSync('nowhere', join(base, 'two/dangling.conf'));
  const find = (kind: 'modprobe.d' | 'depmod.d'): readonly [readonly unknown[], readonly string[]] => {
    const notices: string[] = [];
    const files = findConfigurationFiles(['one', 'missing', 'two', join(base, 'named')], {
      kind,
      workingDirectory: base,
      report: ({ priority, text }) => notices.push(`${priority}: ${text}`),
    });
    t.deepEqual(
      files.map((file) => readConfigurationFile(file, base)),
      ['two/a.conf', 'one/b.conf', 'named'],
    );
    return [files, notices.toSorted()];
  };
  const troubles = [
    'error: Cannot stat directory entry: two/dangling.conf',
    'error: Directories inside directories are not supported: two/inner.conf',
  ];
  t.deepEqual(find('modprobe.d'), [
    [
      { path: 'two/a.conf', name: 'a.conf', isNamed: false },
      { path: 'one/b.conf', name: 'b.conf', isNamed: false },
      { path: join(base, 'named'), name: 'named', isNamed: true },
    ],
    troubles,
  ]);
  t.deepEqual(find('depmod.d')[1], [...troubles, 'info: All cfg files need .conf: two/note.txt']);
});

test('a device or a FIFO in a folder is not waited for', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'kmodctl-config-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  symlinkSync('/dev/zero', join(base, 'zero.conf'));
  t.is(readConfigurationFile({ path: 'zero.conf', name: 'zero.conf', isNamed: false }, base), '');
});

test('depmod.d: every record knows where it is from', (t) => {
  const notices: string[] = [];
  const config = parseDepmodConfig(
    `search updates built-in external
override ext4 ^6\\\\.1 weak \\
  ignored
override ext4 ^5 old
external * /one
external 6.1.*amd64$ /two
exclude a b
exclude c
bogus x
`,
    {
      file: 'x.conf',
      release: '6.1.0-50-amd64',
      report: ({ priority, text }) => notices.push(`${priority}: ${text}`),
    },
  );
  t.deepEqual(config, {
    search: [
      { kind: 'directory', directory: 'updates', origin: at(1) },
      { kind: 'built-in', origin: at(1) },
      { kind: 'external', origin: at(1) },
    ],
    overrides: [{ path: 'weak/ext4', origin: at(3) }],
    externals: [
      { directory: '/one', origin: at(5) },
      { directory: '/two', origin: at(6) },
    ],
    excluded: new Set(['a', 'b', 'c']),
  });
  t.deepEqual(notices, [
    'info: x.conf:4: override kernel did not match ^5',
    "error: x.conf:9: ignoring bad line starting with 'bogus'",
  ]);
});

test('depmod.d: without any search line there is updates', (t) => {
  t.deepEqual(readDepmodConfig({ release: '6.1', paths: ['/dev/null'] }).search, [
    { kind: 'directory', directory: 'updates', origin: undefined },
  ]);
});

// What regcomp and regexec of the GNU C library say.
const expressions: readonly (readonly [pattern: string, text: string, expected: boolean | undefined])[] = [
  ['', 'x', true],
  ['6', '5.6', true],
  ['^6', '5.6', false],
  ['5.6$', '5.6', true],
  ['5\\.6', '5x6', false],
  ['a|b', 'xb', true],
  ['|b', 'x', true],
  ['(5|6)\\.1+', '6.111', true],
  ['^(a|b)*$', 'abba', true],
  ['^(a*)*b$', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac', false],
  ['x{2,3}y', 'xy', false],
  ['^x{,2}$', 'xx', true],
  ['x{0}', '', true],
  ['x{2,1}', 'x', undefined],
  ['x{', 'x{', undefined],
  ['{1}', '1', undefined],
  ['*a', 'a', undefined],
  ['(*a)', 'a', undefined],
  ['a|*b', 'b', undefined],
  ['a**', '', true],
  ['^*', '', undefined],
  ['a)', 'a)', true],
  ['(a', 'a', undefined],
  ['()', '', true],
  ['[]a]', ']', true],
  ['[^]a]', ']', false],
  ['[a-c-e]', 'b', undefined],
  ['[a-]', '-', true],
  ['[c-a]', 'b', undefined],
  ['[[:digit:]]', '5', true],
  ['[[:digits:]]', '5', undefined],
  ['[[=a=]]', 'a', true],
  ['[[.-.]]', '-', true],
  ['[a', 'a', undefined],
  ['[\\]', '\\', true],
  ['\\', 'x', undefined],
  ['\\w\\W', 'a-', true],
  ['\\<5\\>', '6-5-4', true],
  ['\\B5', '65', true],
  ['a\\|b', 'a|b', true],
  ['.', '', false],
];
test('extended regular expressions are those of the C library', (t) => {
  for (const [pattern, text, expected] of expressions)
    t.is(matchesExtendedRegex(pattern, text), expected, `${pattern} on ${text}`);
});

test('extended regular expressions: what is not supported, and what is too large', (t) => {
  t.is(matchesExtendedRegex('(a)\\1', 'aa'), undefined);
  t.is(matchesExtendedRegex('x'.repeat(4097), ''), undefined);
  t.is(matchesExtendedRegex(`${'('.repeat(101)}${')'.repeat(101)}`, ''), undefined);
  t.is(matchesExtendedRegex('(((a{255}){255}){255}){255}', ''), undefined);
  t.is(matchesExtendedRegex('(a{0,50}){0,50}b', 'a'.repeat(64)), false);
});

function at(line: number): TextOrigin {
  return { file: 'x.conf', line };
}
