import { readdirSync, readlinkSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { runEffects, runEffectsSync } from '../../src/execute/effect.ts';
import type { LoadRunOptions } from '../../src/execute/load-options.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import type { StepResult } from '../../src/execute/step-result.ts';
import { unloadRun, type UnloadRunOptions } from '../../src/execute/unload-run.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { requireModules } from '../../src/plan/lookup.ts';
import type { LoadPlan, UnloadPlan } from '../../src/plan/plan.ts';
import { planUnload } from '../../src/plan/unload-plan.ts';
import { contents, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [EPERM, ENOENT, EAGAIN, EBUSY, EEXIST] = [-1, -2, -11, -16, -17];
const modes = ['async', 'sync'] as const;

/** Somebody else has loaded `low` a moment ago. */
const lowExists =
  (root: FixtureRoot): Verdict =>
  (call) => {
    if (!call.startsWith('finit low')) return undefined;
    root.writeModuleFolder({ name: 'low' });
    return EEXIST;
  };

interface Setting {
  readonly root: FixtureRoot;
  readonly plan: (name: string, parameters?: string) => LoadPlan;
  readonly planRemoval: (name: string) => UnloadPlan;
  readonly load: (plan: LoadPlan, verdict?: Verdict, options?: LoadRunOptions) => Outcome;
  readonly unload: (plan: UnloadPlan, verdict?: Verdict, options?: UnloadRunOptions) => Outcome;
}

interface Outcome {
  readonly record: readonly string[];
  readonly steps: Promise<readonly StepResult[]>;
}

function setUp(t: ExecutionContext, mode: (typeof modes)[number]): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      low: { path: 'low.ko' },
      mid: { path: 'mid.ko.xz', needs: ['low'], content: contents.xz },
      top: { path: 'top.ko', needs: ['mid', 'low'] },
    },
    builtin: ['unix'],
  });
  root.writeKernel([], 'xz');
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  const perform = (run: ReturnType<typeof loadRun>, verdict: Verdict | undefined): Outcome => {
    const calls = new RecordingCalls(root, verdict);
    const steps = mode === 'async' ? runEffects(run, calls) : settle(() => runEffectsSync(run, calls));
    return { record: calls.record, steps };
  };
  return {
    root,
    plan: (name, parameters) => planLoad({ targets: requireModules(tree, name), tree, kernel, parameters }),
    planRemoval: (name) =>
      planUnload({ modules: [name], loaded: loadedModules(kernel), tree, kernel, dependencies: true }),
    load: (plan, verdict, options) => perform(loadRun(plan, { kernel, ...options }), verdict),
    unload: (plan, verdict, options) => perform(unloadRun(plan, { kernel, ...options }), verdict),
  };
}

async function settle<Result>(work: () => Result): Promise<Result> {
  await Promise.resolve();
  return work();
}

async function failureOf(t: ExecutionContext, { steps }: Outcome): Promise<PlanFailure> {
  const error = await t.throwsAsync(steps, { instanceOf: PlanFailure });
  if (error === undefined) throw new Error('no failure');
  return error;
}

const outcomes = (steps: readonly StepResult[]): readonly string[] =>
  steps.map(({ module, outcome, state }) => `${module} ${outcome} ${state}`);

