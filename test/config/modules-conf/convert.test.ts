import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { parseDepmodConfig } from '../../../src/config/depmod-config.ts';
import { type Conversion, convertModulesConf } from '../../../src/config/modules-conf/convert.ts';
import { mergeParameters } from '../../../src/config/modules-conf/convert-options.ts';
import { parseModulesConf } from '../../../src/config/modules-conf/read-modules-conf.ts';
import { type ReferenceKmod, referenceKmod } from '../../reference/reference-kmod.ts';
import { type ReferenceTree, referenceTree } from '../../reference/reference-tree.ts';
import { memoryFiles } from './memory-files.ts';
import { originalCases } from './original-cases.ts';

const RELEASE = '6.1.0-56-amd64';
let kmod: ReferenceKmod;
let tree: ReferenceTree;

test.before(async (t) => {
  t.timeout(240_000, 'fetches kmod and a kernel the first time');
  [kmod, tree] = await Promise.all([referenceKmod('34.2'), referenceTree('6.1')]);
});

function convert(text: string, files: Readonly<Record<string, string>> = {}): Conversion {
  const access = { files: memoryFiles({ ...files, m: text }) };
  return convertModulesConf(parseModulesConf(text, { file: 'm', release: RELEASE, environment: {} }, access));
}

/** The lines of modprobe.d without comments. */
const lines = (text: string): readonly string[] =>
  convert(text)
    .modprobe.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

const warned = (text: string): readonly string[] =>
  convert(text).warnings.map(({ code, line }) => `${line} ${code}`);

/** What the real modprobe does with the converted file. */
function run(t: ExecutionContext, text: string, args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-convert-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'converted.conf');
  writeFileSync(file, convert(text).modprobe);
  const root = tree.directory.replace(/(?:\/usr)?\/lib\/modules\/.*$/, '');
  const { stdout, stderr, exitCode } = kmod.run('modprobe', ['-C', file, '-d', root, '-S', RELEASE, ...args]);
  t.is(stderr, '');
  t.is(exitCode, 0);
  return stdout
    .toString()
    .replaceAll(/insmod \S*\/(\S+)\.ko/g, 'insmod $1')
    .replaceAll(/ +$/gm, '');
}

const load = (t: ExecutionContext, text: string, ...names: readonly string[]): string =>
  run(t, text, ['-n', '-v', ...names]);

test('aliases lead to the module at once, device numbers to all their minors', (t) => {
  t.deepEqual(lines('alias one two\nalias two dummy\nalias char-major-10 off\nalias char-major-240 one\n'), [
    'alias one dummy',
    'alias two dummy',
    'install char-major-10 /bin/true',
    'alias char-major-240 dummy',
    'alias char-major-240-* dummy',
  ]);
  t.deepEqual(lines('alias char-major-4 serial\nalias char-major-4-64 other\n'), [
    'alias char-major-4 serial',
    'alias char-major-4-64 other',
  ]);
  t.is(load(t, 'alias one two\nalias two dummy\n', 'one'), 'insmod dummy\n');
  t.is(load(t, 'alias char-major-240 dummy\n', 'char-major-240-7'), 'insmod dummy\n');
  t.is(load(t, 'alias one two\nalias two off\n', 'one'), 'install /bin/true\n');
});

test('options: later lines replace, aliases override, values keep their blanks', (t) => {
  const text =
    'options dummy numdummies=1\nadd options dummy x="a b"\nalias eth0 dummy\noptions eth0 numdummies=3\nalias char-major-240 eth0\noptions char-major-240 y=1\n';
  t.deepEqual(lines(text).slice(3), [
    'options dummy numdummies=1 x="a b"',
    'options eth0 numdummies=3',
    'options char-major-240 numdummies=3 y=1',
    'options char-major-240-* numdummies=3 y=1',
  ]);
  t.is(load(t, text, 'eth0'), 'insmod dummy numdummies=1 x="a b" numdummies=3\n');
  t.is(load(t, text, 'char-major-240-1'), 'insmod dummy numdummies=1 x="a b" numdummies=3 y=1\n');
  t.is(load(t, `options loop p='"x,y z"' q=\\\\\n`, 'loop'), 'insmod loop p="x,y z" q=\n');
  t.is(load(t, `options loop max_loop=1\noptions loop max_loop=2\n`, 'loop'), 'insmod loop max_loop=2\n');
  t.deepEqual(mergeParameters([['a=1', 'b=2', 'a=3'], ['a-c=1'], ['b=4', 'a_c=2']]), [
    'a=1',
    'a=3',
    'b=4',
    'a_c=2',
  ]);
});

