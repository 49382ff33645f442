import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import { runEffects, runEffectsSync } from '../../src/execute/effect.ts';
import type { LoadRunOptions } from '../../src/execute/load-options.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import { ModuleLocks } from '../../src/execute/module-locks.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import { unloadRun } from '../../src/execute/unload-run.ts';
import { stepOrder } from '../../src/execute/step-order.ts';
import type { StepResult } from '../../src/execute/step-result.ts';
import { moduleNameOfPath } from '../../src/index-files/module-name.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { requireModules } from '../../src/plan/lookup.ts';
import type { LoadPlan, UnloadPlan } from '../../src/plan/plan.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [ENOENT, EIO, EAGAIN] = [-2, -5, -11];

interface Setting {
  readonly root: FixtureRoot;
  readonly tree: ModuleTree;
  readonly plan: (...names: readonly string[]) => LoadPlan;
  readonly load: (
    plan: LoadPlan,
    verdict?: Verdict,
    options?: LoadRunOptions,
  ) => { readonly record: readonly string[]; readonly steps: Promise<readonly StepResult[]> };
}

function setUp(t: ExecutionContext): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      low: { path: 'low.ko' },
      left: { path: 'left.ko', needs: ['low'] },
      right: { path: 'right.ko', needs: ['low'] },
      top: { path: 'top.ko', needs: ['right', 'left', 'low'] },
      alone: { path: 'alone.ko' },
    },
  });
  root.writeKernel([]);
  // Where the lock goes.
  mkdirSync(join(root.path, 'run'));
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  const plan = (...names: readonly string[]): LoadPlan =>
    planLoad({ targets: names.flatMap((name) => requireModules(tree, name)), tree, kernel });
  return {
    root,
    tree,
    plan,
    load(loadPlan, verdict, options) {
      const calls = new RecordingCalls(root, verdict);
      return { record: calls.record, steps: runEffects(loadRun(loadPlan, { kernel, ...options }), calls) };
    },
  };
}

const failing =
  (name: string, errno = EIO): Verdict =>
  (call) =>
    call.startsWith(`finit ${name} `) ? errno : undefined;

async function failureOf(t: ExecutionContext, work: Promise<unknown>): Promise<PlanFailure> {
  const error = await t.throwsAsync(work, { instanceOf: PlanFailure });
  if (error === undefined) throw new Error('no failure');
  return error;
}

test('what somebody else unloaded and loaded anew is left alone, what is gone is not missed', async (t) => {
  const { root, plan, load } = setUp(t);
  const { record, steps } = load(plan('top'), (call) => {
    if (!call.startsWith('finit top')) return undefined;
    root.removeModuleFolder('left');
    // Made beside the old one, so that its number is another.
    root.writeModuleFolder({ name: 'another' });
    root.removeModuleFolder('low');
    renameSync(join(root.path, 'sys/module/another'), join(root.path, 'sys/module/low'));
    return EIO;
  });
  const error = await failureOf(t, steps);
  t.deepEqual(error.rolledBack, ['right']);
  t.deepEqual(
    error.notRolledBack.map(({ module, cause }) => `${module}: ${(cause as Error).message}`),
    ['low: The module low stays loaded: another program has unloaded it and loaded it anew.'],
  );
  t.deepEqual(record.slice(-1), ['delete right 2048']);
});

test('an undoing waits for a module that still goes and has left /sys, not for one that stays', async (t) => {
  for (const { state, isUndone } of [
    { state: undefined, isUndone: true },
    { state: 'Unloading', isUndone: true },
    { state: 'Live', isUndone: false },
  ] as const) {
    const { root, plan, load } = setUp(t);
    let firstAttempt: number | undefined;
    const { record, steps } = load(plan('left'), (call) => {
      if (call.startsWith('finit left')) return EIO;
      if (!call.startsWith('delete low')) return undefined;
      firstAttempt ??= performance.now();
      // Longer than a use without a user is waited for.
      if (performance.now() - firstAttempt > 600) return undefined;
      root.write('proc/modules', 'low 16384 1 user, Live 0x0000000000000000\n');
      if (state !== undefined) root.writeModuleFolder({ name: 'user', state });
      return EAGAIN;
    });
    const error = await failureOf(t, steps);
    t.deepEqual(error.rolledBack, isUndone ? ['low'] : [], state);
    t.is(error.notRolledBack.length, isUndone ? 0 : 1, state);
    const attempts = record.filter((call) => call.startsWith('delete low')).length;
    t.true(isUndone ? attempts > 1 : attempts === 1, `${state}: ${attempts}`);
  }
});

