import test, { type ExecutionContext } from 'ava';

import { parseModprobeConfiguration } from '../../src/config/modprobe-config-reader.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import { reasonText, type UnloadPlan } from '../../src/plan/plan.ts';
import { planUnload, type UnloadRequest } from '../../src/plan/unload-plan.ts';
import { type FixtureLoaded, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

type Planner = (
  modules: readonly string[],
  options?: Partial<UnloadRequest> & { readonly config?: string },
) => UnloadPlan;

function setUp(t: ExecutionContext, loaded: readonly FixtureLoaded[], hasTree = true): Planner {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  if (hasTree)
    root.writeTree({
      modules: {
        low: { path: 'low.ko' },
        mid: { path: 'mid.ko', needs: ['low'] },
        top: { path: 'top.ko', needs: ['mid', 'low'] },
        extra: { path: 'extra.ko' },
      },
    });
  root.writeKernel(loaded);
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  return (modules, { config, ...options } = {}) =>
    planUnload({
      modules,
      tree,
      kernel,
      loaded: loadedModules(kernel),
      dependencies: true,
      softDependencies: 'asked',
      ...(config !== undefined && { configuration: parseModprobeConfiguration(config, { file: 'x.conf' }) }),
      ...options,
    });
}

const chain: readonly FixtureLoaded[] = [
  { name: 'extra' },
  { name: 'top' },
  { name: 'mid', refcount: 1, users: ['top'] },
  { name: 'low', refcount: 1, users: ['mid'] },
];

const texts = ({ steps }: UnloadPlan): readonly string[] =>
  steps.map(({ action, module, because }) => `${action} ${module} ${reasonText(because)}`);

test('a remove command takes the place of unloading, whether the module is loaded or in use or not', (t) => {
  const planOf = setUp(t, chain);
  const config = 'remove mid echo $CMDLINE_OPTS; rmmod mid\nremove none true\n';
  const plan = planOf(['mid'], { config });
  t.deepEqual(texts(plan), ['command mid asked']);
  t.like(plan.steps[0], {
    directive: 'remove',
    template: 'echo $CMDLINE_OPTS; rmmod mid',
    origin: { file: 'x.conf', line: 1 },
    required: true,
    parameters: '',
    options: [],
  });
  t.regex(plan.steps[0]?.action === 'command' ? (plan.steps[0].path ?? '') : '', /\/mid\.ko$/);
  t.deepEqual(texts(planOf(['none'], { config })), ['command none asked']);
  t.deepEqual(
    planOf(['mid'], { config, ignoreCommands: true }).blocked.map(({ code }) => code),
    ['ERR_KMOD_IN_USE'],
  );
});

test('the first command that fits counts, be it a glob; unused dependencies are unloaded without any', (t) => {
  const planOf = setUp(t, chain);
  const config = 'remove t* first\nremove top second\nremove mid third\n';
  const plan = planOf(['top'], { config });
  t.like(plan.steps[0], { template: 'first' });
  t.is(plan.steps.length, 1);
  t.deepEqual(texts(planOf(['top'], { config: 'remove mid x\nremove low x\n' })), [
    'delete top asked',
    'delete mid dependency of top',
    'delete low dependency of top',
  ]);
});

test('soft dependencies of the configuration, with their commands', (t) => {
  const planOf = setUp(t, chain);
  const config = 'softdep top pre: extra\nremove extra echo gone\n';
  t.deepEqual(texts(planOf(['top'], { config })), [
    'delete top asked',
    'delete mid dependency of top',
    'delete low dependency of top',
    'command extra softdep (pre) of top',
  ]);
  t.is(planOf(['top'], { config, ignoreCommands: true }).steps.length, 3);
});

test('with holders: users of users first, each with its reason', (t) => {
  const planOf = setUp(t, chain);
  t.deepEqual(texts(planOf(['low'], { removeHolders: true })), [
    'delete top holder of mid',
    'delete mid holder of low',
    'delete low asked',
  ]);
  t.true(planOf(['low'], { removeHolders: true }).steps.every(({ required }) => required));
  t.deepEqual(texts(planOf(['low', 'top'], { removeHolders: true })), [
    'delete top asked',
    'delete mid holder of low',
    'delete low asked',
  ]);
  // A holder's remove command is its whole removal.
  t.deepEqual(texts(planOf(['low'], { removeHolders: true, config: 'remove mid x\n' })), [
    'command mid holder of low',
    'delete low asked',
  ]);
  const held = setUp(t, [{ name: 'top', refcount: 2 }, ...chain.slice(2)])(['low'], { removeHolders: true });
  t.deepEqual(
    held.blocked.map(({ module, because }) => `${module} ${reasonText(because)}`),
    ['top holder of mid', 'mid holder of low', 'low asked'],
  );
  t.deepEqual(held.steps, []);
});

test('with time to wait, being in use is no obstacle, and the order is still that of the users', (t) => {
  const loaded = [{ name: 'top', refcount: 2 }, ...chain.slice(2)];
  const planOf = setUp(t, loaded);
  t.deepEqual(texts(planOf(['low', 'mid', 'top'], { waits: true })), [
    'delete top asked',
    'delete mid asked',
    'delete low asked',
  ]);
  t.deepEqual(texts(planOf(['mid'], { waits: true })), ['delete mid asked', 'delete low dependency of mid']);
});

test('a module without an exit function is an obstacle, unless forced; as a dependency it stays', (t) => {
  const loaded: readonly FixtureLoaded[] = [
    { name: 'mid', isPermanent: true },
    { name: 'low', isPermanent: true, users: ['mid'], refcount: 1 },
  ];
  const planOf = setUp(t, loaded);
  for (const waits of [false, true])
    t.like(planOf(['mid'], { waits }).blocked[0], { code: 'ERR_KMOD_PERMANENT', module: 'mid', holders: [] });
  const forced = planOf(['mid'], { force: true });
  t.deepEqual(texts(forced), ['delete mid asked']);
  t.like(forced.steps[0], { force: true });
  t.regex(forced.skipped[0]?.reason ?? '', /no exit function/);
});

test('without a tree the kernel knows who uses whom, and further users than the index has count too', (t) => {
  t.deepEqual(texts(setUp(t, chain, false)(['top'])), [
    'delete top asked',
    'delete mid dependency of top',
    'delete low dependency of top',
  ]);
  // The index knows nothing of this use.
  const planOf = setUp(t, [{ name: 'top' }, { name: 'extra', refcount: 1, users: ['top'] }]);
  t.deepEqual(texts(planOf(['top'])), ['delete top asked', 'delete extra dependency of top']);
});

test('kmod: one by one, with what it has been through', (t) => {
  const planOf = setUp(t, chain);
  const plan = planOf(['low', 'top'], { compat: true });
  t.deepEqual(plan.steps, []);
  t.like(plan.blocked[0], { code: 'ERR_KMOD_IN_USE', module: 'low', holders: ['mid'] });
  // Of the dependencies the deepest is looked at first, while it is still in use.
  t.deepEqual(texts(planOf(['top'], { compat: true })), ['delete top asked', 'delete mid dependency of top']);
});