test('above and below are soft dependencies of a module, and commands of a name', (t) => {
  t.deepEqual(lines('below dummy crc8\nabove dummy loop nosuch\n'), [
    'softdep dummy pre: crc8 post: loop nosuch',
  ]);
  t.is(
    load(t, 'below dummy crc8\nabove dummy loop nosuch\n', 'dummy'),
    'insmod crc8\ninsmod dummy\ninsmod loop\n',
  );
  t.deepEqual(lines('alias card dummy\nabove card loop\nbelow card crc8\n'), [
    'install card /sbin/modprobe crc8; /sbin/modprobe dummy $CMDLINE_OPTS && { /sbin/modprobe loop; true; }',
    'remove card /sbin/modprobe -r loop; /sbin/modprobe -r dummy && { /sbin/modprobe -r crc8; true; }',
  ]);
  t.deepEqual(lines('alias base null\nabove base loop\nalias set base\n'), [
    'alias set base',
    'install base { /sbin/modprobe loop; true; }',
    'remove base /sbin/modprobe -r loop; true',
  ]);
  t.is(
    load(t, 'alias base null\nabove base loop\nalias set base\n', 'set'),
    'install { /sbin/modprobe loop; true; }\n',
  );
});

test('probe and probeall', (t) => {
  const text = 'probe card nosuch loop\nprobeall cards nosuch loop\nalias any card\n';
  t.deepEqual(lines(text), [
    'alias any card',
    'install card /sbin/modprobe nosuch || /sbin/modprobe loop',
    'remove card /sbin/modprobe -q -r nosuch; /sbin/modprobe -q -r loop; true',
    'install cards s=1; /sbin/modprobe nosuch && s=0; /sbin/modprobe loop && s=0; [ $s = 0 ]',
    'remove cards /sbin/modprobe -q -r nosuch; /sbin/modprobe -q -r loop; true',
  ]);
  t.is(load(t, text, 'any'), 'install /sbin/modprobe nosuch || /sbin/modprobe loop\n');
});

test('commands: all six, their order, and what of them is left out', (t) => {
  t.deepEqual(
    lines(
      'pre-install m PRE\npre-install m NEVER\npost-install m POST\npre-remove m OUT\npost-remove m AFTER ;\nbelow m low\nabove m high\n',
    ),
    [
      'install m /sbin/modprobe low; ( PRE ) && /sbin/modprobe --ignore-install m $CMDLINE_OPTS && { ( POST ) || { /sbin/modprobe -r --ignore-remove m; false; }; } && { /sbin/modprobe high; true; }',
      'remove m /sbin/modprobe -r high; ( OUT ) && /sbin/modprobe -r --ignore-remove m && ( AFTER ; ) && { /sbin/modprobe -r low; true; }',
    ],
  );
  t.deepEqual(lines('install m\nremove m\n'), ['install m ( true )', 'remove m ( true )']);
  t.deepEqual(lines('alias a m\npre-install a PRE\n'), [
    'install a test -e /sys/module/m/initstate || { ( PRE ) && /sbin/modprobe m $CMDLINE_OPTS; }',
    'remove a /sbin/modprobe -r m',
  ]);
  t.deepEqual(lines('alias n null\npre-install n PRE\nabove n m\nalias o off\nabove o m\n'), [
    'install n { /sbin/modprobe m; true; }',
    'remove n /sbin/modprobe -r m; true',
    'install o /bin/true',
    'remove o /bin/true',
  ]);
  t.deepEqual(warned('alias n null\npre-install n PRE\n'), ['2 command-never-run']);
  t.is(
    load(t, 'install dummy echo \\n "x"\n', 'dummy', 'numdummies=2'),
    'install ( echo \\n "x" ) numdummies=2\n',
  );
  t.deepEqual(warned('install m A\nalias x y\ninstall m B\n'), ['3 command-never-run']);
});

