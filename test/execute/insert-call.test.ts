import { readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { runEffects, runEffectsSync } from '../../src/execute/effect.ts';
import type { LoadRunOptions } from '../../src/execute/load-options.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import type { StepResult } from '../../src/execute/step-result.ts';
import { forcedImage } from '../../src/module-file/forced-image.ts';
import type { ModuleCalls } from '../../src/native/module-calls.ts';
import { planInsert } from '../../src/plan/insert-plan.ts';
import { compressedSamples, sampleText } from '../fixtures/compressed-samples.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { buildModule, moduleImage } from '../fixtures/module-image.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [EPERM, ENOEXEC, EINVAL, ENOSYS] = [-1, -8, -22, -38];
const modes = ['async', 'sync'] as const;
const [CRC32, CRC64] = ['xz, CRC32', 'xz, CRC64'].map(
  (wanted) => compressedSamples.find(({ name }) => name === wanted)?.bytes ?? Buffer.alloc(0),
) as [Buffer, Buffer];

/** These calls, but for some. */
function withCalls(calls: ModuleCalls, others: Partial<ModuleCalls>): ModuleCalls {
  return {
    initModule: (...call) => calls.initModule(...call),
    initModuleSync: (...call) => calls.initModuleSync(...call),
    finitModule: (...call) => calls.finitModule(...call),
    finitModuleSync: (...call) => calls.finitModuleSync(...call),
    deleteModule: (...call) => calls.deleteModule(...call),
    deleteModuleSync: (...call) => calls.deleteModuleSync(...call),
    ...others,
  };
}

interface Setting {
  readonly root: FixtureRoot;
  readonly insert: (
    content: Uint8Array,
    verdict?: Verdict,
    options?: LoadRunOptions,
  ) => Promise<{ record: readonly string[]; steps: readonly StepResult[] }>;
}

function setUp(t: ExecutionContext, mode: (typeof modes)[number]): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([], 'xz');
  const kernel = { root: root.path };
  return {
    root,
    async insert(content, verdict, options) {
      const path = root.write('mine.ko', content);
      const run = loadRun(planInsert(path, 'a=1', kernel), { kernel, ...options });
      const calls = new RecordingCalls(root, verdict);
      const steps = mode === 'async' ? await runEffects(run, calls) : runEffectsSync(run, calls);
      return { record: calls.record, steps };
    },
  };
}

const refuse =
  (word: string, errno: number): Verdict =>
  (call) =>
    call.startsWith(word) ? errno : undefined;

