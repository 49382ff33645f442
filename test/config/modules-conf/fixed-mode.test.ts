import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import test from 'ava';

import { configurationText } from '../../../src/config/modules-conf/configuration-text.ts';
import { originText } from '../../../src/config/modules-conf/conf-origin.ts';
import { diagnosticText } from '../../../src/config/modules-conf/diagnostic.ts';
import type { ModulesConfiguration } from '../../../src/config/modules-conf/model.ts';
import {
  type ModulesConfOptions,
  parseModulesConf,
  readModulesConf,
} from '../../../src/config/modules-conf/read-modules-conf.ts';
import { memoryFiles } from './memory-files.ts';
import { modelSummary } from './model-summary.ts';

function read(
  text: string,
  files: Readonly<Record<string, string>> = {},
  options: Partial<Omit<ModulesConfOptions, 'file'>> = {},
): ModulesConfiguration {
  const given = { file: 'm.conf', release: '6.1.0-56-amd64', environment: {}, ...options };
  return parseModulesConf(text, given, { files: memoryFiles({ ...files, 'm.conf': text }) });
}

/** `code line:column` of each diagnostic. */
const found = ({ diagnostics }: ModulesConfiguration): readonly string[] =>
  diagnostics.map(({ code, firstLine, column, severity }) => `${severity} ${code} ${firstLine}:${column}`);

test('without the defects: nesting, the negation of -k, long lines', (t) => {
  const nested = read('if 0\nif 1\nalias a b\nelse\nalias c d\nendif\nelse\nif 1\nalias e f\nendif\nendif\n');
  t.is(modelSummary(nested), 'alias e {f}\n');
  // What is not decided is not expanded either.
  t.deepEqual(found(read('if 0\nif $(x)\nelseif $(y)\nendif\nendif\n')), []);
  const text = 'if ! -k\nalias a y\nelse\nalias a n\nendif\n';
  t.is(modelSummary(read(text)), 'alias a {y}\n');
  t.is(modelSummary(read(text, {}, { autoclean: true })), 'alias a {n}\n');
  t.is(read(`options x ${'abc=1 '.repeat(2000)}\n`).options[0]?.words.length, 2000);
});

test('without the defects: keep and paths count over all files', (t) => {
  const files = { 'inner.conf': 'path[b]=/2\n' };
  t.is(
    modelSummary(read('keep\npath[a]=/1\ninclude inner.conf\npath[c]=/3\n', files, { builtIn: true })).split(
      '\n',
    ).length,
    25,
  );
  t.is(
    modelSummary(read('path[a]=/1\ninclude inner.conf\npath[c]=/3\n', files, { builtIn: true })),
    'path[a]=/1\npath[b]=/2\npath[c]=/3\n',
  );
});

test('built-in tables are there when they are asked for', (t) => {
  const none = read('');
  t.deepEqual([none.aliases, none.options, none.paths, none.prune], [[], [], [], []]);
  const all = read('', {}, { builtIn: true });
  t.deepEqual([all.aliases.length, all.options.length, all.paths.length, all.prune.length], [127, 3, 21, 16]);
  t.deepEqual(all.aliases.find(({ name }) => name === 'net-pf-10')?.words, ['off']);
  t.deepEqual(all.paths[2], { tag: 'toplevel', directory: '/lib/modules/6.1', origin: undefined });
});

test('every record knows its lines', (t) => {
  const model = read(
    'options a x=1\nadd options a \\\n  y=2\nalias b c\nif 0\nalias b d\nendif\ninstall e f\npath[g]=/h\ndefine I j\n',
  );
  t.deepEqual(model.options[0]?.origins.map(originText), ['m.conf:1', 'm.conf:2-3']);
  t.is(originText(model.aliases[0]?.origins[0] ?? (null as never)), 'm.conf:4');
  t.is(model.commands[0]?.origin.line, 8);
  t.is(model.paths[0]?.origin?.line, 9);
  t.is(model.defines[0]?.origin.line, 10);
  t.deepEqual(
    model.lines.map(({ directive, name, isActive }) => `${directive} ${name} ${isActive}`),
    [
      'options a true',
      'options a true',
      'alias b true',
      'alias b false',
      'install e true',
      'path g true',
      'define I true',
    ],
  );
  t.deepEqual(model.conditions, [
    { expression: '0', holds: false, origin: { file: 'm.conf', firstLine: 5, line: 5 } },
  ]);
});

test('all that is wrong is told, each with its place, and nothing else is lost', (t) => {
  const model = read(
    [
      'bogus x',
      'endif',
      '  aliases a b',
      'alias good one',
      'options x p="y',
      'options z p=${',
      'else',
      'if 0',
      'else',
      'else',
      'endif',
      'if !0',
      'addabove u v',
      'endif',
      'if a ~ b',
      'endif',
      'install',
      'options -k',
      'depfile=/a',
      'depfile=/b',
      'usbmapfile=',
      'options long \\',
      '   p=$(x)',
      'if 1',
    ].join('\n'),
  );
  t.true(model.hasFailed);
  t.deepEqual(found(model), [
    'error invalid-line 1:1',
    'error else-without-if 2:1',
    'error invalid-line 3:3',
    'warning unbalanced-quote 5:9',
    'error bad-substitution 6:13',
    'error else-without-if 7:1',
    'error misplaced-else 10:1',
    'warning glued-negation 12:4',
    'warning glued-add 13:4',
    'warning unknown-operator 15:4',
    'warning command-without-module 17:1',
    'warning missing-option-module 18:1',
    'warning duplicate-file-name 20:1',
    'error command-not-run 23:6',
    'error missing-endif 24:1',
    'warning empty-file-name 21:1',
  ]);
  t.deepEqual(model.aliases[0]?.words, ['one']);
  t.deepEqual(model.above[0]?.words, ['v']);
  t.is(model.generatedFiles.dep.value, '/b');
  t.is(model.generatedFiles.usbmap.value, '/lib/modules/6.1.0-56-amd64/modules.usbmap');
  t.is(
    diagnosticText(model.diagnostics[2] ?? (null as never)),
    'm.conf:3:3: error: "aliases" is not a directive (invalid-line)\n    Did you mean alias?\n',
  );
  for (const { remedy, text } of model.diagnostics)
    t.true(remedy.endsWith('.') || remedy.endsWith('?'), text);
});