test('a dependency that another program unloads meanwhile is loaded again', async (t) => {
  const { root, plan, load } = setUp(t);
  let isFirst = true;
  const verdict: Verdict = (call) => {
    if (!call.startsWith('finit top') || !isFirst) return undefined;
    isFirst = false;
    root.removeModuleFolder('low');
    return ENOENT;
  };
  const { record, steps } = load(plan('top'), verdict, { replan: () => plan('top') });
  t.deepEqual(
    (await steps).map(({ module, outcome }) => `${module} ${outcome}`),
    ['low loaded', 'left loaded', 'right loaded', 'top loaded'],
  );
  t.deepEqual(record, [
    'finit low 0',
    'finit left 0',
    'finit right 0',
    'finit top 0',
    'finit low 0',
    'finit top 0',
  ]);
  // ENOENT with everything in place is the module's own.
  root.removeModuleFolder('top');
  const own = load(plan('top'), failing('top', ENOENT), { replan: () => plan('top') });
  t.is((await failureOf(t, own.steps)).errno, ENOENT);
  t.is(own.record.length, 1);
});

test('steps side by side: never before what they need, and never more than asked for', async (t) => {
  const { root, tree, plan } = setUp(t);
  const kernel = { root: root.path };
  const underWay = new Set<string>();
  const seen: string[] = [];
  const calls = new RecordingCalls(root);
  const slow = {
    initModule: calls.initModule.bind(calls),
    initModuleSync: calls.initModuleSync.bind(calls),
    finitModuleSync: calls.finitModuleSync.bind(calls),
    deleteModule: calls.deleteModule.bind(calls),
    deleteModuleSync: calls.deleteModuleSync.bind(calls),
    finitModule: async (
      fd: number,
      parameters?: string,
      flags?: number,
      subject?: { module?: string | undefined },
    ) => {
      const module = subject?.module ?? '';
      underWay.add(module);
      seen.push([...underWay].sort().join('+'));
      await sleep(module === 'left' ? 60 : 20);
      await calls.finitModule(fd, parameters, flags);
      underWay.delete(module);
    },
  };
  const dependenciesOf = (module: string): readonly string[] | undefined =>
    tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath);
  const run = loadRun(plan('top', 'alone'), { kernel, jobs: 2, dependenciesOf });
  const steps = await runEffects(run, slow);
  t.deepEqual(
    seen,
    ['low', 'alone+low', 'alone+left', 'left+right', 'top'].slice(0, 2).concat(seen.slice(2)),
  );
  t.true(seen.includes('left+right'), seen.join(' '));
  t.is(seen.at(-1), 'top');
  t.true(seen.every((names) => names.split('+').length <= 2));
  t.deepEqual(
    steps.map(({ module, outcome }) => `${module} ${outcome}`),
    ['low loaded', 'left loaded', 'right loaded', 'top loaded', 'alone loaded'],
  );
  const again = runEffectsSync(loadRun(plan('top', 'alone'), { kernel, jobs: 2, dependenciesOf }), calls);
  t.deepEqual(
    again.map(({ outcome }) => outcome),
    ['already-loaded', 'already-loaded'],
  );
});