for (const mode of modes) {
  test(`${mode}: what the kernel cannot unpack is unpacked here and goes in with its flags`, async (t) => {
    for (const { name, bytes } of compressedSamples) {
      const { insert } = setUp(t, mode);
      const { record, steps } = await insert(bytes, undefined, { forceVermagic: true });
      const isKernels = name.startsWith('xz') && (bytes[7] ?? 0) <= 1;
      t.deepEqual(record, [isKernels ? 'finit mine 6 a=1' : 'finit-memory mine 2 a=1'], name);
      t.is(steps[0]?.call, isKernels ? 'finit-compressed' : 'finit-unpacked');
    }
  });

  test(`${mode}: the file in memory has the unpacked content, is sealed and not executable`, async (t) => {
    const { root } = setUp(t, mode);
    const seen: unknown[] = [];
    const calls = new RecordingCalls(root);
    const path = root.write('mine.ko', CRC64);
    const kernel = { root: root.path };
    const look = (fd: number): void => {
      seen.push(readFileSync(`/proc/self/fd/${fd}`).equals(sampleText));
      t.throws(() => readFileSync(`/proc/self/fd/${fd}`, { flag: 'w' }), { code: 'EPERM' });
    };
    const all = withCalls(calls, {
      finitModule: async (fd, parameters, flags) => {
        look(fd);
        await calls.finitModule(fd, parameters, flags);
      },
      finitModuleSync: (fd, parameters, flags) => {
        look(fd);
        calls.finitModuleSync(fd, parameters, flags);
      },
    });
    const run = loadRun(planInsert(path, '', kernel), { kernel });
    await (mode === 'async' ? runEffects(run, all) : Promise.resolve(runEffectsSync(run, all)));
    t.deepEqual(seen, [true]);
  });

  test(`${mode}: EINVAL leads to unpacking only where the compression is to blame`, async (t) => {
    const { insert, root } = setUp(t, mode);
    const error = await t.throwsAsync(async () => insert(CRC32, refuse('finit', EINVAL)), {
      instanceOf: PlanFailure,
    });
    t.like(error, { errno: EINVAL, syscall: 'finit_module' });
    // The kernel says so in its log.
    const now = Number(process.hrtime.bigint() / 1000n);
    root.write('dev/kmsg', `3,100,${now},-;decompression failed with status 6\n`);
    const { record, steps } = await insert(CRC32, refuse('finit mine', EINVAL));
    t.deepEqual(record, ['finit mine 4 a=1', 'finit-memory mine 0 a=1']);
    t.is(steps[0]?.call, 'finit-unpacked');
    root.removeModuleFolder('mine');
    root.write('dev/kmsg', `3,100,${now - 60_000_000},-;decompression failed with status 6\n`);
    await t.throwsAsync(async () => insert(CRC32, refuse('finit mine', EINVAL)));
  });

  test(`${mode}: damaged data keeps the kernel's answer and is explained`, async (t) => {
    const { insert } = setUp(t, mode);
    const error = await t.throwsAsync(async () => insert(CRC32.subarray(0, -40), refuse('finit', EINVAL)));
    t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', errno: EINVAL, syscall: 'finit_module' });
    t.regex(error?.message ?? '', /xz data ends early/);
    const own = await t.throwsAsync(async () => insert(CRC64.subarray(0, -40)));
    t.like((own as PlanFailure).cause, { code: 'ERR_KMOD_COMPRESSED_DATA' });
  });

  test(`${mode}: with compat no file is unpacked that the kernel refused`, async (t) => {
    const { insert } = setUp(t, mode);
    await t.throwsAsync(async () =>
      insert(CRC32.subarray(0, -40), refuse('finit', EINVAL), { compat: true }),
    );
  });

  test(`${mode}: without finit_module the file is read and init_module is called`, async (t) => {
    const { insert, root } = setUp(t, mode);
    const plain = moduleImage({ modinfo: ['name=mine'] });
    const { record, steps } = await insert(plain, refuse('finit', ENOSYS));
    t.deepEqual(record, ['finit mine 0 a=1', `init mine ${plain.length} bytes a=1`]);
    t.is(steps[0]?.call, 'init');
    root.removeModuleFolder('mine');
    t.deepEqual((await insert(CRC64, refuse('finit', ENOSYS))).record, [
      'finit-memory mine 0 a=1',
      `init mine ${sampleText.length} bytes a=1`,
    ]);
  });

  test(`${mode}: a filter that knows only init_module is told from a refusal`, async (t) => {
    const { insert, root } = setUp(t, mode);
    const plain = moduleImage({ modinfo: ['name=mine'] });
    const filter: Verdict = (call) =>
      call.startsWith('finit') ? EPERM : call.startsWith('init  1 bytes') ? ENOEXEC : undefined;
    await t.throwsAsync(async () => insert(plain, filter), { message: /EPERM/ });
    root.write('proc/self/status', 'Name:\tnode\nSeccomp:\t2\n');
    const { record } = await insert(plain, filter);
    t.is(record.at(-1), `init mine ${plain.length} bytes a=1`);
    root.removeModuleFolder('mine');
    // Without the right to load anything both calls say EPERM.
    const error = await t.throwsAsync(async () => insert(plain, () => EPERM));
    t.like(error, { errno: EPERM, syscall: 'finit_module' });
  });

  test(`${mode}: a file of the name of a built-in module`, async (t) => {
    const { insert, root } = setUp(t, mode);
    root.write('sys/module/mine/parameters/x', '1\n');
    const error = await t.throwsAsync(async () => insert(moduleImage(), refuse('finit', EINVAL)));
    t.like(error, { errno: EINVAL });
    t.like((error as PlanFailure).cause, { code: 'ERR_KMOD_BUILTIN' });
  });

  test(`${mode}: a module that has another name than its file is found, and undone, by its own`, async (t) => {
    const { root } = setUp(t, mode);
    const path = root.write('renamed.ko', moduleImage({ modinfo: ['name=inner'] }));
    const kernel = { root: root.path };
    const calls = new RecordingCalls(root, () => {
      root.writeModuleFolder({ name: 'inner' });
      return undefined;
    });
    // The recorded call makes a folder of the file's name, which the kernel would not.
    const inner = withCalls(calls, {
      finitModuleSync: (fd, parameters, flags) => {
        calls.finitModuleSync(fd, parameters, flags);
        root.removeModuleFolder('renamed');
      },
      finitModule: async (fd, parameters, flags) => {
        await calls.finitModule(fd, parameters, flags);
        root.removeModuleFolder('renamed');
      },
    });
    const run = loadRun(planInsert(path, '', kernel), {
      kernel,
      onStep: ({ phase }) => {
        if (phase === 'done') throw new Error('enough');
      },
    });
    await t.throwsAsync(
      async () => (mode === 'async' ? runEffects(run, inner) : runEffectsSync(run, inner)),
      {
        message: 'enough',
      },
    );
    t.deepEqual(calls.record, ['finit renamed 0', 'delete inner 2048']);
  });

  test(`${mode}: a call that succeeds and leaves nothing is tried again, and then an error`, async (t) => {
    const { root } = setUp(t, mode);
    const path = root.write('mine.ko', moduleImage({ modinfo: ['name=mine'] }));
    const kernel = { root: root.path };
    let tries = 0;
    const nothing = withCalls(new RecordingCalls(root), {
      finitModuleSync: () => {
        tries++;
      },
      finitModule: async () => {
        await Promise.resolve();
        tries++;
      },
    });
    const run = loadRun(planInsert(path, '', kernel), { kernel });
    const error = await t.throwsAsync(async () =>
      mode === 'async' ? runEffects(run, nothing) : runEffectsSync(run, nothing),
    );
    t.like((error as PlanFailure).cause, { code: 'ERR_KMOD_NOT_LIVE' });
    t.is(tries, 4);
  });
}