test('commands end, fork and change what they like without a word to those that follow', (t) => {
  const said = (text: string, keyword = 'install'): string => {
    const line = lines(text).find((each) => each.startsWith(`${keyword} m `)) ?? '';
    const command = line.slice(`${keyword} m `.length).replaceAll('\\\\', '\\');
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', command.replaceAll('/sbin/modprobe', 'echo')]);
    t.is(String(stderr), '', line);
    return String(stdout).replaceAll('--ignore-install ', '');
  };
  t.is(said('pre-install m true &\n'), 'm\n');
  t.is(
    said('pre-install m echo a; exit 0\npost-install m cd /nosuch 2>/dev/null; exit 0\nabove m x\n'),
    'a\nm\nx\n',
  );
  t.is(said('pre-install m echo a; exit 1\n'), 'a\n');
  t.is(said('install m exec echo b\nabove m x\n'), 'b\nx\n');
  t.is(said('pre-install m (echo a)\n'), 'a\nm\n');
  t.is(said('post-remove m echo a; exit 0\nbelow m x\n', 'remove'), '-r --ignore-remove m\na\n-r x\n');
  t.is(said('pre-install m find /nosuch/m -exec true {} \\; 2>/dev/null; echo a\n'), 'a\nm\n');
});

test('two lists that lead to each other are no commands that start each other without end', (t) => {
  // modutils took each module once.
  for (const [text, expected] of [
    ['below a b\nbelow b a\npre-install a A\npre-install b B\n', ['2 alias-loop']],
    ['alias a b\nabove b a\n', []],
    ['alias a b\nbelow b a\npre-install a A\n', ['2 alias-loop']],
    ['alias r b\nalias a b\nbelow b a\nabove a x\n', ['3 alias-loop']],
    ['probe p p q\nprobeall q p x\n', ['1 alias-loop', '2 alias-loop']],
    ['below a a\npre-install a A\n', ['1 alias-loop']],
    ['above a b\nabove b a\n', []],
  ] as const)
    t.deepEqual(warned(text), expected, text);
  t.deepEqual(lines('probe p p\n'), ['install p false', 'remove p true']);
  t.deepEqual(lines('below a b\nbelow b a\n'), ['softdep a pre: b', 'softdep b pre: a']);
  const many = Array.from(
    { length: 20_000 },
    (_, index) => `above m${index} m${index + 1}\npre-install m${index} x\n`,
  );
  t.deepEqual(warned(`${many.join('')}above m20000 m0\n`), ['40001 alias-loop']);
});

test('modprobe loses its -k wherever it stands', (t) => {
  for (const words of ['-q -k q', '-qk q', '-kq q', '-q --autoclean q', '"-k" -q q'])
    t.is(
      lines(`install m modprobe ${words} && modprobe -c k\n`)[0],
      'install m ( modprobe -q q && modprobe -c k )',
      words,
    );
});

test('a single quotation mark does not take the parameters that follow with it', (t) => {
  const text = `options m a='x"y' b=1 c='p"q"r'\n`;
  t.deepEqual(lines(text), ['options m a="xy" b=1 c=p"q"r']);
  t.deepEqual(warned(text), ['1 option-dropped']);
});

test('commands are rewritten where the tools have changed, and variables are given to them', (t) => {
  t.deepEqual(
    lines('define A x y\ndefine B "it\'s"\npost-install m echo ${B}; insmod tuner; modprobe -k q\n'),
    [
      `install m /sbin/modprobe --ignore-install m $CMDLINE_OPTS && { ( export B='it'\\\\''s'; echo \${B}; /sbin/modprobe --ignore-install tuner; modprobe q ) || { /sbin/modprobe -r --ignore-remove m; false; }; }`,
    ],
  );
  t.deepEqual(
    warned('post-install m insmod tuner\npre-install n "modprobe ide-scsi"\ninstall o insmod ./x.o\n'),
    ['1 command-changed', '2 command-suspicious'],
  );
});

