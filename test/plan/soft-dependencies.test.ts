import test, { type ExecutionContext } from 'ava';

import { treeConfiguration } from '../../src/config/configuration-index.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { requireModules } from '../../src/plan/lookup.ts';
import type { LoadPlan, UnloadPlan } from '../../src/plan/plan.ts';
import { softDependenciesFor } from '../../src/plan/soft-dependencies.ts';
import { planUnload, type UnloadRequest } from '../../src/plan/unload-plan.ts';
import { type FixtureLoaded, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

interface Setting {
  readonly root: FixtureRoot;
  readonly tree: ModuleTree;
  /** Path of modules.softdep. */
  readonly file: string;
  readonly load: (names: readonly string[], options?: Partial<Parameters<typeof planLoad>[0]>) => LoadPlan;
  readonly unload: (
    names: readonly string[],
    loaded: readonly FixtureLoaded[],
    options?: Partial<UnloadRequest>,
  ) => UnloadPlan;
}

/** Modules a to h; b needs c, c needs d, and the alias `two` is both e and f. */
function setUp(t: ExecutionContext, ...lines: readonly string[]): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const file = root.write(`lib/modules/${RELEASE}/modules.softdep`, `# comment\n${lines.join('\n')}\n`);
  const alone = Object.fromEntries(
    ['a', 'd', 'e', 'f', 'g', 'h'].map((name) => [name, { path: `${name}.ko` }]),
  );
  root.writeTree({
    modules: {
      ...alone,
      c: { path: 'c.ko', needs: ['d'] },
      b: { path: 'b.ko', needs: ['c', 'd'] },
      lost: { path: 'lost.ko', isMissing: true },
    },
    builtin: ['unix'],
    aliases: [
      ['two', 'e'],
      ['t?o', 'f'],
      ['stale', 'removed'],
      ['an_a', 'a'],
    ],
  });
  root.writeKernel([]);
  const kernel = { root: root.path };
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  return {
    root,
    tree,
    file,
    load: (names, options) =>
      planLoad({ targets: names.flatMap((name) => requireModules(tree, name)), tree, kernel, ...options }),
    unload: (modules, loaded, options) => {
      root.writeKernel(loaded);
      const request = { modules, tree, kernel, loaded: loadedModules(kernel), dependencies: true } as const;
      return planUnload({ ...request, softDependencies: 'asked', ...options });
    },
  };
}

/** Modules of a plan; those that are not required in brackets. */
const names = ({ steps }: LoadPlan | UnloadPlan): string =>
  steps.map(({ module, required }) => (required ? module : `(${module})`)).join(' ');

test('pre comes before a module and post after it, each with its line', (t) => {
  const { load, file } = setUp(t, 'softdep g pre: h', 'softdep a pre: e f post: g');
  const plan = load(['a'], { parameters: 'x=1' });
  t.is(names(plan), '(e) (f) a (h) (g)');
  const reasons = plan.steps.map(({ because }) => because);
  t.deepEqual(reasons[0], { kind: 'softdep', of: 'a', order: 'pre', origin: { file, line: 3 } });
  t.deepEqual(reasons[2], { kind: 'asked' });
  t.deepEqual(reasons[3], { kind: 'softdep', of: 'g', order: 'pre', origin: { file, line: 2 } });
  t.deepEqual(reasons[4], { kind: 'softdep', of: 'a', order: 'post', origin: { file, line: 3 } });
  t.deepEqual(
    plan.steps.map((step) => (step.action === 'insert' ? step.parameters : step.action)),
    ['', '', 'x=1', '', ''],
  );
});

test('dependencies bring their soft dependencies, and soft dependencies what they need', (t) => {
  const { load } = setUp(t, 'softdep d pre: e', 'softdep a post: c');
  t.is(names(load(['b'])), '(e) d c b');
  const plan = load(['a']);
  t.is(names(plan), 'a (e) (d) (c)');
  t.deepEqual(plan.steps[2]?.because, { kind: 'dependency', of: 'c' });
});

