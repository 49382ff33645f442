import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { PrivateLog } from '../fixtures/private-log.ts';
import { runChild } from './child-process.ts';
import { type LifeScenario, lifeScenarios } from './life-scenarios.ts';
import { nodeBinary } from './node-versions.ts';
import { sanitizedAddon, sanitizerLibrary } from './sanitized-addon.ts';
import { type SlowSyscalls, slowSyscalls } from './slow-syscall.ts';

const program = fileURLToPath(new URL('./life-stage.js', import.meta.url));
const report = /AddressSanitizer|LeakSanitizer/;
let built: Promise<string> | undefined;

async function environment(syscalls: SlowSyscalls, options: string): Promise<Record<string, string>> {
  built ??= sanitizedAddon();
  return {
    ...(await slowSyscalls(syscalls, [await sanitizerLibrary()])),
    KMODCTL_PREBUILD: await built,
    ASAN_OPTIONS: options,
  };
}

const ends = test.macro(
  async (t, { stage, syscalls, code, prints }: LifeScenario, count: number, asan: string, lsan: string) => {
    t.timeout(300_000, 'the addon is compiled first, and the children of all tests wait for each other');
    const env = { ...(await environment(syscalls, asan)), LSAN_OPTIONS: lsan };
    const end = await runChild(await nodeBinary(20), [program, stage, String(count)], {
      env,
      timeout: syscalls.milliseconds >= 30_000 ? 25_000 : 100_000,
    });
    t.notRegex(end.stderr, report);
    t.is(end.signal, null, end.stderr);
    t.is(end.code, code, end.stderr);
    t.is(
      end.stdout,
      prints(count)
        .map((value) => `${JSON.stringify(value)}\n`)
        .join(''),
    );
  },
);

test('the child processes do load a sanitized addon: without its library they fail', async (t) => {
  t.timeout(300_000, 'the addon is compiled first');
  const { LD_PRELOAD: _library, ...env } = await environment({ milliseconds: 0 }, '');
  t.true(readFileSync(join(await sanitizedAddon(), 'build/Release/kmodctl.node')).includes('__asan_init'));
  const end = await runChild(await nodeBinary(20), [program, 'settle', '1'], { env });
  t.not(end.code, 0);
  t.regex(end.stderr, /ASan runtime does not come first/);
});

for (const scenario of lifeScenarios)
  for (const count of scenario.calls)
    test(
      `no memory error: ${scenario.stage} with ${count} calls of ${scenario.syscalls.milliseconds} ms in flight`,
      ends,
      scenario,
      count,
      'detect_leaks=0',
      '',
    );

// Leaks are looked for where Node itself frees what it has at the end: process.exit() and an uncaught exception in the
// main thread leave thousands of its own objects behind. Node-API has no way to free the 8 bytes of a promise that
// is pending when its worker is terminated; all else has to be gone.
const leakStages = new Set([
  'settle',
  'terminate',
  'worker-exit',
  'worker-uncaught',
  'terminate-around-completion',
]);
const suppressions = join(
  fileURLToPath(new URL('../../../test/native/', import.meta.url)),
  'leak-suppressions.txt',
);

for (const scenario of lifeScenarios.filter(({ stage }) => leakStages.has(stage)))
  test(
    `no leak: ${scenario.stage} with 50 calls of ${scenario.syscalls.milliseconds} ms in flight`,
    ends,
    scenario,
    50,
    'detect_leaks=1',
    scenario.stage === 'settle' ? '' : `print_suppressions=0:suppressions=${suppressions}`,
  );

const unpackProgram = fileURLToPath(new URL('./unpack-stage.js', import.meta.url));
const unpackStages: readonly (readonly [stage: string, code: number, prints: RegExp, asan: string])[] = [
  ['variants', 0, /"ERR_KMOD_COMPRESSED_DATA","ERR_KMOD_TOO_LARGE","unpacked"/, 'detect_leaks=1'],
  ['terminate', 0, /"terminated":60/, 'detect_leaks=1'],
  ['exit', 7, /"leaving"/, 'detect_leaks=0'],
];

