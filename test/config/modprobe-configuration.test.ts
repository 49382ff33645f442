import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import {
  parseKernelCommandLine,
  parseModprobeConfiguration,
  readModprobeConfiguration,
} from '../../src/config/modprobe-config-reader.ts';
import type { ModprobeConfiguration } from '../../src/config/modprobe-configuration.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { byteText, textBytes } from '../../src/native/byte-text.ts';

type Files = Readonly<Record<string, string | Buffer | { readonly link: string }>>;

function setUp(t: ExecutionContext, files: Files): string {
  const base = mkdtempSync(join(tmpdir(), 'kmodctl-config-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    const file = join(base, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, file);
    else writeFileSync(file, content);
  }
  return base;
}

const parse = (text: string, compat = false): ModprobeConfiguration =>
  parseModprobeConfiguration(text, { file: 'x.conf', compat });
const parseLine = (line: string, compat = false): ModprobeConfiguration =>
  parseKernelCommandLine(Buffer.from(line), { file: '/proc/cmdline', compat });
const bad = (line: number, word: string): string =>
  `bad-line ${line} x.conf line ${line}: ignoring bad line starting with '${word}'`;
const at = (line: number): { file: string; line: number } => ({ file: 'x.conf', line });

test('every directive becomes a record that knows its line', (t) => {
  const { files, hidden, problems, ...records } = parse(`# comment
alias a-b-[x-y] m-n  extra
blacklist foo-bar extra
options m-x  a=1\tb="c d" \\
  e=f
install sound-* /bin/sh -c 'echo\ta \\\\$CMDLINE_OPTS'
remove m-x true
softdep m-x lost pre: a-b  c post: d pre: e
weakdep m-x g-h i
`);
  t.deepEqual(records, {
    aliases: [{ pattern: 'a_b_[x-y]', module: 'm_n', origin: at(2) }],
    blacklist: [{ module: 'foo_bar', origin: at(3) }],
    options: [{ module: 'm_x', text: ' a=1 b="c d"   e=f', origin: at(5) }],
    install: [{ module: 'sound_*', command: "/bin/sh -c 'echo\ta \\$CMDLINE_OPTS'", origin: at(6) }],
    remove: [{ module: 'm_x', command: 'true', origin: at(7) }],
    softDependencies: [{ module: 'm_x', pre: ['a-b', 'c', 'e'], post: ['d'], origin: at(8) }],
    weakDependencies: [{ module: 'm_x', dependencies: ['g-h', 'i'], origin: at(9) }],
  });
  t.deepEqual([files, hidden, problems], [['x.conf'], [], []]);
});

test('every bad line is told with its place and a remedy, and none stops the reading', (t) => {
  const { problems, blacklist } = parse(`\ufeff# saved by an editor
bogus
optoins a b=1
options a
alias a[ b
alias a b]
blacklist \\

include other
<html>
softdep a
blacklist last
`);
  t.deepEqual(blacklist, [{ module: 'last', origin: at(12) }]);
  t.deepEqual(
    problems.map(({ code, line, text }) => `${code} ${line} ${text}`),
    [
      bad(1, '\ufeff#'),
      bad(2, 'bogus'),
      bad(3, 'optoins'),
      bad(4, 'options'),
      bad(5, 'alias'),
      bad(6, 'alias'),
      bad(8, 'blacklist'),
      'deprecated-directive 9 x.conf: command include is deprecated and not parsed anymore',
      bad(10, '<html>'),
      bad(11, 'softdep'),
    ],
  );
  const remedies = [
    /byte order mark/,
    /^Remove it, or begin it with one of: alias, blacklist,/,
    /^Did you mean "options"\?$/,
    /^Write it as: options MODULE/,
    /square bracket/,
    /square bracket/,
    /^Write it as: blacklist MODULE$/,
    /ends in \.conf/,
    /web page/,
    /^Write it as: softdep MODULE pre:/,
  ];
  for (const [index, remedy] of remedies.entries()) t.regex(problems[index]?.remedy ?? '', remedy);
});

test('carriage returns and indented comments: as meant, and as kmod reads them', (t) => {
  const text = 'blacklist a\r\n\r\n \t# note\r\nblacklist \\\r\nb\r\n';
  const right = parse(text);
  t.deepEqual(right.blacklist, [
    { module: 'a', origin: at(1) },
    { module: 'b', origin: at(5) },
  ]);
  t.deepEqual(right.problems, []);
  const compat = parse(text, true);
  t.deepEqual(compat.blacklist, [
    { module: 'a\r', origin: at(1) },
    { module: '\r', origin: at(4) },
  ]);
  t.deepEqual(
    compat.problems.map(({ text: words }) => words),
    [
      "x.conf line 2: ignoring bad line starting with '\r'",
      "x.conf line 3: ignoring bad line starting with '#'",
      "x.conf line 5: ignoring bad line starting with 'b\r'",
    ],
  );
});

test('the kernel command line: options, blacklist, and what is no option of a module', (t) => {
  const { options, blacklist, problems } = parseLine(
    'quiet root=/dev/x.y snd-x.a-b="c d" "parport.dyndbg=file a.c +p" e.f.g=1 m[1.x=2 i.j modprobe.blacklist=a-b,"c"\n',
  );
  const origin = { file: '/proc/cmdline', line: 1 };
  t.deepEqual(options, [
    { module: 'snd_x', text: 'a-b="c d"', origin },
    { module: 'parport', text: 'dyndbg="file a.c +p"', origin },
    { module: 'i', text: 'j', origin },
  ]);
  t.deepEqual(blacklist, [
    { module: 'a_b', origin },
    { module: 'c', origin },
  ]);
  t.like(problems, [
    {
      code: 'bad-kernel-option',
      file: '/proc/cmdline',
      line: 1,
      text: "Ignoring bad option on kernel command line while parsing module name: 'm[1'",
    },
  ]);
  const compat = parseLine('modprobe.blacklist=a-b,"c"', true);
  t.deepEqual(
    compat.blacklist.map(({ module }) => module),
    ['a-b', '"c"'],
  );
  const long = `${'x'.repeat(4090)} m.a=123456`;
  t.deepEqual(parseLine(long).options, [{ module: 'm', text: 'a=123456', origin }]);
  t.deepEqual(parseLine(long, true).options, [{ module: 'm', text: 'a=', origin }]);
});

test("files in the order of their names, the tree's own among them; what hides what", (t) => {
  const base = setUp(t, {
    'etc/modprobe.d/a.conf': 'softdep m pre: a\n',
    'etc/modprobe.d/off.conf': { link: '/dev/null' },
    'run/modprobe.d/n.conf': 'softdep m pre: n\n',
    'usr/lib/modprobe.d/a.conf': 'softdep m pre: hidden\n',
    'usr/lib/modprobe.d/off.conf': 'blacklist m\n',
    lib: { link: 'usr/lib' },
    'usr/lib/modules/6/modules.softdep': 'softdep m pre: tree\nblacklist too\n',
    'proc/cmdline': 'm.a=1',
  });
  const tree = new ModuleTree({ root: base, release: '6' });
  const config = readModprobeConfiguration({ root: base, tree, kernel: { root: base } });
  const softdep = `${base}/lib/modules/6/modules.softdep`;
  t.deepEqual(config.files, [
    `${base}/etc/modprobe.d/a.conf`,
    softdep,
    `${base}/run/modprobe.d/n.conf`,
    `${base}/etc/modprobe.d/off.conf`,
    `${base}/proc/cmdline`,
  ]);
  t.deepEqual(
    config.softDependencies.map(({ pre }) => pre.join(' ')),
    ['a', 'tree', 'n'],
  );
  t.deepEqual(config.blacklist, [{ module: 'too', origin: { file: softdep, line: 2 } }]);
  t.deepEqual(
    config.hidden.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
    [
      { path: `${base}/usr/lib/modprobe.d/a.conf`, by: `${base}/etc/modprobe.d/a.conf` },
      { path: `${base}/usr/lib/modprobe.d/off.conf`, by: `${base}/etc/modprobe.d/off.conf` },
    ],
  );
  t.deepEqual(config.problems, []);
  const without = readModprobeConfiguration({ root: base, kernel: { root: base }, kernelCommandLine: false });
  t.deepEqual([without.options, without.softDependencies.length], [[], 2]);
});

test('bytes that are no UTF-8 stay what they are', (t) => {
  const base = setUp(t, { 'x.conf': Buffer.from([...Buffer.from('options m a=é'), 0xe9, 0xff, 0x62, 0x0a]) });
  const paths = ['x.conf'];
  const { options } = readModprobeConfiguration({ paths, workingDirectory: base, kernelCommandLine: false });
  t.is(options[0]?.text, 'a=é\udce9\udcffb');
  t.deepEqual(textBytes(options[0]?.text ?? ''), Buffer.from([...Buffer.from('a=é'), 0xe9, 0xff, 0x62]));
  const rows: readonly (readonly number[])[] = [
    [],
    [0x41, 0xc3, 0xa9],
    [0xc3],
    [0xf0, 0x9f, 0x98, 0x80, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xed, 0xb2, 0x80],
    [0xef, 0xbf, 0xbd, 0xff],
    [0xc0, 0x80, 0xf8, 0x88, 0x80, 0x80, 0x80],
  ];
  for (const bytes of rows) t.deepEqual([...textBytes(byteText(Buffer.from(bytes)))], [...bytes]);
});