test('steps side by side: a failure waits for what is under way, and all is undone', async (t) => {
  const { tree, plan, load, root } = setUp(t);
  const dependenciesOf = (module: string): readonly string[] | undefined =>
    tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath);
  for (const jobs of [1, 2, 64]) {
    const { record, steps } = load(plan('top', 'alone'), failing('left'), { jobs, dependenciesOf });
    const error = await failureOf(t, steps);
    t.like(error, { errno: EIO, module: 'left', notRolledBack: [] });
    t.false(record.some((call) => call.startsWith('finit top')));
    const loaded = record.filter((call) => /^finit (?!left)/.test(call)).length;
    t.is(error.rolledBack.length, loaded, `${jobs} jobs`);
    for (const name of ['low', 'left', 'right', 'top', 'alone'])
      t.throws(() => readFileSync(join(root.path, `sys/module/${name}/initstate`)), { code: 'ENOENT' }, name);
  }
});

test('the order of the configuration holds side by side too', (t) => {
  const { plan } = setUp(t);
  const { steps } = plan('top');
  const origin = { file: 'x.conf', line: 1 };
  const soft = steps.map((step) =>
    step.module === 'left'
      ? { ...step, because: { kind: 'softdep', of: 'top', order: 'pre', origin } as const }
      : step,
  );
  const needs: Readonly<Record<string, readonly string[]>> = {
    low: [],
    left: ['low'],
    right: ['low'],
    top: ['low', 'left', 'right'],
  };
  t.deepEqual(
    stepOrder(steps, (module) => needs[module]),
    [[], [0], [0], [0, 1, 2]],
  );
  t.deepEqual(
    stepOrder(soft, (module) => needs[module]),
    [[], [0], [0, 1], [0, 1, 2]],
  );
  t.deepEqual(
    stepOrder(steps, () => undefined),
    [[], [0], [0, 1], [0, 1, 2]],
  );
});

// By itself: it stops the event loop.
test.serial('a deadline ends a load between two steps and undoes it', async (t) => {
  const { plan, load } = setUp(t);
  const { steps, record } = load(plan('top'), undefined, {
    deadlineMs: 3000,
    onStep: ({ phase, step }) => {
      if (phase === 'done' && step.module === 'left')
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    },
  });
  const error = await failureOf(t, steps);
  t.is(error.code, 'ERR_KMOD_ABORTED');
  t.like(error.cause, { name: 'TimeoutError' });
  t.deepEqual(record.slice(-2), ['delete left 2048', 'delete low 2048']);
});

test('locks: loads share, an undoing waits for them, other modules are free', async (t) => {
  const { root } = setUp(t);
  const kernel = { root: root.path };
  const open = (): ModuleLocks => {
    const locks = ModuleLocks.open(kernel);
    if (locks === undefined) throw new Error('no locks');
    return locks;
  };
  const wait = async (work: Generator<unknown, boolean>): Promise<boolean> =>
    await runEffects(work as Parameters<typeof runEffects<boolean>>[0], new RecordingCalls(root));
  const [one, two] = [open(), open()];
  t.true(await wait(one.share(['low', 'left'], 0)));
  t.true(await wait(two.share(['low', 'right'], 0)));
  t.true(one.isContended('low'));
  t.false(one.isContended('left'));
  one.announce(['low']);
  t.false(await wait(one.own('low', 20)), 'somebody else holds it');
  t.true(two.isContended('low'), 'and knows that it is to be taken away');
  two.claim('low');
  t.regex(readFileSync(join(root.path, 'run/kmodctl.lock'), 'utf8'), /^low undefined\n$/);
  t.true(one.isClaimed('low'));
  two.close();
  t.true(await wait(one.own('low', 0)));
  const three = open();
  t.false(await wait(three.share(['low'], 20)));
  t.true(await wait(three.share(['right'], 0)), 'unrelated modules do not wait');
  three.close();
  one.close();
  t.is(readFileSync(join(root.path, 'run/kmodctl.lock'), 'utf8'), '', 'the last one out removes the claims');
});