/** Open files below a root; the tests of a file run at the same time. */
function openFiles(root: FixtureRoot): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`);
      return file.startsWith(root.path) ? [file] : [];
    } catch {
      return [];
    }
  });
}

for (const mode of modes) {
  test(`${mode}: a load makes the calls of its plan and tells of each step`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const events: string[] = [];
    const outcome = load(plan('top', 'a=1 b="c d"'), undefined, {
      forceVermagic: true,
      forceModversion: true,
      onStep: ({ phase, step, index, total }) => events.push(`${phase} ${step.module} ${index}/${total}`),
    });
    const steps = await outcome.steps;
    t.deepEqual(outcome.record, ['finit low 3', 'finit mid 7', 'finit top 3 a=1 b="c d"']);
    t.deepEqual(outcomes(steps), ['low loaded live', 'mid loaded live', 'top loaded live']);
    t.deepEqual(events, [
      'start low 0/3',
      'done low 0/3',
      'start mid 1/3',
      'done mid 1/3',
      'start top 2/3',
      'done top 2/3',
    ]);
    t.true(steps.every(({ durationMs }) => durationMs >= 0));
    t.deepEqual(
      steps.map(({ call, parameters }) => [call, parameters]),
      [
        ['finit', ''],
        ['finit-compressed', ''],
        ['finit', 'a=1 b="c d"'],
      ],
    );
    t.deepEqual(openFiles(root), []);
  });

  test(`${mode}: a failed load unloads what it loaded, in reverse, and nothing else`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    root.writeModuleFolder({ name: 'low' });
    const outcome = load(plan('top'), (call) => (call.startsWith('finit top') ? ENOENT : undefined));
    const error = await failureOf(t, outcome);
    t.deepEqual(outcome.record, ['finit mid 4', 'finit top 0', 'delete mid 2048']);
    t.like(error, {
      code: 'ERR_KMOD_LOAD_FAILED',
      errno: ENOENT,
      syscall: 'finit_module',
      module: 'top',
      rolledBack: ['mid'],
      notRolledBack: [],
    });
    t.regex(error.path ?? '', /\/top\.ko$/);
    t.is(error.failedStep?.module, 'top');
    t.deepEqual(
      error.completedSteps.map(({ module, outcome: done }) => `${module} ${done}`),
      ['low already-loaded', 'mid loaded'],
    );
    t.like(error.cause, { code: 'ENOENT', name: 'ModuleSystemError' });
    t.regex(error.message, /^Loading top failed: ENOENT: .*\nUnloaded again: mid$/);
    t.deepEqual(openFiles(root), []);
  });

  test(`${mode}: a failing dependency is named; what is in use by then stays and is named too`, async (t) => {
    const { plan, load } = setUp(t, mode);
    const outcome = load(plan('top'), (call) =>
      call.startsWith('finit mid') ? EPERM : call.startsWith('delete low') ? EAGAIN : undefined,
    );
    const error = await failureOf(t, outcome);
    t.regex(error.message, /^Loading top failed at its dependency mid: EPERM/);
    t.deepEqual(
      error.notRolledBack.map(({ module }) => module),
      ['low'],
    );
    t.like(error.notRolledBack[0]?.cause, { code: 'EAGAIN' });
  });

  test(`${mode}: without rollback all stays`, async (t) => {
    const { plan, load } = setUp(t, mode);
    const outcome = load(plan('top'), (call) => (call.startsWith('finit top') ? EPERM : undefined), {
      rollback: false,
    });
    const error = await failureOf(t, outcome);
    t.deepEqual(outcome.record, ['finit low 0', 'finit mid 4', 'finit top 0']);
    t.deepEqual(error.rolledBack, []);
  });

  test(`${mode}: what someone else loads meanwhile counts as loaded and is not rolled back`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const steps = await load(plan('top'), lowExists(root)).steps;
    t.deepEqual(
      steps.map(({ outcome }) => outcome),
      ['already-loaded', 'loaded', 'loaded'],
    );
  });

  test(`${mode}: a joined load of the same file is not ours to roll back`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const planned = plan('top');
    root.writeModuleFolder({ name: 'low', state: 'Loading' });
    const outcome = load(planned, (call) => (call.startsWith('finit top') ? EPERM : undefined));
    const error = await failureOf(t, outcome);
    t.deepEqual(error.rolledBack, ['mid']);
  });

  test(`${mode}: EEXIST of the module asked for is success, unless it is to be the first time`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const planned = { low: plan('low'), top: plan('top') };
    t.deepEqual(
      (await load(planned.low, lowExists(root)).steps).map(({ outcome }) => outcome),
      ['already-loaded'],
    );
    const error = await failureOf(t, load(planned.low, lowExists(root), { firstTime: true }));
    t.is(error.errno, EEXIST);
    // A dependency's is success in any case.
    t.is((await load(planned.top, lowExists(root), { firstTime: true }).steps).length, 3);
  });

  test.serial(`${mode}: EBUSY is retried while the module comes or goes`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    let attempts = 0;
    const planned = plan('low');
    root.writeModuleFolder({ name: 'low', state: 'Unloading' });
    const outcome = load(planned, () => {
      attempts++;
      if (attempts === 4) root.removeModuleFolder('low');
      return attempts < 5 ? EBUSY : undefined;
    });
    t.deepEqual(outcomes(await outcome.steps), ['low loaded live']);
    t.is(attempts, 5);
  });

  test.serial(`${mode}: EBUSY is not retried for ever, and not when it is the init's own`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const own = load(plan('low'), () => EBUSY);
    t.is((await failureOf(t, own)).errno, EBUSY);
    t.is(own.record.length, 4, 'nothing tells it from that of another load that has failed: a few tries');
    const planned = plan('low');
    root.writeModuleFolder({ name: 'low', state: 'Unloading' });
    const endless = load(planned, () => EBUSY, { busyTimeoutMs: 300 });
    t.is((await failureOf(t, endless)).errno, EBUSY);
    t.true(endless.record.length >= 2 && endless.record.length < 20, `${endless.record.length}`);
  });

  test(`${mode}: an init that returns a positive number has loaded its module`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const positive = load(plan('low'), () => {
      root.writeModuleFolder({ name: 'low' });
      return 5;
    });
    t.deepEqual(outcomes(await positive.steps), ['low loaded live']);
    root.removeModuleFolder('low');
    t.is(
      (
        await failureOf(
          t,
          load(plan('low'), () => -5000),
        )
      ).errno,
      -5000,
    );
  });

  test(`${mode}: an abort between two steps ends the load and undoes it`, async (t) => {
    const { plan, load } = setUp(t, mode);
    const controller = new AbortController();
    const reason = new Error('enough');
    const outcome = load(plan('top'), undefined, {
      signal: controller.signal,
      onStep: ({ phase, step }) => {
        if (phase === 'done' && step.module === 'mid') controller.abort(reason);
      },
    });
    const error = await failureOf(t, outcome);
    t.like(error, { code: 'ERR_KMOD_ABORTED', rolledBack: ['mid', 'low'], failedStep: null });
    t.is(error.cause, reason);
    t.deepEqual(outcome.record.slice(2), ['delete mid 2048', 'delete low 2048']);
  });

  test(`${mode}: an error of the progress callback undoes the load and comes through`, async (t) => {
    const { plan, load } = setUp(t, mode);
    const mistake = new Error('mistake');
    const outcome = load(plan('top'), undefined, {
      onStep: ({ phase, step }) => {
        if (phase === 'start' && step.module === 'mid') throw mistake;
      },
    });
    t.is(await t.throwsAsync(outcome.steps), mistake);
    t.deepEqual(outcome.record, ['finit low 0', 'delete low 2048']);
  });

  test(`${mode}: a plan with an obstacle is not begun`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    root.write(`lib/modules/${RELEASE}/mid.ko.xz`, '');
    const outcome = load(plan('top'));
    const error = await failureOf(t, outcome);
    t.like(error, { code: 'ERR_KMOD_MODULE_FILE', module: 'mid', completedSteps: [], rolledBack: [] });
    t.deepEqual(outcome.record, []);
  });

  test(`${mode}: a file that vanished after planning fails with its path`, async (t) => {
    const { plan, load, root } = setUp(t, mode);
    const planned = plan('top');
    root.removeModuleFolder('low');
    const [first] = planned.steps;
    const gone = { ...planned, steps: planned.steps.map((step) => ({ ...step, path: '/nonexistent.ko' })) };
    t.is(first?.module, 'low');
    const error = await failureOf(t, load(gone));
    t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', errno: ENOENT, syscall: 'open', path: '/nonexistent.ko' });
  });

  test(`${mode}: an unload deletes in the order of its plan`, async (t) => {
    const { planRemoval, unload, root } = setUp(t, mode);
    root.writeKernel(loadedChain);
    const outcome = unload(planRemoval('top'));
    t.deepEqual(outcomes(await outcome.steps), [
      'top unloaded null',
      'mid unloaded null',
      'low unloaded null',
    ]);
    t.deepEqual(outcome.record, ['delete top 2048', 'delete mid 2048', 'delete low 2048']);
  });

  test(`${mode}: a dependency that found a new user is kept; the module asked for is an error`, async (t) => {
    const { planRemoval, unload, root } = setUp(t, mode);
    root.writeKernel(loadedChain);
    const verdict: Verdict = (call) => (call.startsWith('delete mid') ? EAGAIN : undefined);
    const steps = await unload(planRemoval('top'), verdict).steps;
    t.deepEqual(
      steps.map(({ outcome }) => outcome),
      ['unloaded', 'kept', 'unloaded'],
    );
    root.writeKernel(loadedChain);
    const error = await failureOf(
      t,
      unload(planRemoval('top'), () => EAGAIN),
    );
    t.like(error, { code: 'ERR_KMOD_IN_USE', errno: EAGAIN, syscall: 'delete_module', module: 'top' });
    t.is(error.failedStep?.module, 'top');
  });

  test(`${mode}: a module that someone else unloaded meanwhile, and an abort`, async (t) => {
    const { planRemoval, unload, root } = setUp(t, mode);
    root.writeKernel(loadedChain);
    const planned = planRemoval('top');
    const gone: Verdict = () => ENOENT;
    t.is((await failureOf(t, unload(planned, gone))).errno, ENOENT);
    const steps = await unload(planned, gone, { firstTime: false }).steps;
    t.true(steps.every(({ outcome }) => outcome === 'already-unloaded'));
    const aborted = await failureOf(t, unload(planned, undefined, { signal: AbortSignal.abort() }));
    t.is(aborted.code, 'ERR_KMOD_ABORTED');
  });
}

const loadedChain = [
  { name: 'top' },
  { name: 'mid', refcount: 1, users: ['top'] },
  { name: 'low', refcount: 2, users: ['mid', 'top'] },
];
