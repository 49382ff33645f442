import test, { type ExecutionContext } from 'ava';

import { runEffectsSync } from '../../src/execute/effect.ts';
import type { LoadRunOptions } from '../../src/execute/load-options.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import type { StepResult } from '../../src/execute/step-result.ts';
import { unloadRun } from '../../src/execute/unload-run.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { requireModules } from '../../src/plan/lookup.ts';
import { planUnload } from '../../src/plan/unload-plan.ts';
import { type FixtureLoaded, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls, type Verdict } from '../fixtures/recording-calls.ts';

const [EPERM, EAGAIN, ENODEV] = [-1, -11, -19];

interface Setting {
  /** System calls made. */
  readonly record: string[];
  readonly load: (verdict?: Verdict, options?: LoadRunOptions) => readonly StepResult[];
  readonly unload: (verdict?: Verdict) => readonly StepResult[];
}

/** top wants soft before itself, which needs low, and late after itself. */
function setUp(t: ExecutionContext): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      low: { path: 'low.ko' },
      soft: { path: 'soft.ko', needs: ['low'] },
      late: { path: 'late.ko' },
      lost: { path: 'lost.ko', isMissing: true },
      top: { path: 'top.ko' },
    },
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep top pre: soft lost post: late\n');
  root.writeKernel([]);
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  const record: string[] = [];
  const callsFor = (verdict: Verdict = () => undefined): RecordingCalls =>
    new RecordingCalls(root, (call) => {
      record.push(call);
      return verdict(call);
    });
  return {
    record,
    load: (verdict, options) => {
      const plan = planLoad({ targets: requireModules(tree, 'top'), tree, kernel });
      return runEffectsSync(loadRun(plan, { kernel, ...options }), callsFor(verdict));
    },
    unload: (verdict) => {
      root.writeKernel(loadedAll);
      const loaded = loadedModules(kernel);
      const plan = planUnload({
        modules: ['top'],
        loaded,
        tree,
        kernel,
        dependencies: true,
        softDependencies: 'all',
      });
      return runEffectsSync(unloadRun(plan, { kernel }), callsFor(verdict));
    },
  };
}

const loadedAll: readonly FixtureLoaded[] = [
  { name: 'late' },
  { name: 'top' },
  { name: 'soft' },
  { name: 'low', refcount: 1, users: ['soft'] },
];

const fails =
  (beginning: string, result: number): Verdict =>
  (call) =>
    call.startsWith(beginning) ? result : undefined;

const outcomes = (steps: readonly StepResult[]): readonly string[] =>
  steps.map(({ module, outcome }) => `${module} ${outcome}`);

test('the failure of an optional step is kept in its result, and the run goes on', (t) => {
  const { load, record } = setUp(t);
  const events: string[] = [];
  const steps = load(fails('finit soft', ENODEV), {
    onStep: (event) => {
      if (event.phase === 'done') events.push(`${event.step.module} ${event.result.outcome}`);
    },
  });
  // The file that is missing was known to be before: no call is made for it.
  t.deepEqual(record, ['finit low 0', 'finit soft 0', 'finit top 0', 'finit late 0']);
  t.deepEqual(outcomes(steps), [
    'low loaded',
    'soft failed-optional',
    'lost failed-optional',
    'top loaded',
    'late loaded',
  ]);
  t.deepEqual(events, outcomes(steps));
  t.like(steps[1], { required: false, state: null, error: { name: 'ModuleSystemError', code: 'ENODEV' } });
  t.like(steps[2], { error: { code: 'ERR_KMOD_MODULE_FILE', module: 'lost' } });
  t.deepEqual(
    steps.map(({ error }) => error === null),
    [true, false, false, true, true],
  );
});

test('the failure of a required step undoes the optional ones too', (t) => {
  const { load, record } = setUp(t);
  const error = t.throws(() => load(fails('finit top', EPERM)), { instanceOf: PlanFailure });
  t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', module: 'top', rolledBack: ['soft', 'low'] });
  t.deepEqual(record, ['finit low 0', 'finit soft 0', 'finit top 0', 'delete soft 2048', 'delete low 2048']);
});

test('an abort ends the run within an optional step as well, and other mistakes are not hidden', (t) => {
  const { load, record } = setUp(t);
  const controller = new AbortController();
  const abort: Verdict = (call) => {
    if (call.startsWith('finit soft')) controller.abort();
    return undefined;
  };
  t.like(
    t.throws(() => load(abort, { signal: controller.signal }), { instanceOf: PlanFailure }),
    { code: 'ERR_KMOD_ABORTED', rolledBack: ['soft', 'low'] },
  );
  record.length = 0;
  const mistake = new TypeError('mistake');
  const broken: Verdict = (call) => {
    if (call.startsWith('finit soft')) throw mistake;
    return undefined;
  };
  t.is(t.throws(() => load(broken))?.cause, mistake);
  t.deepEqual(record.slice(2), ['delete low 2048']);
});

test('an unload goes on where a soft dependency stays', (t) => {
  const { unload, record } = setUp(t);
  t.deepEqual(outcomes(unload(fails('delete soft', EAGAIN))), [
    'late unloaded',
    'top unloaded',
    'soft kept',
    'low unloaded',
  ]);
  t.is(record.length, 4);
  const steps = unload(fails('delete late', EPERM));
  t.is(outcomes(steps)[0], 'late failed-optional');
  t.like(steps[0], { required: false, error: { code: 'EPERM' } });
  t.is(steps[1]?.error, null);
  t.throws(() => unload(fails('delete top', EPERM)), { code: 'ERR_KMOD_UNLOAD_FAILED' });
});