test('an undoing leaves what another load of ours has asked for meanwhile', async (t) => {
  const { plan, load } = setUp(t);
  let other: Promise<readonly StepResult[]> | undefined;
  const first = plan('left');
  const { steps } = load(first, failing('left'), {
    onStep: ({ phase, step }) => {
      if (phase === 'start' && step.module === 'left') other = load(plan('low', 'alone')).steps;
    },
  });
  const error = await failureOf(t, steps);
  t.deepEqual(
    (await other)?.map(({ outcome }) => outcome),
    ['already-loaded', 'loaded'],
  );
  t.deepEqual(error.rolledBack, []);
  t.deepEqual(
    error.notRolledBack.map(({ cause }) => (cause as Error).message),
    ['The module low stays loaded: another load has asked for it meanwhile.'],
  );
});

test('without a place for the lock, or without wanting one, there is none', async (t) => {
  const { root, plan, load } = setUp(t);
  t.is(ModuleLocks.open({ root: join(root.path, 'nowhere') }), undefined);
  await load(plan('low'), undefined, { lock: false }).steps;
  t.throws(() => readFileSync(join(root.path, 'run/kmodctl.lock')), { code: 'ENOENT' });
});

test('a full file system for the lock file ends no load', async (t) => {
  t.is(process.geteuid?.(), 0, 'this test makes a device, which only root can');
  const { root, plan, load } = setUp(t);
  // As a file where there is no room: each write answers ENOSPC.
  execFileSync('mknod', [join(root.path, 'run/kmodctl.lock'), 'c', '1', '7']);
  let other: Promise<readonly StepResult[]> | undefined;
  const { steps } = load(plan('low'), undefined, {
    onStep: ({ phase }) => {
      if (phase === 'done') other ??= load(plan('left')).steps;
    },
  });
  const outcomes = [
    (await steps).map(({ outcome }) => outcome),
    (await other)?.map(({ outcome }) => outcome),
  ];
  t.deepEqual(outcomes, [['loaded'], ['already-loaded', 'loaded']]);
});

test('who waits for others that have a module looks at the deadline and the signal meanwhile', async (t) => {
  const { root, plan, load } = setUp(t);
  const kernel = { root: root.path };
  const started = performance.now();
  const holder = ModuleLocks.open(kernel);
  if (holder === undefined) throw new Error('no locks');
  t.true(await runEffects(holder.own('low', 0), new RecordingCalls(root)));
  const { record, steps } = load(plan('left'), undefined, { deadlineMs: 50 });
  t.is((await failureOf(t, steps)).code, 'ERR_KMOD_ABORTED');
  t.deepEqual(record, []);
  const because = { kind: 'asked' } as const;
  const low = { action: 'delete', module: 'low', required: true, force: false, because } as const;
  const unload: UnloadPlan = { kind: 'unload', steps: [low], blocked: [], skipped: [] };
  const run = unloadRun(unload, { kernel, signal: AbortSignal.timeout(50) });
  t.is((await failureOf(t, runEffects(run, new RecordingCalls(root)))).code, 'ERR_KMOD_ABORTED');
  holder.close();
  t.true(performance.now() - started < 4000);
});

test('64 loads at a time in one process do not disturb each other', async (t) => {
  const { root, plan, load } = setUp(t);
  for (const bad of ['', 'top']) {
    for (const name of ['low', 'left', 'right', 'top']) root.removeModuleFolder(name);
    const names = ['left', 'top', 'low', 'right'];
    const runs = Array.from({ length: 64 }, (_, index) => {
      const name = names[index % 4] ?? '';
      return { name, ...load(plan(name), bad === '' ? undefined : failing(bad)) };
    });
    for (const { name, steps } of runs)
      if (name === bad) await failureOf(t, steps);
      else await t.notThrowsAsync(steps, name);
    const present = ['low', 'left', 'right', 'top'].filter((name) => {
      try {
        return readFileSync(join(root.path, `sys/module/${name}/initstate`)).length > 0;
      } catch {
        return false;
      }
    });
    t.deepEqual(present, ['low', 'left', 'right', ...(bad === '' ? ['top'] : [])]);
  }
});