test('a forced image has no versions to check, no version magic and no signature', (t) => {
  for (const is64 of [true, false])
    for (const littleEndian of [true, false]) {
      const options = {
        is64,
        littleEndian,
        modinfo: ['license=GPL', 'vermagic=6.1 SMP', 'name=mine'],
        versions: [{ name: 'module_layout', crc: 1 }],
      };
      const built = buildModule(options);
      const { bytes } = built;
      const size = is64 ? 8 : 4;
      const flags = built.headerOf('__versions') + 8;
      bytes[littleEndian ? flags : flags + size - 1] = 0x2;
      const signed = Buffer.concat([
        bytes,
        Buffer.alloc(20, 1),
        Buffer.from([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 20]),
        Buffer.from('~Module signature appended~\n'),
      ]);
      const forced = forcedImage(signed, 'mine.ko', { vermagic: true, modversion: true });
      t.is(forced.length, bytes.length);
      t.true(forced.subarray(flags, flags + size).equals(Buffer.alloc(size)));
      const modinfo = forced.subarray(built.dataOf('.modinfo')).toString('latin1');
      t.regex(modinfo, /^license=GPL\0{18}name=mine\0/);
      const versionsOnly = forcedImage(signed, 'mine.ko', { vermagic: false, modversion: true });
      t.true(versionsOnly.includes('vermagic=6.1'));
      t.true(signed.includes('vermagic=6.1'), 'the original is left alone');
    }
});