for (const [stage, code, prints, asan] of unpackStages)
  test(`no memory error${asan === 'detect_leaks=1' ? ' and no leak' : ''}: unpacking, ${stage}`, async (t) => {
    t.timeout(300_000, 'the addon is compiled first, and the children of all tests wait for each other');
    const env = {
      ...(await environment({ milliseconds: 0 }, asan)),
      LSAN_OPTIONS: `print_suppressions=0:suppressions=${suppressions}`,
    };
    const end = await runChild(await nodeBinary(20), [unpackProgram, stage], { env, timeout: 100_000 });
    t.notRegex(end.stderr, report);
    t.is(end.code, code, end.stderr);
    t.regex(end.stdout, prints);
  });

test('no memory error and no leak: files in memory, and locks on bytes', async (t) => {
  t.timeout(300_000, 'the addon is compiled first, and the children of all tests wait for each other');
  const env = {
    ...(await environment({ milliseconds: 0 }, 'detect_leaks=1')),
    LSAN_OPTIONS: `print_suppressions=0:suppressions=${suppressions}`,
  };
  const stage = fileURLToPath(new URL('./run-calls-stage.js', import.meta.url));
  const end = await runChild(await nodeBinary(20), [stage], { env, timeout: 100_000 });
  t.notRegex(end.stderr, report);
  t.is(end.code, 0, end.stderr);
  t.deepEqual(JSON.parse(end.stdout), {
    lengths: ['0 true EPERM', '1 true EPERM', '4096 true EPERM', '300000 true EPERM'],
    locks: [0, 0, true, 0, 0, true, 0, true],
    refused: ['TypeError', 'TypeError', 'TypeError'],
    sealed: true,
  });
});

test('no memory error and no leak: depmod, on one thread and on several', async (t) => {
  t.timeout(300_000, 'the addon is compiled first, and the children of all tests wait for each other');
  const env = {
    ...(await environment({ milliseconds: 0 }, 'detect_leaks=1')),
    LSAN_OPTIONS: `print_suppressions=0:suppressions=${suppressions}`,
  };
  const stage = fileURLToPath(new URL('./depmod-stage.js', import.meta.url));
  const end = await runChild(await nodeBinary(20), [stage], { env, timeout: 100_000 });
  t.notRegex(end.stderr, report);
  t.is(end.code, 0, end.stderr);
  t.deepEqual(JSON.parse(end.stdout), {
    same: true,
    modules: 60,
    matched: [4_294_967_295, 1, 0],
    nothing: [0, null, 'a:\n:\nb:\n', null],
    refused: Array.from({ length: 10 }, () => 'TypeError'),
  });
});

test('no memory error and no leak: the system log, and descriptors compared', async (t) => {
  t.timeout(300_000, 'the addon is compiled first, and the children of all tests wait for each other');
  const privateLog = new PrivateLog();
  t.teardown(() => {
    privateLog.remove();
  });
  const env: Record<string, string> = {
    ...(await environment({ milliseconds: 0 }, 'detect_leaks=1')),
    LSAN_OPTIONS: `print_suppressions=0:suppressions=${suppressions}`,
    PATH: process.env['PATH'] ?? '',
  };
  const stage = fileURLToPath(new URL('./process-stage.js', import.meta.url));
  const { LD_PRELOAD: library = '', ...others } = env;
  const command = ['env', `LD_PRELOAD=${library}`, await nodeBinary(20), stage];
  const end = await privateLog.run(command, { env: others, timeout: 100_000 });
  t.notRegex(end.stderr, report);
  t.is(end.exitCode, 0, end.stderr);
  const [EINVAL, EBADF, ENOENT, ENOTTY, EPROTONOSUPPORT, EOPNOTSUPP] = [-22, -9, -2, -25, -93, -95];
  t.deepEqual(JSON.parse(end.stdout), {
    log: [0, 0, 0, 0, 0, EINVAL, EINVAL],
    files: [0, 'apart', EBADF, EBADF],
    questions: ['answered', EOPNOTSUPP, EPROTONOSUPPORT, 'refused', ENOENT, ENOTTY, EBADF],
  });
  const texts = end.log.map((message) => message.replace(/>.{16}/, '>').slice(0, 40));
  t.deepEqual(texts.slice(0, 4), [
    '<27>modprobe: ERROR: short\n',
    '<31>rmmod: %s%n is no format',
    '<24>: ',
    '<28>modprobe: cut at',
  ]);
  t.is(end.log[4]?.length, 150_031);
});
