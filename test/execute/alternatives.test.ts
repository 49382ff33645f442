import test from 'ava';

import { runEffectsSync } from '../../src/execute/effect.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import { PlanFailure } from '../../src/execute/plan-failure.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { requireModules } from '../../src/plan/lookup.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

const ENODEV = -19;

test('of the modules of an alias one has to come in; the failure of all is one of the whole', (t) => {
  const load = (refused: readonly string[], compat = false): string => {
    const root = new FixtureRoot();
    t.teardown(() => root.remove());
    root.writeTree({
      modules: {
        low: { path: 'low.ko' },
        fast: { path: 'fast.ko', needs: ['low'] },
        plain: { path: 'plain.ko' },
      },
      aliases: [
        ['crypto_x', 'fast'],
        ['crypto*', 'plain'],
      ],
    });
    root.writeKernel([]);
    const tree = new ModuleTree({ root: root.path, release: RELEASE });
    const kernel = { root: root.path };
    const plan = planLoad({ targets: requireModules(tree, 'crypto-x'), tree, kernel, compat });
    const calls = new RecordingCalls(root, (call) =>
      refused.some((name) => call.startsWith(`finit ${name}`)) ? ENODEV : undefined,
    );
    try {
      const steps = runEffectsSync(loadRun(plan, { kernel }), calls);
      return steps.map(({ module, outcome }) => `${module} ${outcome}`).join(', ');
    } catch (error) {
      if (!(error instanceof PlanFailure)) throw error;
      return `${error.code} ${error.module} ${error.errno}, unloaded ${error.rolledBack.join(' ')}: ${error.message}`;
    }
  };
  t.is(load([]), 'low loaded, fast loaded, plain loaded');
  t.is(load(['fast']), 'low loaded, fast failed-optional, plain loaded');
  t.is(load(['plain']), 'low loaded, fast loaded, plain failed-optional');
  t.regex(
    load(['fast', 'plain']),
    /^ERR_KMOD_LOAD_FAILED fast -19, unloaded low: Loading crypto-x failed, by every module of that alias: fast: ENODEV: .*; plain: ENODEV: .*\nUnloaded again: low$/s,
  );
  // For kmod only the last one counts.
  t.regex(load(['plain'], true), /^ERR_KMOD_LOAD_FAILED plain -19, unloaded fast low: /);
  t.is(load(['fast'], true), 'low loaded, fast failed-optional, plain loaded');
});
