import { existsSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import {
  errorCodes,
  insmod,
  insmodSync,
  KmodError,
  lsmod,
  modprobe,
  modprobeSync,
  plan,
  PlanFailure,
  planRemoval,
  rmmod,
  rmmodSync,
} from '../../src/index.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

function setUp(t: ExecutionContext): { root: FixtureRoot; place: Place; calls: RecordingCalls } {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { xor: { path: 'xor.ko' }, btrfs: { path: 'btrfs.ko', needs: ['xor'] } },
    builtin: ['unix'],
  });
  root.writeKernel([]);
  return {
    root,
    place: { root: root.path, kernelRoot: root.path, release: RELEASE },
    calls: new RecordingCalls(root),
  };
}

interface Place {
  readonly root: string;
  readonly kernelRoot: string;
  readonly release: string;
}

test('modprobe answers with every step', async (t) => {
  const { place, calls } = setUp(t);
  const result = await modprobe('btrfs', { ...place, syscalls: calls, parameters: { a: 1, b: 'c d' } });
  t.deepEqual(result.modules, ['btrfs']);
  t.false(result.alreadyLoaded);
  t.true(result.durationMs > 0);
  t.deepEqual(calls.record, ['finit xor 0', 'finit btrfs 0 a=1 b="c d"']);
  const { durationMs, ...first } = result.steps[0] ?? { durationMs: -1 };
  t.true(durationMs >= 0);
  t.deepEqual(first, {
    action: 'insert',
    module: 'xor',
    path: `${place.root}/lib/modules/${RELEASE}/xor.ko`,
    parameters: '',
    call: 'finit',
    because: { kind: 'dependency', of: 'btrfs' },
    required: true,
    outcome: 'loaded',
    state: 'live',
    error: null,
  });
  const again = modprobeSync(['btrfs', 'unix', 'xor'], { ...place, syscalls: calls });
  t.true(again.alreadyLoaded);
  t.deepEqual(again.modules, ['btrfs', 'unix', 'xor']);
  t.is(calls.record.length, 2);
});

test('a dry run calls nothing and refuses what would be refused', async (t) => {
  const { place, calls, root } = setUp(t);
  const result = await modprobe('btrfs', { ...place, syscalls: calls, dryRun: true });
  t.deepEqual(
    result.steps.map(({ outcome }) => outcome),
    ['planned', 'planned'],
  );
  root.write(`lib/modules/${RELEASE}/xor.ko`, '');
  await t.throwsAsync(modprobe('btrfs', { ...place, syscalls: calls, dryRun: true }), {
    instanceOf: PlanFailure,
    code: 'ERR_KMOD_MODULE_FILE',
  });
  t.deepEqual(calls.record, []);
});

test('insmod loads a file and does not take EEXIST for success', async (t) => {
  const { place, root } = setUp(t);
  const path = root.write('mine.ko', contents.plain);
  const options = { kernelRoot: place.kernelRoot };
  const calls = new RecordingCalls(root);
  t.deepEqual((await insmod(path, 'x=1', { ...options, syscalls: calls })).modules, ['mine']);
  insmodSync(path, { y: 2 }, { ...options, syscalls: calls });
  t.deepEqual(calls.record, ['finit mine 0 x=1', 'finit mine 0 y=2']);
  const refusing = new RecordingCalls(root, () => -17);
  const error = t.throws(() => insmodSync(path, '', { ...options, syscalls: refusing }), {
    instanceOf: PlanFailure,
  });
  t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', errno: -17, module: 'mine', path });
});

test('removal: configuration, holders and the time to wait', async (t) => {
  const { root, place, calls } = setUp(t);
  root.write(
    'etc/modprobe.d/x.conf',
    'remove xor echo > %\nsoftdep btrfs pre: xor\n'.replace('%', `${root.path}/said`),
  );
  root.write('other.conf', 'remove btrfs false\n');
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  const actions = (options: object): readonly string[] =>
    planRemoval('btrfs', { ...place, configRoot: root.path, dependencies: true, ...options }).steps.map(
      ({ action, module }) => `${action} ${module}`,
    );
  t.deepEqual(actions({}), ['delete btrfs', 'delete xor']);
  t.deepEqual(actions({ configuration: false, configRoot: undefined }), ['delete btrfs', 'delete xor']);
  t.deepEqual(actions({ config: `${root.path}/other.conf` }), ['command btrfs']);
  t.deepEqual(actions({ config: `${root.path}/other.conf`, ignoreCommands: true }), [
    'delete btrfs',
    'delete xor',
  ]);
  t.deepEqual(actions({ dependencies: false, config: `${root.path}/other.conf` }), ['delete btrfs']);
  const failure = await t.throwsAsync(
    rmmod('btrfs', { ...place, dependencies: true, config: `${root.path}/other.conf`, syscalls: calls }),
    { instanceOf: PlanFailure },
  );
  t.like(failure, { code: 'ERR_KMOD_UNLOAD_FAILED', cause: { code: 'ERR_KMOD_COMMAND_FAILED' } });
  const run = await rmmod('xor', { ...place, configRoot: root.path, syscalls: calls, dependencies: true });
  t.deepEqual(
    run.steps.map(({ outcome }) => outcome),
    ['command-run'],
  );
  // The command left it where it is.
  t.deepEqual(run.modules, []);
  t.true(existsSync(`${root.path}/said`));
  const both = await rmmod('xor', { ...place, syscalls: calls, removeHolders: true });
  t.deepEqual(both.modules, ['btrfs', 'xor']);
  t.throws(() => planRemoval('xor', { ...place, waitMs: -1 }), { instanceOf: RangeError });
  t.throws(() => planRemoval('xor', { ...place, dependencies: true, config: [1] as never }), {
    instanceOf: TypeError,
    message: /options\.config/,
  });
});

