import test, { type ExecutionContext } from 'ava';

import { nextPause } from '../../src/execute/busy-wait.ts';
import { runEffects, runEffectsSync } from '../../src/execute/effect.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import type { StepResult } from '../../src/execute/step-result.ts';
import { unloadRun, type UnloadRunOptions } from '../../src/execute/unload-run.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import { planUnload } from '../../src/plan/unload-plan.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel, type ModelledModule } from '../fixtures/kernel-model.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [EINTR, EAGAIN, EBUSY] = [-4, -11, -16];
const modes = ['async', 'sync'] as const;

interface Setting {
  readonly model: KernelModel;
  readonly unload: (options?: UnloadRunOptions, verdict?: Verdict) => Promise<readonly StepResult[]>;
}

function setUp(
  t: ExecutionContext,
  mode: (typeof modes)[number],
  modules: readonly ModelledModule[],
): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const model = new KernelModel(root, modules);
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  return {
    model,
    unload: async (options, verdict = model.verdict) => {
      const request = { modules: ['low'], loaded: loadedModules(kernel), tree, kernel } as const;
      const plan = planUnload({ ...request, waits: true, check: 'holders' });
      const calls = new RecordingCalls(root, verdict);
      const run = unloadRun(plan, { kernel, ...options });
      return mode === 'async' ? await runEffects(run, calls) : runEffectsSync(run, calls);
    },
  };
}

async function failureOf(t: ExecutionContext, steps: Promise<unknown>): Promise<PlanFailure> {
  const error = await t.throwsAsync(steps, { instanceOf: PlanFailure });
  if (error === undefined) throw new Error('no failure');
  return error;
}

for (const mode of modes) {
  test(`${mode}: a module that is released in time is unloaded`, async (t) => {
    const { model, unload } = setUp(t, mode, [{ name: 'low', refcount: 1, releasedAfter: 3 }]);
    const [step] = await unload({ waitMs: 60_000 });
    t.like(step, { module: 'low', outcome: 'unloaded', state: null });
    t.true((step?.durationMs ?? 0) >= 14, 'pauses of 2, 4 and 8 ms');
    t.is(model.record.length, 4);
  });

  test(`${mode}: the wait ends at its deadline, after one last attempt, and the error names the users`, async (t) => {
    const { model, unload } = setUp(t, mode, [{ name: 'top' }, { name: 'low', refcount: 1, users: ['top'] }]);
    const started = performance.now();
    const error = await failureOf(t, unload({ waitMs: 60 }));
    t.true(performance.now() - started >= 60);
    t.true(model.record.length >= 2);
    t.like(error, { code: 'ERR_KMOD_IN_USE', errno: EAGAIN, module: 'low', holders: ['top'] });
    t.regex(error.message, /\(tried for 60 ms\)\nModule low is in use by: top\./);
  });

  test(`${mode}: other users are not given names`, async (t) => {
    const { unload } = setUp(t, mode, [{ name: 'low', refcount: 2 }]);
    const error = await failureOf(t, unload());
    t.like(error, { code: 'ERR_KMOD_IN_USE', holders: [] });
    t.regex(error.message, /in use by something other than a module \(use count 2\)/);
  });

  test(`${mode}: waiting does not help a module without an exit function`, async (t) => {
    const { model, unload } = setUp(t, mode, [{ name: 'low', isPermanent: true }]);
    const error = await failureOf(t, unload({ waitMs: 60_000 }));
    t.like(error, { code: 'ERR_KMOD_PERMANENT', errno: EBUSY });
    t.is(model.record.length, 1);
  });

  test(`${mode}: a module on its way out is waited for, and someone else's success is no failure`, async (t) => {
    const going: ModelledModule = { name: 'low', refcount: -1, state: 'Unloading', releasedAfter: 2 };
    const { model, unload } = setUp(t, mode, [going]);
    t.like(await unload({ waitMs: 60_000, firstTime: false }), [{ outcome: 'already-unloaded' }]);
    model.reset([going]);
    t.like(await failureOf(t, unload({ waitMs: 60_000 })), { code: 'ERR_KMOD_UNLOAD_FAILED', errno: -2 });
    model.reset([going]);
    const error = await failureOf(t, unload());
    t.like(error, { code: 'ERR_KMOD_IN_USE', errno: EBUSY });
    t.regex(error.message, /is being unloaded by someone else/);
  });

  test(`${mode}: a call that a signal interrupted is made again`, async (t) => {
    const { model, unload } = setUp(t, mode, [{ name: 'low' }]);
    let interruptions = 2;
    const verdict: Verdict = (call) => (interruptions-- > 0 ? EINTR : model.verdict(call));
    t.like(await unload({}, verdict), [{ outcome: 'unloaded' }]);
    model.reset([{ name: 'low' }]);
    t.is(
      (
        await failureOf(
          t,
          unload({}, () => EINTR),
        )
      ).errno,
      EINTR,
    );
  });
}

test('an abort ends a wait at once', async (t) => {
  const { unload } = setUp(t, 'async', [{ name: 'low', refcount: 1 }]);
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new Error('enough'));
  }, 30);
  const started = performance.now();
  const error = await failureOf(t, unload({ waitMs: 60_000, signal: controller.signal }));
  t.true(performance.now() - started < 20_000);
  t.like(error, { code: 'ERR_KMOD_ABORTED', cause: { message: 'enough' } });
  t.is(error.failedStep?.module, 'low');
});

test('pauses double, fit into what is left, and end with the deadline', (t) => {
  t.deepEqual(pauses(10), [2, 4, 4]);
  t.deepEqual(pauses(0), []);
  t.deepEqual(pauses(0.5), [0.5]);
  for (const total of [1, 7, 100, 999, 12_345]) {
    const list = pauses(total);
    t.is(
      list.reduce((sum, pause) => sum + pause, 0),
      total,
    );
    t.true(Math.max(...list) <= 250);
  }
});

function pauses(total: number): readonly number[] {
  const list: number[] = [];
  let left = total;
  for (let pause = nextPause(1, left); pause > 0; pause = nextPause(pause, left)) {
    list.push(pause);
    left -= pause;
  }
  return list;
}
