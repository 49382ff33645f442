import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { type LoggedRun, PrivateLog } from '../fixtures/private-log.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

const kmod = await referenceKmod('34.2');
const privateLog = new PrivateLog();
const root = new FixtureRoot();
for (const tool of ['modprobe', 'insmod', 'rmmod', 'lsmod'])
  symlinkSync(resolve('dist/cli/kmodctl.cjs'), join(root.path, tool));
test.after.always(() => {
  privateLog.remove();
  root.remove();
});

const env = { PATH: process.env['PATH'] ?? '', TZ: 'UTC' };
const place = ['-d', root.path, '-S', '1.2'];

function timeless({ log }: LoggedRun): readonly string[] {
  return log.map((text) => text.replace(/>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /, '>'));
}

/** Runs a tool of kmod's and ours; without their times the messages have to be alike. */
async function both(
  t: ExecutionContext,
  [tool = '', ...argv]: readonly string[],
  { before = [], more = {} }: { before?: readonly string[]; more?: Readonly<Record<string, string>> } = {},
): Promise<LoggedRun> {
  const [theirs, ours] = await Promise.all(
    [kmod.command(tool), [process.execPath, join(root.path, tool)]].map(
      async (command) => await privateLog.run([...before, ...command, ...argv], { env: { ...env, ...more } }),
    ),
  );
  if (theirs === undefined || ours === undefined) throw new Error('not run');
  t.deepEqual(timeless(ours), timeless(theirs), argv.join(' '));
  t.is(ours.stderr, theirs.stderr);
  t.is(ours.exitCode, theirs.exitCode);
  return { ...ours, log: timeless(ours) };
}

test('-s sends messages to the system log', async (t) => {
  const { log, stderr } = await both(t, ['modprobe', '-s', ...place, 'nosuch']);
  t.is(stderr, '');
  t.regex(log[0] ?? '', /^<26>modprobe: FATAL: Module nosuch not found in directory /);
  for (const argv of [
    ['modprobe', '-s'],
    ['modprobe', '--syslog', '-a', ...place, 'one', 'two'],
    ['modprobe', '-sq', ...place, 'nosuch'],
    ['insmod', '-s'],
    ['insmod', '-s', '/no/such.ko'],
    ['rmmod', '-s', 'nosuch', 'none either'],
    ['lsmod', '--sys', 'x'],
  ])
    await both(t, argv);
});

test('mistakes in options go to stderr', async (t) => {
  for (const argv of [
    ['modprobe', '-s', '--bogus'],
    ['modprobe', '-s', '-w', 'x', 'y'],
    ['rmmod', '-sx'],
  ]) {
    const { log, stderr } = await both(t, argv);
    t.deepEqual(log, []);
    t.not(stderr, '');
  }
});

test('MODPROBE_OPTIONS can hold -s', async (t) => {
  const { log } = await both(t, ['modprobe', ...place, 'nosuch'], { more: { MODPROBE_OPTIONS: '-s' } });
  t.is(log.length, 1);
});

const closing = (streams: string): readonly string[] => ['sh', '-c', `exec "$@" ${streams}`, 'sh'];

test('started without descriptors, modprobe uses the system log, and the others stay silent', async (t) => {
  const before = closing('<&- >&- 2>&-');
  t.is((await both(t, ['modprobe', ...place, 'nosuch'], { before })).log.length, 1);
  t.is((await both(t, ['modprobe', ...place, '-q', 'nosuch'], { before })).log.length, 0);
  t.is((await both(t, ['modprobe', '-w', 'x', 'nosuch'], { before })).log.length, 0);
  for (const argv of [['insmod', '/no/such.ko'], ['rmmod', 'nosuch'], ['lsmod', 'x'], ['lsmod']])
    t.deepEqual((await both(t, argv, { before })).log, []);
});

test('/dev/null as stderr is not a closed one', async (t) => {
  for (const streams of [
    '2>/dev/null',
    '2<>/dev/null',
    '</dev/null >/dev/null 2>/dev/null',
    '</dev/null 1<>/dev/null 2<>/dev/null',
    // As daemon(3) leaves it to its children.
    '<>/dev/null >&0 2>&0',
  ])
    t.deepEqual(
      (await both(t, ['modprobe', ...place, 'nosuch'], { before: closing(streams) })).log,
      [],
      streams,
    );
});
