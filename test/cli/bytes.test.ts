/** Bytes that are no UTF-8, in the real program and the real kmod side by side: they arrive as they were given. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { byteCommand } from '../../src/execute/byte-command.ts';
import { byteText, textBytes } from '../../src/native/byte-text.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

/** What a command line gave; a character stands for a byte. */
interface Answer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What a command of the configuration wrote. */
  readonly written: string;
}

/** Every byte but NUL, in UTF-8 or not, as a shell's word. */
const ALL = Array.from({ length: 255 }, (_, index) => index + 1).filter(
  (byte) => ![0x0a, 0x27, 0x5c].includes(byte),
);
const ALL_BYTES = Buffer.from(ALL).toString('latin1');
const UTF_8 = Buffer.from('\u00e9\ufffd\u{1f600}').toString('latin1');

const configuration = `options a p=\xfe\xffx q="\xe9 \xc3\xa9"
alias \xff* a
install shown printf '%s|' "$MODPROBE_MODULE" $CMDLINE_OPTS "$BYTES" \xff\x81\x88 > "$OUT"
install inherited printf '%s' "$BYTES" > "$OUT"
install failing nosuch\xff
`;

class Session {
  readonly root = new FixtureRoot();
  readonly out: string;

  constructor() {
    const { root } = this;
    root.writeTree({ modules: { a: { path: 'kernel/a.ko' }, b: { path: 'kernel/b.ko', needs: ['a'] } } });
    writeFileSync(join(root.path, 'bytes.conf'), configuration, 'latin1');
    const folder = Buffer.from(`${root.path}/\xff`, 'latin1');
    mkdirSync(folder);
    writeFileSync(Buffer.concat([folder, Buffer.from('/in.conf')]), 'install inner echo \xfe\n', 'latin1');
    const name = Buffer.from('/\xfe.conf', 'latin1');
    writeFileSync(Buffer.concat([folder, name]), 'options a z=\xfd\nbogus \xfc\n', 'latin1');
    writeFileSync(Buffer.concat([folder, Buffer.from('/m.ko')]), contents.plain);
    this.out = join(root.path, 'out');
  }

  /** Runs a program with words that are bytes, which Node itself could not hand over. */
  run(command: readonly string[], line: string, before = ''): Answer {
    const script = join(this.root.path, 'script');
    const { path } = this.root;
    const words = `-d ${path} -S ${RELEASE} ${line.replaceAll('ROOT', path)}`;
    writeFileSync(
      script,
      `cd ${path}\nexport BYTES='${ALL_BYTES}'\n${before}\nexec "$@" ${words}\n`,
      'latin1',
    );
    rmSync(this.out, { force: true });
    const env = { PATH: process.env['PATH'] ?? '', OUT: this.out };
    const { status, stdout, stderr } = spawnSync('sh', [script, ...command], { env, encoding: 'latin1' });
    const written = spawnSync('cat', [this.out], { encoding: 'latin1' }).stdout;
    return { exitCode: status, stdout, stderr, written };
  }
}

const kmod = await referenceKmod('34.2');
const ours = [process.execPath, join(packageRoot(), 'dist/cli/kmodctl.cjs'), 'modprobe'];

const lines: readonly string[] = [
  `-C ROOT/bytes.conf -n -v a r='\xff\xfe' s='x y\x80'`,
  `-C ROOT/bytes.conf -n -v b ${UTF_8}`,
  `-C ROOT/bytes.conf -D a v='${ALL_BYTES}'`,
  `-C ROOT/bytes.conf -D '\xffdevice'`,
  `-C ROOT/bytes.conf -R '\xff\xfe'`,
  `-C ROOT/bytes.conf -c`,
  `-C ROOT/bytes.conf no'\xff\xfe'such`,
  `-C ROOT/bytes.conf --\xff`,
  `-C ROOT/bytes.conf -x\xff`,
  `-C '\xff' -c`,
  `-C ROOT/'\xff'/in.conf -D inner`,
  `-C ROOT/bytes.conf -n -v ROOT/'\xff'/m.ko`,
  `-C ROOT/bytes.conf -n -v ./'\xff'/m.ko a='\xff'`,
  `-C ROOT/bytes.conf -n -v ./'\xfe'/m.ko`,
  `-C ROOT/bytes.conf shown x='\xff'y '\xc3\xa9\xc3'`,
  `-C ROOT/bytes.conf inherited`,
  `-C ROOT/bytes.conf failing`,
];

function check(t: ExecutionContext, more: string): void {
  const session = new Session();
  t.teardown(() => session.root.remove());
  for (const line of lines) {
    const expected = session.run(kmod.command('modprobe'), line);
    t.deepEqual(session.run(ours, `${more} ${line}`), expected, line);
  }
}

test('arguments, configuration, paths and commands are byte for byte those of kmod', check, '');
test('so they are with --compat=kmod', check, '--compat=kmod');

/** What the shell says to a command. */
function inShell(command: string, value: string): readonly unknown[] {
  const { text, environment } = byteCommand(command, { PATH: process.env['PATH'], VALUE: value, c: 'own' });
  const spawned = spawnSync('/bin/sh', ['-c', text], { argv0: 'sh', env: environment, encoding: 'latin1' });
  return [spawned.status, spawned.stdout, spawned.stderr];
}

test('MODPROBE_OPTIONS is read byte for byte', (t) => {
  const session = new Session();
  t.teardown(() => session.root.remove());
  const before = `export MODPROBE_OPTIONS='-C ./\xff'`;
  for (const line of ['-D inner', '-c', '-n -v a'])
    t.deepEqual(session.run(ours, line, before), session.run(kmod.command('modprobe'), line, before), line);
});

test('the shell gets every byte of a command and of its environment, and its messages begin as ever', (t) => {
  const every = byteText(Buffer.from(ALL));
  const bytes = textBytes(every).toString('latin1');
  t.deepEqual(inShell(`printf '%s' '${every}' "$VALUE" $c`, `${every}\n\n`), [
    0,
    `${bytes}${bytes}\n\nown`,
    '',
  ]);
  const plain = inShell('nosuch; exit 3', 'x');
  t.deepEqual(inShell('nosuch; exit 3', '\udcff'), plain);
  t.deepEqual(inShell('nosuch; exit 3 #\udcff', 'x'), plain);
  t.deepEqual(byteCommand('echo \u00e9', { A: '\u{1f600}' }), {
    text: 'echo \u00e9',
    environment: { A: '\u{1f600}' },
  });
});

test('what the process was given is read again only where Node could not show it', (t) => {
  const session = new Session();
  t.teardown(() => session.root.remove());
  // Options of Node itself stand before the program.
  const [node = '', ...rest] = ours;
  const answer = session.run(
    [node, '--no-warnings', ...rest],
    `-C ROOT/bytes.conf -D a x='\xff\xef\xbf\xbd'`,
  );
  t.regex(answer.stdout, / x=\xff\xef\xbf\xbd\n$/);
  t.is(readFileSync(join(session.root.path, 'bytes.conf'), 'latin1'), configuration);
});