const remedy = (text: string): string | undefined => read(text).diagnostics[0]?.remedy;

test('remedies fit the mistake', (t) => {
  t.is(remedy('depfile = /x'), 'Write depfile=VALUE, with no blank before the "=".');
  t.is(remedy('keep=1'), 'Write keep and its values with a blank between, without "=".');
  t.is(remedy('path /x'), 'Write path[TAG]=DIRECTORY, with no blank before the "=".');
  t.is(
    remedy('blacklist x'),
    'blacklist belongs to modprobe.d, not to modules.conf: move the line to a file there.',
  );
  t.regex(remedy('options x p="a#b"') ?? '', /comment even within quotes/);
});

test('a file that includes itself, by whatever way, is told at once', (t) => {
  const model = read('include a\nalias x y\n', { a: 'include b\nalias p q\n', b: 'include a\nalias r s\n' });
  t.deepEqual(model.files, ['m.conf', 'a', 'b']);
  t.deepEqual(
    model.diagnostics.map(({ file, text }) => `${file}: ${text}`),
    ['b: a includes itself', 'a: b has errors', 'm.conf: a has errors'],
  );
  t.is(model.aliases.length, 3);
});

test('definitions cannot grow: modutils kept 4095 bytes', (t) => {
  const model = read(`define A x${'y'.repeat(99)}\n${'define A $A$A$A\n'.repeat(50)}alias a $A\n`);
  t.is(`A=${model.environment.get('A') ?? ''}`.length, 4095);
});

test('which file is read: root, both names, MODULECONFIG, safe mode', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'kmodctl-conf-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const given = { root, release: '6.1', environment: { MODULECONFIG: '/other' } };
  t.deepEqual(readModulesConf({ ...given, safeMode: true }).files, []);
  write('/etc/conf.modules', 'alias old name\n');
  const old = readModulesConf({ root, release: '6.1', environment: {} });
  t.deepEqual([old.files, found(old)], [['/etc/conf.modules'], ['warning old-file-name 1:1']]);
  symlinkSync('conf.modules', join(root, 'etc/modules.conf'));
  t.regex(readModulesConf({ root, release: '6.1', environment: {} }).diagnostics[0]?.text ?? '', /same file/);
  rmSync(join(root, 'etc/modules.conf'));
  write(
    '/etc/modules.conf',
    Buffer.from('include /etc/more\nalias caf\xe9 y\nif -f /etc/more\nalias z w\nendif\n', 'latin1'),
  );
  write('/etc/more', 'alias more one\n');
  const both = readModulesConf({ root, release: '6.1', environment: {} });
  t.is(modelSummary(both), 'alias more {one}\nalias caf\u00e9 {y}\nalias z {w}\n');
  t.deepEqual(found(both), ['warning two-files 1:1']);
  t.deepEqual(found(readModulesConf(given)), ['error cannot-open 1:1']);
  write('/other', 'alias other file\n');
  t.is(modelSummary(readModulesConf(given)), 'alias other {file}\n');
  t.is(modelSummary(readModulesConf({ ...given, file: '/etc/more' })), 'alias more {one}\n');
  t.deepEqual(found(readModulesConf({ ...given, file: '/etc' })), ['error cannot-open 1:1']);
  t.deepEqual(found(readModulesConf({ ...given, file: '/etc', mode: '2.4' })), []);
});

test('modprobe -c: values expanded, conditions decided, a modules.conf again', (t) => {
  const text =
    'define D /x\npath[a]=$D\nprune p\nabove b c\nbelow d e\nalias f $D\noptions -k g h="i j"\nprobe k l\nprobeall m n\npre-install o q r\ndepfile=/dep\npersistdir=/p\n';
  const shown = configurationText(
    read(text, {}, { mode: '2.4', builtIn: false, release: '2.4.20' }),
    '2.4.16',
  );
  t.is(
    shown,
    `# Generated by modprobe -c (2.4.16)
path[a]=/x

# Prune
prune p

# Above
above b c

# Below
below d e

# Aliases
alias f /x

# Options
options g h=i j

# Probes
probe k l

# Probeall
probeall m n

# Commands
pre-install o q r

# Miscellaneous file and directory names
generic_stringfile=/lib/modules/2.4.20/modules.generic_string
pcimapfile=/lib/modules/2.4.20/modules.pcimap
isapnpmapfile=/lib/modules/2.4.20/modules.isapnpmap
usbmapfile=/lib/modules/2.4.20/modules.usbmap
parportmapfile=/lib/modules/2.4.20/modules.parportmap
ieee1394mapfile=/lib/modules/2.4.20/modules.ieee1394map
pnpbiosmapfile=/lib/modules/2.4.20/modules.pnpbiosmap
depfile=/dep
persistdir=/p
`,
  );
  t.false(read(shown, {}, { mode: '2.4' }).hasFailed);
});
