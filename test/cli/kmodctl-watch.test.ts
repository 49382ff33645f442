import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import type { CliIo } from '../../src/cli/cli-io.ts';
import { watchLine } from '../../src/cli/watch-line.ts';
import { paintFor } from '../../src/cli/colour.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({ modules: { loop: { path: 'loop.ko' } } });
  root.writeKernel([{ name: 'loop' }, { name: 'nf_nat' }]);
  return root;
}

/** A part of the program, as an argument of `import`. */
const place = (file: string): string =>
  JSON.stringify(new URL(`../../src/cli/${file}`, import.meta.url).href);

const paint = paintFor({} as CliIo, 'never');
const time = new Date(2026, 0, 2, 3, 4, 5, 6);

test('ends after the number of changes, shows what matches', async (t) => {
  const root = setUp(t);
  const running = runCli(root, ['kmodctl', 'watch', '--initial', '--count=2', '--poll=10', 'nf-*', 'l??p']);
  await delay(60);
  root.writeKernel([{ name: 'other' }, { name: 'nf_nat' }]);
  await delay(60);
  root.writeKernel([{ name: 'other' }]);
  const { stdout, stderr, exitCode } = await running;
  t.is(exitCode, 0);
  t.is(
    stdout.replaceAll(/^\d\d:\d\d:\d\d\.\d{3}/gm, 'TIME'),
    'TIME  loaded   nf_nat  16384 bytes\nTIME  loaded   loop  16384 bytes\nTIME  removed  loop  (seen late)\nTIME  removed  nf_nat  (seen late)\n',
  );
  t.regex(
    stderr,
    /^kmodctl watch: note: \/proc\/modules is read every 10 ms: .*\nkmodctl watch: note: Load requests cannot be seen: .*\n$/,
  );
});

test('ends when it is told to', async (t) => {
  const root = setUp(t);
  let stop: (() => void) | undefined;
  let released = 0;
  const onStop = (told: () => void): (() => void) => {
    stop = told;
    return () => released++;
  };
  const running = runCli(root, ['kmodctl', 'watch', '--no-requests'], undefined, { onStop });
  await delay(30);
  stop?.();
  t.is((await running).exitCode, 0);
  t.is(released, 1);
});

test('ends when it is told to also where what it says is not read', async (t) => {
  t.timeout(120_000);
  const root = setUp(t);
  const lines = Array.from(
    { length: 5000 },
    (_, number) => `module_with_a_long_name_${number} 4096 0 - Live 0x0\n`,
  );
  root.write('proc/modules', lines.join(''));
  const program = `
    const { run } = await import(${place('main.js')});
    const { descriptorOutput } = await import(${place('output.js')});
    process.exitCode = await run(['node', 'kmodctl', 'watch', '--initial', '--no-requests'], {
      stdout: descriptorOutput(1).write, stderr: descriptorOutput(2).write, stdoutDescriptor: 1,
      onStop: (stop) => { process.once('SIGTERM', stop); return () => process.removeListener('SIGTERM', stop); },
      env: {}, workingDirectory: '/', kernel: { root: ${JSON.stringify(root.path)} }, release: '6.99.0-test',
    });`;
  const fifo = root.path + '/fifo';
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  // Node's own pipes are sockets.
  for (const stdout of [writer, 'pipe'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', stdout, 'pipe'],
    });
    await once(child.stderr ?? child, 'data'); // its note: it has begun
    await delay(1500);
    t.is(child.exitCode, null);
    child.kill();
    const end: unknown[] = await Promise.race([once(child, 'exit'), delay(20_000, ['goes on'])]);
    child.kill('SIGKILL');
    child.stdout?.destroy();
    t.deepEqual(end, [0, null], String(stdout));
  }
  closeSync(writer);
  closeSync(reader);
});

test('wrong options', async (t) => {
  const root = setUp(t);
  const faults = [
    [['--count=0'], "--count takes a number from 1 on, not '0'"],
    [['--poll=x'], "--poll takes a number from 1 on, not 'x'"],
    [['--requests', '--no-requests'], '--requests and --no-requests exclude each other'],
    [['--initail'], "unrecognized option '--initail'; did you mean --initial?"],
  ] as const;
  for (const [argv, message] of faults) {
    const { stderr, exitCode } = await runCli(root, ['kmodctl', 'watch', ...argv]);
    t.is(exitCode, 1);
    t.is(stderr, `kmodctl watch: ${message}\nSee kmodctl watch --help.\n`);
  }
  const { stderr, exitCode } = await runCli(root, ['kmodctl', 'watch', '--requests']);
  t.is(exitCode, 1);
  t.regex(stderr, /^kmodctl watch: Load requests cannot be seen: .*\n {2}code: ERR_KMOD_WATCH\n$/);
});

test('lines for people', (t) => {
  const request = { request: 1, name: 'net-pf-29\n\u001b[2J', time } as const;
  const lines = [
    watchLine(
      {
        type: 'added',
        module: 'can',
        initial: false,
        seen: 'event',
        sequence: 5,
        time,
        details: {
          size: 45_056,
          refcount: 0,
          state: 'live',
          version: '2',
          sourceVersion: null,
          taints: 'OE',
          holders: ['can_raw'],
          parameters: { stats_timer: 'Y' },
        },
      },
      paint,
    ),
    watchLine(
      {
        type: 'request',
        ...request,
        wait: false,
        requester: { comm: 'a\u0007b', pid: 7 },
        callSite: '__sock_create',
      },
      paint,
    ),
    watchLine(
      { type: 'outcome', ...request, outcome: 'loaded', module: 'can', afterMs: 90.6, evidence: 'it came' },
      paint,
    ),
    watchLine(
      { type: 'outcome', ...request, outcome: 'unknown', module: 'can', afterMs: null, evidence: 'none' },
      paint,
    ),
    watchLine({ type: 'overrun', where: 'kernel', dropped: null, time }, paint),
  ];
  t.is(
    lines.join(''),
    [
      '03:04:05.006  added    can  45056 bytes  version 2  taints OE  used by can_raw  stats_timer=Y',
      String.raw`03:04:05.006  request  net-pf-29\x0a\x1b[2J  by a\x07b (7) in __sock_create, does not wait`,
      String.raw`03:04:05.006  outcome  net-pf-29\x0a\x1b[2J  loaded can after 91 ms  (it came)`,
      String.raw`03:04:05.006  outcome  net-pf-29\x0a\x1b[2J  not known  (none)`,
      '03:04:05.006  overrun    events were lost; /proc/modules was read instead',
      '',
    ].join('\n'),
  );
});
