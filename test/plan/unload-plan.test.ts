import test, { type ExecutionContext } from 'ava';

import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import type { UnloadPlan } from '../../src/plan/plan.ts';
import { planUnload, type UnloadRequest } from '../../src/plan/unload-plan.ts';
import { type FixtureLoaded, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

type Planner = (modules: readonly string[], options?: Partial<UnloadRequest>) => UnloadPlan;

// s needs a needs b needs c; other stands alone.
const chain: readonly FixtureLoaded[] = [
  { name: 's' },
  { name: 'a', refcount: 1, users: ['s'] },
  { name: 'b', refcount: 1, users: ['a'] },
  { name: 'c', refcount: 1, users: ['b'] },
  { name: 'other' },
  { name: 'mounted', refcount: 3 },
];

function setUp(t: ExecutionContext, loaded: readonly FixtureLoaded[] = chain): Planner {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      c: { path: 'c.ko' },
      b: { path: 'b.ko', needs: ['c'] },
      a: { path: 'a.ko', needs: ['b', 'c'] },
      s: { path: 's.ko', needs: ['a', 'b', 'c'] },
      other: { path: 'other.ko' },
      mounted: { path: 'mounted.ko' },
    },
    builtin: ['unix'],
  });
  root.writeKernel(loaded);
  root.write('sys/module/kernel/parameters/panic', '0\n');
  // One that is about to come, or about to be gone.
  root.write('sys/module/passing/uevent', '');
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  return (modules, options) =>
    planUnload({ modules, tree, kernel, loaded: loadedModules(kernel), ...options });
}

const names = ({ steps }: UnloadPlan): readonly string[] => steps.map(({ module }) => module);

test('a whole chain of unused dependencies goes, top first', (t) => {
  const plan = setUp(t)(['s'], { dependencies: true });
  t.deepEqual(names(plan), ['s', 'a', 'b', 'c']);
  t.deepEqual(plan.steps[0], {
    action: 'delete',
    module: 's',
    force: false,
    because: { kind: 'asked' },
    required: true,
  });
  t.deepEqual(plan.steps[3]?.because, { kind: 'dependency', of: 's' });
  t.deepEqual(names(setUp(t)(['s'])), ['s']);
});

test('a dependency that something else uses stays, and says why', (t) => {
  const loaded = chain.map((module) =>
    module.name === 'c' ? { name: 'c', refcount: 2, users: ['b', 'other'] } : module,
  );
  const plan = setUp(t, loaded)(['s'], { dependencies: true });
  t.deepEqual(names(plan), ['s', 'a', 'b']);
  t.deepEqual(plan.skipped, [
    { module: 'c', reason: 'it is still used by other', because: { kind: 'dependency', of: 's' } },
  ]);
  const counted = chain.map((module) => (module.name === 'b' ? { ...module, refcount: 2 } : module));
  const held = setUp(t, counted)(['s'], { dependencies: true });
  t.deepEqual(names(held), ['s', 'a']);
  t.deepEqual(
    held.skipped.map(({ module, reason }) => [module, reason]),
    [
      ['b', 'it is still in use'],
      ['c', 'it is still used by b'],
    ],
  );
});

test('modules asked for together are ordered, users before the used', (t) => {
  const planOf = setUp(t);
  t.deepEqual(names(planOf(['c', 'b', 'other', 'a', 's', 's'])), ['other', 's', 'a', 'b', 'c']);
});

test('what cannot be unloaded is an obstacle', (t) => {
  const planOf = setUp(t);
  const codes = (modules: readonly string[], options?: Partial<UnloadRequest>): unknown =>
    planOf(modules, options).blocked.map(({ code, module, holders }) => [code, module, holders.join()]);
  t.deepEqual(codes(['b']), [['ERR_KMOD_IN_USE', 'b', 'a']]);
  t.deepEqual(codes(['mounted']), [['ERR_KMOD_IN_USE', 'mounted', '']]);
  t.deepEqual(codes(['unix']), [['ERR_KMOD_BUILTIN', 'unix', '']]);
  t.deepEqual(codes(['kernel']), [['ERR_KMOD_BUILTIN', 'kernel', '']]);
  t.deepEqual(codes(['passing']), [['ERR_KMOD_NOT_LOADED', 'passing', '']]);
  t.deepEqual(codes(['none']), [['ERR_KMOD_NOT_LOADED', 'none', '']]);
  t.deepEqual(codes(['none'], { firstTime: false }), []);
  t.is(planOf(['none'], { firstTime: false }).skipped[0]?.reason, 'it is not loaded');
  t.deepEqual(codes(['mounted'], { check: 'holders' }), []);
  t.deepEqual(codes(['b'], { check: 'holders' }), [['ERR_KMOD_IN_USE', 'b', 'a']]);
  t.deepEqual(codes(['b', 'none'], { check: 'none' }), []);
  t.deepEqual(names(planOf(['s', 'b'], { dependencies: true })), ['s']);
});

test('a kernel that cannot unload, and a module on its way out', (t) => {
  const planOf = setUp(t, [
    { name: 'a', refcount: '-' },
    { name: 'b', refcount: -1, state: 'Unloading' },
  ]);
  t.is(planOf(['a']).blocked[0]?.code, 'ERR_KMOD_NO_UNLOAD_SUPPORT');
  t.regex(planOf(['b']).blocked[0]?.reason ?? '', /being unloaded by someone else/);
});

test('without the module in the tree the kernel tells its dependencies', (t) => {
  const planOf = setUp(t, [
    { name: 'foreign' },
    { name: 'mid', refcount: 1, users: ['foreign'] },
    { name: 'low', refcount: 2, users: ['mid', 'foreign'] },
  ]);
  t.deepEqual(names(planOf(['foreign'], { dependencies: true })), ['foreign', 'mid', 'low']);
});
