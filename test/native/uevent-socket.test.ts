import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { areUeventsDelivered } from '../../src/native/uevent-socket.ts';
import { type ChildEnd, runChild, runOrThrow } from './child-process.ts';
import { nodeBinary, supportedMajors } from './node-versions.ts';
import { sanitizedAddon, sanitizerLibrary } from './sanitized-addon.ts';

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-uevents-'));
const sender = join(folder, 'sender');
const stages: Readonly<Record<string, readonly [code: number, prints: readonly unknown[]]>> = {
  receive: [
    0,
    [
      {
        usual: { hasAll: true, losses: 0, others: 0 },
        tiny: { isLossy: true, isShort: true, goesOn: true },
        filtered: { messages: 0, isLossy: false, others: 0 },
        closed: 'EBADF',
      },
    ],
  ],
  refuse: [
    0,
    [
      [
        'TypeError',
        'TypeError',
        '-9',
        'TypeError',
        'TypeError',
        '-1',
        'TypeError',
        'TypeError',
        '0',
        '0',
        'TypeError',
        ...Array.from({ length: 5 }, () => 'nothing'),
        'TypeError',
        'true',
      ],
    ],
  ],
  terminate: [0, [{ terminated: 24, isBusy: true }]],
  readers: [0, [{ pipe: [false, true], blocks: true, socket: [false, true] }]],
  exit: [7, ['leaving']],
  'by-itself': [0, ['reader there']],
  throws: [0, ['thrown', 'on purpose']],
};

test.before(async () => {
  await runOrThrow('cc', ['-O1', '-o', sender, 'test/native/uevent-sender.c']);
});
test.after.always(() => {
  rmSync(folder, { recursive: true, force: true });
});

const program = fileURLToPath(new URL('./uevent-stage.js', import.meta.url));

async function stageEnd(
  stage: string,
  major: number,
  env: Readonly<Record<string, string>>,
): Promise<ChildEnd> {
  return await runChild(await nodeBinary(major), [program, stage, sender], { env, timeout: 100_000 });
}

let sanitized: Promise<string> | undefined;

const printed = ({ stdout }: ChildEnd): readonly unknown[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

// One after the other: each would hear what the others forge, too.
for (const [stage, [code, prints]] of Object.entries(stages)) {
  for (const major of supportedMajors)
    test.serial(`Node ${major}: ${stage}`, async (t) => {
      t.timeout(300_000, 'the machine may be busy');
      const end = await stageEnd(stage, major, {});
      t.deepEqual([end.stderr, end.signal, end.code], ['', null, code]);
      t.deepEqual(printed(end), prints);
    });

  // process.exit() leaves thousands of Node's own objects behind.
  test.serial(`no memory error: ${stage}`, async (t) => {
    t.timeout(300_000, 'the addon is compiled first');
    const end = await stageEnd(stage, 20, {
      LD_PRELOAD: await sanitizerLibrary(),
      KMODCTL_PREBUILD: await (sanitized ??= sanitizedAddon()),
      ASAN_OPTIONS: `detect_leaks=${stage === 'exit' ? 0 : 1}`,
      LSAN_OPTIONS: 'print_suppressions=0:suppressions=test/native/leak-suppressions.txt',
    });
    t.notRegex(end.stderr, /AddressSanitizer|LeakSanitizer/);
    t.is(end.code, code, end.stderr);
    t.deepEqual(printed(end), prints);
  });
}

test('this process is told, as the first user namespace is', (t) => {
  t.true(areUeventsDelivered());
});

test('one in a user namespace of its own is not', async (t) => {
  const socket = JSON.stringify(new URL('../../src/native/uevent-socket.js', import.meta.url).href);
  const script = `console.log((await import(${socket})).areUeventsDelivered())`;
  const answer = async (...how: readonly string[]): Promise<string> =>
    (await runOrThrow('unshare', [...how, process.execPath, '--input-type=module', '-e', script])).trim();
  t.is(await answer('--map-root-user', '--net'), 'false');
  t.is(await answer('--net'), 'true');
  // The network is an ancestor's then, and out of sight.
  t.is(await answer('--map-root-user'), 'null');
});