test('rmmod and lsmod', async (t) => {
  const { place, calls, root } = setUp(t);
  root.writeKernel([{ name: 'btrfs' }, { name: 'xor', refcount: 1, users: ['btrfs'] }]);
  t.deepEqual(
    lsmod({ root: place.kernelRoot }).map(({ name }) => name),
    ['btrfs', 'xor'],
  );
  t.deepEqual(
    planRemoval('btrfs', { ...place, dependencies: true }).steps.map(({ module }) => module),
    ['btrfs', 'xor'],
  );
  const inUse = await t.throwsAsync(rmmod('xor', { ...place, syscalls: calls }), { instanceOf: PlanFailure });
  t.like(inUse, { code: 'ERR_KMOD_IN_USE', module: 'xor', holders: ['btrfs'] });
  t.throws(() => rmmodSync('none', { ...place, syscalls: calls }), { code: 'ERR_KMOD_NOT_LOADED' });
  t.throws(() => rmmodSync('unix', { ...place, syscalls: calls }), { code: 'ERR_KMOD_BUILTIN' });
  t.deepEqual(rmmodSync('none', { ...place, syscalls: calls, firstTime: false }).modules, []);
  const result = rmmodSync(['xor', 'btrfs'], { ...place, syscalls: calls, force: true });
  t.deepEqual(result.modules, ['btrfs', 'xor']);
  t.deepEqual(calls.record, ['delete btrfs 2560', 'delete xor 2560']);
});

test('wrong arguments are refused before anything is read', async (t) => {
  const { place } = setUp(t);
  t.throws(() => plan('btrfs', { ...place, relase: 'x' } as object), {
    instanceOf: TypeError,
    message: /did you mean "release"/,
  });
  t.throws(() => plan([]), { instanceOf: TypeError });
  t.throws(() => plan(['a', '']), { instanceOf: TypeError, message: /names\[1\]/ });
  t.throws(() => plan('a\0b'), { instanceOf: TypeError, message: /NUL/ });
  t.throws(() => plan(5 as unknown as string), { instanceOf: TypeError });
  t.throws(() => plan(['a', 'b'], { ...place, parameters: 'x=1' }), { instanceOf: TypeError });
  await t.throwsAsync(modprobe('btrfs', { dryRun: 'yes' } as object), { instanceOf: TypeError });
  await t.throwsAsync(rmmod('btrfs', { dependences: true } as object), {
    message: /did you mean "dependencies"/,
  });
  await t.throwsAsync(insmod('x.ko', '', { firstTime: true } as object), { instanceOf: TypeError });
  // A controller in place of its signal would never end anything.
  const options = { signal: new AbortController() } as object;
  const message =
    'The "options.signal" argument must be an AbortSignal. Received an instance of AbortController';
  for (const call of [modprobe('x', options), rmmod('x', options), insmod('x.ko', '', options)])
    await t.throwsAsync(call, { instanceOf: TypeError, message });
  t.throws(() => lsmod({ rot: '/' } as object), { message: /did you mean "root"/ });
});

test('every code of an error is a documented one', (t) => {
  const { place } = setUp(t);
  const error = t.throws(() => plan('none', place), { instanceOf: KmodError });
  t.true(error !== undefined && error.code in errorCodes);
});

test('soft dependencies are loaded, and unloaded together with dependencies only', (t) => {
  const { root, place, calls } = setUp(t);
  root.write(
    `lib/modules/${RELEASE}/modules.softdep`,
    'softdep btrfs post: none\nsoftdep xor pre: nothing\n',
  );
  t.deepEqual(
    plan('btrfs', place).skipped.map(({ module }) => module),
    ['nothing', 'none'],
  );
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep btrfs pre: xor\nsoftdep xor pre: btrfs\n');
  t.deepEqual(modprobeSync('xor', { ...place, syscalls: calls }).modules, ['xor']);
  t.deepEqual(calls.record, ['finit xor 0', 'finit btrfs 0']);
  root.writeKernel([{ name: 'xor', refcount: 1, users: ['btrfs'] }, { name: 'btrfs' }]);
  const removal = (dependencies: boolean): unknown =>
    planRemoval('btrfs', { ...place, dependencies }).steps.map(({ module, required }) => [module, required]);
  t.deepEqual(removal(false), [['btrfs', true]]);
  t.deepEqual(removal(true), [
    ['btrfs', true],
    ['xor', false],
  ]);
  const refused = rmmodSync('btrfs', {
    ...place,
    dependencies: true,
    syscalls: new RecordingCalls(root, (call) => (call.startsWith('delete xor') ? -1 : undefined)),
  });
  t.deepEqual(refused.modules, ['btrfs']);
  t.like(refused.steps[1], { module: 'xor', outcome: 'failed-optional', error: { code: 'EPERM' } });
});
