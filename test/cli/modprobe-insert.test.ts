/** The insert side of modprobe beside the real kmod, where both answer the same. */
import test from 'ava';

import { type Answer, type Kernel, setUp } from './insert-setting.ts';

const configurations: Readonly<Record<string, string>> = {
  empty: '',
  options: `options a x=1
options a  spaced=2
options pci:v* star=1
options pci:v1 asked=1
options pci:v[0-9]* pattern=1
options nick nicked=1
options c	tab	q="a b"
alias nick c
alias ni?k a
`,
  aliases: `alias a b
alias pci:v1 c
alias two d
alias two e
alias gl*b d
alias bad removed
alias net-pf-1 a
alias x-[a-c] d
alias none off
alias uu unix
`,
  blacklist: `blacklist d
blacklist a
blacklist unix
alias nick a
alias nick e
`,
  softdeps: `softdep a pre: d post: pci:v1
softdep d pre: a e
softdep b post: none unix pci:v2
softdep x pre: b
softdep unix pre: a
alias x c
`,
};
const lines = [
  '-D a',
  '-D c x=1',
  '-D nick x=1',
  '-D -i c',
  '-D -a a b c',
  '-D pci:v1 y=2',
  '-D symbol:shown',
  '-D unix',
  '-D net-pf-1',
  '-D two gl_b',
  '-D -a two glob bad x-a none uu x',
  '-R a',
  '-R pci:v1',
  '-R -a two none unix x_b',
  '-n c',
  '-nv c x=1',
  '-nv -a x b e',
  '-v c x=1 y="a b"',
  '-v -a pci:v1 pci:w a',
  '-v nick',
  '-v -b nick',
  '-b -a d e unix a',
  '-vb pci:v1',
  'unix',
  '-v -a bad none stale uu',
  '-q none bad',
  '--first-time a',
  '-v --first-time -a unix uu b b',
  '-f -v b',
  '--force-vermagic d',
  '-vv e',
  '-a [ a]b c',
  'D',
];

for (const [name, configuration] of Object.entries(configurations))
  test(`${name}: the same calls, output and exit code as kmod`, async (t) => {
    const { kmod, ours } = await setUp(t);
    for (const line of lines) {
      const expected = await kmod(line, configuration);
      t.deepEqual(await ours(`--compat=kmod ${line}`, configuration), expected, `compat: ${line}`);
      t.deepEqual(await ours(line, configuration), expected, line);
    }
  });

const commands = `install only echo only $CMDLINE_OPTS.
install d echo "$MODPROBE_MODULE:" $CMDLINE_OPTS "$CMDLINE_OPTS"
install [ab] echo glob $MODPROBE_MODULE
install a echo late
install fails exit 3
remove gone true
options d x=1
options only  y=2
softdep c pre: fails none
softdep packed pre: bad
alias nick only
alias bad removed
blacklist only
`;

test('install commands run as those of kmod do', async (t) => {
  const { kmod, ours } = await setUp(t);
  const rows: readonly (readonly [string, Kernel?])[] = [
    ['-D only a=1'],
    ['-D -a d c only nick'],
    ['only'],
    ['only a=1 b'],
    ['nick'],
    ['-a d b'],
    ['-i d z=1'],
    ['-i -a b c'],
    ['-nv c'],
    ['fails'],
    ['-q fails'],
    ['gone'],
    ['-i only'],
    ['-D -i only'],
    ['c'],
    ['packed', { compression: 'xz\n' }],
    ['-vv -i c', { refusals: { c: -19 } }],
    ['d', { loaded: ['d'] }],
    ['-b only'],
    ['-R -a only d nick'],
    ['d', { commandLine: 'd.cmd=3 modprobe.blacklist=d' }],
  ];
  for (const [line, kernel] of rows) {
    const expected = inOrder(await kmod(line, commands, kernel));
    t.deepEqual(inOrder(await ours(`--compat=kmod ${line}`, commands, kernel)), expected, `compat: ${line}`);
    t.deepEqual(inOrder(await ours(line, commands, kernel)), expected, line);
  }
});

/** kmod's own lines go out when it ends, those of its commands at once. */
function inOrder(answer: Answer): Answer {
  return { ...answer, stdout: answer.stdout.split('\n').toSorted().join('\n') };
}

test('refusals and states of the kernel have the words of kmod', async (t) => {
  const { kmod, ours } = await setUp(t);
  const rows: readonly (readonly [string, Kernel])[] = [
    ['a', { loaded: ['a'] }],
    ['-v b', { loaded: ['a'] }],
    ['--first-time a', { loaded: ['a'] }],
    ['--first-time b', { loaded: ['a'] }],
    ['d', { refusals: { d: -2 } }],
    ['-vv d', { refusals: { d: -8 } }],
    ['d', { refusals: { d: -129 } }],
    ['-q d', { refusals: { d: -1 } }],
    ['-a d a', { refusals: { d: -1 } }],
    ['e', { refusals: { d: -1 } }],
    ['-f packed', { compression: 'xz\n' }],
    ['packed x=1', { compression: 'xz\n' }],
    ['pci:v1', { refusals: { d: -19, e: -19 } }],
    ['pci:v1', { refusals: { d: -19 } }],
    ['./x/own.ko p=1', {}],
    ['-v /nowhere/a.ko', {}],
    ['./x/', {}],
    ['-a ./none.ko a', {}],
    ['-R ./x/own.ko', {}],
  ];
  for (const [line, kernel] of rows) {
    const expected = await kmod(line, '', kernel);
    t.deepEqual(await ours(`--compat=kmod ${line}`, '', kernel), expected, `compat: ${line}`);
    t.deepEqual(await ours(line, '', kernel), expected, line);
  }
});