test('a member may be an alias of two modules, one built in or one that nothing has', (t) => {
  const { load } = setUp(t, 'softdep a pre: two unix none b[ stale post: two');
  const plan = load(['a']);
  t.is(names(plan), '(e) (f) (unix) a');
  t.is(plan.steps[2]?.action, 'skip-builtin');
  t.deepEqual(
    plan.skipped.map(({ module, because }) => [module, because.kind]),
    [
      ['removed', 'softdep'],
      ['none', 'softdep'],
      ['b[', 'softdep'],
    ],
  );
  t.deepEqual([plan.blocked, plan.tolerated], [[], []]);
});

test('loops end', (t) => {
  const { load } = setUp(
    t,
    'softdep a pre: e',
    'softdep e pre: a post: e',
    'softdep d pre: b',
    'softdep g post: g',
  );
  t.is(names(load(['a'])), '(e) a');
  t.is(names(load(['e'])), '(a) e');
  t.is(names(load(['g'])), 'g');
  // Asked for by an alias it is another one to the list, but the plan has it once, with its parameters.
  const plan = load(['an-a'], { parameters: 'x=1' });
  t.is(names(plan), 'a (e)');
  t.like(plan.steps[0], { parameters: 'x=1', because: { kind: 'asked' } });
  t.is(names(load(['an-a'], { keepRepeats: true })), '(a) (e) a');
  // d is needed by what is to come before it.
  t.is(names(load(['b'])), 'd c b');
});

test('each module is planned once unless repeats are kept, and required if anything needs it', (t) => {
  const { load } = setUp(t, 'softdep d pre: two', 'softdep c pre: two post: t-o e', 'softdep h pre: b');
  t.is(names(load(['b'])), '(e) (f) d c b');
  t.is(names(load(['b'], { keepRepeats: true })), '(e) (f) d c (f) (e) b');
  t.is(names(load(['c', 'e'])), '(e) (f) d c'.replace('(e)', 'e'));
  t.is(load(['c', 'e']).skipped.at(-1)?.reason, 'it is loaded as a soft dependency of d already');
  const plan = load(['h', 'c']);
  t.is(names(plan), '(e) (f) d c (b) h');
  t.deepEqual(plan.steps[2]?.because, { kind: 'dependency', of: 'c' });
});

test('an unusable file of a soft dependency blocks nothing, unless it is needed after all', (t) => {
  const { load } = setUp(t, 'softdep a pre: lost');
  const plan = load(['a']);
  t.is(names(plan), '(lost) a');
  t.deepEqual(plan.blocked, []);
  t.like(plan.tolerated[0], { module: 'lost', code: 'ERR_KMOD_MODULE_FILE', because: { kind: 'softdep' } });
  const needed = load(['a', 'lost']);
  t.deepEqual(needed.tolerated, []);
  t.is(needed.blocked[0]?.module, 'lost');
});

test('what is loaded counts: a loaded target needs nothing, a loaded member is skipped', (t) => {
  const { load, root } = setUp(t, 'softdep a pre: e', 'softdep d pre: f');
  root.writeModuleFolder({ name: 'd' });
  root.writeModuleFolder({ name: 'e' });
  t.deepEqual(
    load(['a', 'd', 'c']).steps.map(({ action, module }) => `${action} ${module}`),
    ['skip-loaded e', 'insert a', 'skip-loaded d', 'insert f', 'insert c'],
  );
});

test('all lines that fit count, be it by a glob; for kmod the first', (t) => {
  const { tree, file } = setUp(
    t,
    'softdep a pre: e post: h',
    'softdep ? pre: f e',
    'softdep a pre: g',
    'softdep b-c post: h',
  );
  const softDependencies = softDependenciesFor(tree, undefined, false);
  const pre = (module: string, of = softDependencies): unknown =>
    of.of(module).pre.map(({ name, because }) => [name, because.origin.line]);
  t.deepEqual(pre('a'), [
    ['e', 2],
    ['f', 3],
    ['g', 4],
  ]);
  t.deepEqual(softDependencies.of('a').post[0]?.because, {
    kind: 'softdep',
    of: 'a',
    order: 'post',
    origin: { file, line: 2 },
  });
  t.deepEqual(pre('none'), []);
  t.is(softDependencies.of('b_c').post[0]?.because.origin.line, 5);
  t.is(softDependencies.of('a'), softDependencies.of('a'));
  t.is(softDependenciesFor(tree, undefined, false), softDependencies);
  const compat = softDependenciesFor(tree, undefined, true);
  t.deepEqual(pre('a', compat), [['e', 2]]);
  t.deepEqual(pre('d', compat), [
    ['f', 3],
    ['e', 3],
  ]);
  const turned = { ...treeConfiguration(tree), softDependencies: tree.softDependencyLines().toReversed() };
  t.deepEqual(pre('a', softDependenciesFor(tree, turned, true)), [['g', 4]]);
});