test('whatever cannot be kept has a warning with its line', (t) => {
  const text = [
    'if ! -k',
    'endif',
    'if `uname -r` == x',
    'endif',
    'depfile=/x',
    'persistdir=/y',
    'insmod_opt=-f',
    'options -k a -o b',
    'options c debug x=1',
    'options d p=a\\\\b"',
    'alias /dev/x y',
    'alias "a b" c',
    'alias e /lib/f.o',
    'alias g h',
    'alias h g',
    'alias parport off',
    'above i parport',
    'options j-k x=1',
    'options j_k x=2',
    'alias usbdevfs usbcore',
    'path[pcmcia]=/x',
    'path="/with blank"',
    'bogus',
    'alias [x l',
  ].join('\n');
  t.deepEqual(warned(text), [
    '1 condition-frozen',
    '3 condition-frozen',
    '5 file-name',
    '6 persistent-data',
    '7 insmod-option',
    '8 no-autoclean',
    '8 rename',
    '9 option-dropped',
    '11 device-name',
    '12 name-not-expressible',
    '13 name-not-expressible',
    '14 alias-loop',
    '15 alias-loop',
    '16 off-module',
    '17 alias-off-in-list',
    '19 name-collision',
    '20 nobody-asks',
    '21 tag-lost',
    '22 name-not-expressible',
    '23 line-not-read',
    '24 name-not-expressible',
  ]);
  for (const { text: said, remedy } of convert(text).warnings)
    t.true(remedy.endsWith('.') && said !== '', said);
  t.deepEqual(convert('alias a b\noptions b c=1\nabove b d\nprobe e f\n').warnings, []);
});

test('lines of included files keep their names, and conditions that do not hold are left out', (t) => {
  const { modprobe, warnings } = convert('include /more\nif 0\nalias a b\nendif\n', {
    '/more': 'alias c d \\\n# x\nalias -x y\nadd probe e f\nadd probe e g\n',
  });
  t.is(
    modprobe,
    `# Converted by kmodctl from m, /more, for Linux ${RELEASE}.
# /more:1-2
alias c d
# /more:3
alias -x y
# /more:4, /more:5
install e /sbin/modprobe f || /sbin/modprobe g
remove e /sbin/modprobe -q -r f; /sbin/modprobe -q -r g; true
`,
  );
  t.deepEqual(
    warnings.map(({ code, line }) => `${line} ${code}`),
    ['2 condition-frozen'],
  );
});

test('paths and pruned names go to depmod.d', (t) => {
  const { depmod, modprobe } = convert(
    'path[updates]=/lib/modules/`uname -r`/updates\npath=/lib/modules/`uname -r`/\npath=/opt/m /opt/`uname -r`/n\nprune old\nprune a.b\n',
  );
  t.deepEqual(modprobe.split('\n').slice(1), ['']);
  const config = parseDepmodConfig(depmod, {
    file: 'd',
    release: RELEASE,
    report: ({ priority, text }) => t.not(priority, 'error', text),
  });
  t.deepEqual(
    config.search.map((entry) => (entry.kind === 'directory' ? entry.directory : entry.kind)),
    ['updates', 'built-in', 'external'],
  );
  t.deepEqual(
    config.externals.map(({ directory }) => directory),
    ['/opt/m', `/opt/${RELEASE}/n`],
  );
  t.deepEqual([...config.excluded], ['old', 'a.b']);
  t.is(parseDepmodConfig(depmod, { file: 'd', release: '6.12.0' }).externals.length, 1);
  t.is(convert('alias a b\n').depmod, '');
});

test('the real modprobe reads whatever comes out without an error', (t) => {
  for (const { text, files } of originalCases) {
    const { modprobe } = convert(text, files);
    const folder = mkdtempSync(join(tmpdir(), 'kmodctl-convert-'));
    const file = join(folder, 'converted.conf');
    writeFileSync(file, modprobe);
    const { stderr, exitCode } = kmod.run('modprobe', ['-c', '-C', file, '-d', folder, '-S', '0']);
    rmSync(folder, { recursive: true });
    t.is(stderr, '', text);
    t.is(exitCode, 0);
  }
});