const live = (...modules: readonly string[]): readonly FixtureLoaded[] => modules.map((name) => ({ name }));

test('an unload takes post, the module, what it needed, then pre, each reversed', (t) => {
  const { unload } = setUp(t, 'softdep b pre: a two post: g h');
  const used = [
    { name: 'b' },
    { name: 'c', refcount: 1, users: ['b'] },
    { name: 'd', refcount: 2, users: ['b', 'c'] },
  ];
  const loaded = [...used, ...live('a', 'e', 'f', 'g', 'h')];
  const plan = unload(['b'], loaded);
  t.is(names(plan), '(h) (g) b (c) (d) (f) (e) (a)');
  t.like(plan.steps[0]?.because, { kind: 'softdep', of: 'b', order: 'post' });
  t.like(plan.steps.at(-1)?.because, { kind: 'softdep', of: 'b', order: 'pre' });
  t.is(names(unload(['b'], loaded, { softDependencies: 'none' })), 'b (c) (d)');
  t.is(names(unload(['b'], used)), 'b (c) (d)');
});

test('soft dependencies of dependencies go when that is asked for, post ones never', (t) => {
  const { unload } = setUp(t, 'softdep c pre: a post: g', 'softdep a pre: h');
  const loaded = [{ name: 'b' }, { name: 'c', refcount: 1, users: ['b'] }, ...live('a', 'g', 'h')];
  t.is(names(unload(['b'], loaded)), 'b (c)');
  t.is(names(unload(['b'], loaded, { softDependencies: 'all' })), 'b (c) (a) (h)');
});

const heldBy = (refcount: number): readonly FixtureLoaded[] => [
  { name: 'd', refcount: 1, users: ['c'] },
  { name: 'c', refcount },
  { name: 'g' },
];

test('a post soft dependency may be what uses the module; if that stays, all stays', (t) => {
  const { unload } = setUp(t, 'softdep d post: c g');
  t.is(names(unload(['d'], heldBy(0))), '(g) (c) d');
  const kept = unload(['d'], heldBy(1));
  t.is(names(kept), '');
  t.like(kept.blocked[0], { module: 'd', code: 'ERR_KMOD_IN_USE', holders: ['c'] });
});

test('a soft dependency that a module uses stays; other uses are left to the kernel', (t) => {
  const { unload } = setUp(t, 'softdep a pre: d e post: f');
  const loaded = [
    { name: 'a' },
    { name: 'd', refcount: 1, users: ['c'] },
    { name: 'c' },
    { name: 'e', refcount: 3 },
    { name: 'f', refcount: 1 },
  ];
  const plan = unload(['a'], loaded);
  t.is(names(plan), 'a (e)');
  t.deepEqual(
    plan.skipped.map(({ module, reason }) => [module, reason]),
    [
      ['f', 'it is still in use'],
      ['d', 'it is still used by c'],
    ],
  );
  // Once its user is gone as well, it goes.
  t.is(names(unload(['a', 'c'], loaded)), 'a c (e) (d)');
});

test('loops end when unloading, and without checks all is listed', (t) => {
  const { unload } = setUp(t, 'softdep a pre: e post: a g', 'softdep e pre: a post: e', 'softdep g post: a');
  const loaded = live('a', 'e', 'g');
  t.is(names(unload(['a'], loaded)), '(g) a (e)');
  t.is(names(unload(['e', 'a'], loaded)), 'e (g) a');
  t.is(names(unload(['a'], [], { check: 'none' })), '(g) a (e)');
});
