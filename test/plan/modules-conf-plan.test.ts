/** Plans made from a modules.conf. */
import test, { type ExecutionContext } from 'ava';

import { parseModprobeConfiguration } from '../../src/config/modprobe-config-reader.ts';
import { parseModulesConf } from '../../src/config/modules-conf/read-modules-conf.ts';
import type { ReadingMode } from '../../src/config/modules-conf/reading-mode.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { planRuledLoad, type RuledLoadRequest } from '../../src/plan/modules-conf/load-plan.ts';
import { ModulesConfRules } from '../../src/plan/modules-conf/rules.ts';
import { planRuledUnload, type RuledUnloadRequest } from '../../src/plan/modules-conf/unload-plan.ts';
import type { LoadPlan, LoadStep, StepGroup, UnloadPlan, UnloadStep } from '../../src/plan/plan.ts';
import { expectedSteps } from '../../src/plan/step-group.ts';
import { type FixtureLoaded, FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { loadedModules } from '../../src/kernel/loaded-modules.ts';

const FILE = '/etc/modules.conf';

/** Things that a test may change. */
interface Changes extends Partial<Omit<RuledLoadRequest & RuledUnloadRequest, 'names' | 'rules' | 'loaded'>> {
  readonly mode?: ReadingMode;
  readonly builtIn?: boolean;
  readonly modprobeD?: string;
  readonly loaded?: readonly FixtureLoaded[];
}

interface Setting {
  readonly root: FixtureRoot;
  readonly load: (text: string, names: string, changes?: Changes) => LoadPlan;
  readonly unload: (text: string, names: string, changes?: Changes) => UnloadPlan;
}

/** b needs a, c needs b and a; d and e share an alias; f wants e before itself. */
function setUp(t: ExecutionContext): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const plain = ['a', 'd', 'e', 'f', 'g', 'h_h'];
  root.writeTree({
    modules: {
      ...Object.fromEntries(plain.map((name) => [name, { path: `kernel/${name.replace('_', '-')}.ko` }])),
      b: { path: 'kernel/b.ko', needs: ['a'] },
      c: { path: 'kernel/c.ko', needs: ['b', 'a'] },
    },
    builtin: ['unix'],
    aliases: [
      ['pci:v*', 'd'],
      ['pci:v1', 'e'],
      ['net_pf_4', 'g'],
    ],
    symbols: [['shown', 'a']],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep f pre: e\n');
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  const request = (text: string, names: string, changes: Changes) => {
    const { mode = 'fixed', builtIn = false, modprobeD = '', loaded = [], ...rest } = changes;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'g']) root.removeModuleFolder(name);
    root.writeKernel(loaded);
    const options = { file: FILE, release: RELEASE, mode, builtIn, environment: {} };
    const rules = new ModulesConfRules(parseModulesConf(text, options));
    const configuration = parseModprobeConfiguration(`${modprobeD}\n`, { file: '/etc/modprobe.d/x.conf' });
    return {
      names: names.split(' '),
      rules,
      tree,
      kernel: { root: root.path },
      root: root.path,
      configuration: {
        ...configuration,
        softDependencies: [...configuration.softDependencies, ...tree.softDependencyLines()],
      },
      ...rest,
    };
  };
  return {
    root,
    load: (text, names, changes = {}) => planRuledLoad(request(text, names, changes)),
    unload: (text, names, changes = {}) => {
      const facts = request(text, names, changes);
      return planRuledUnload({
        ...facts,
        loaded: loadedModules(facts.kernel),
        dependencies: true,
        softDependencies: 'asked',
      });
    },
  };
}

function stepText(step: LoadStep | UnloadStep): string {
  const options = 'options' in step ? step.options : [];
  const words = options.map(({ text, origin }) => (origin === null ? text : `${text}@${origin.line}`));
  const reason = step.because;
  const why =
    reason.kind === 'above' || reason.kind === 'below'
      ? ` (${reason.kind} ${reason.of}@${reason.origin.line})`
      : '';
  const what =
    step.action === 'command'
      ? `${step.directive}: ${step.command}@${step.origin.line}`
      : [
          { insert: '', delete: '-' }[step.action as 'insert' | 'delete'] ?? `${step.action} `,
          step.module,
        ].join('');
  return [what, ...(step.action === 'insert' ? words : [])].join(' ') + why;
}

const steps = (plan: LoadPlan | UnloadPlan): readonly string[] => plan.steps.map(stepText);
const expected = (plan: LoadPlan): readonly string[] => expectedSteps(plan).map(stepText);
const left = ({ skipped }: LoadPlan | UnloadPlan): readonly string[] =>
  skipped.map((one) => `${'kind' in one ? one.kind : 'kept'} ${one.module}`);

/** A course as text: what is in `( )` may fail, `|` stands between alternatives, `&` between those of which one is enough. */
function course(plan: LoadPlan | UnloadPlan): string {
  const { steps: all } = plan;
  const text = (member: number | StepGroup): string => {
    if (typeof member === 'number') {
      const step = all[member];
      return step === undefined ? '?' : step.action === 'command' ? step.directive : step.module;
    }
    const inner = member.members.map(text).join({ all: ' ', first: ' | ', any: ' & ' }[member.kind]);
    return member.essential ? `[${inner}]` : `(${inner})`;
  };
  return plan.course === undefined ? '' : plan.course.members.map(text).join(' ');
}

test('aliases lead through a chain to a module, with the line that began it', (t) => {
  const { load } = setUp(t);
  const text = 'alias eth0 card\nalias card h-h\nalias unix d\n';
  const plan = load(text, 'eth0');
  t.deepEqual(steps(plan), ['h_h']);
  t.like(plan.targets, [
    { asked: 'eth0', module: 'h_h', by: 'configured-alias', alias: 'eth0', origin: { file: FILE, line: 1 } },
  ]);
  t.is(plan.course, undefined);
  t.deepEqual(steps(load(text, 'unix')), ['d']);
  t.deepEqual(steps(load(text, 'c')), ['a', 'b', 'c']);
  const [step] = load('', 'd').steps;
  const file = step?.action === 'insert' ? step.path : '';
  t.deepEqual(steps(load('alias d e\n', file)), ['d']);
  t.deepEqual(steps(load('alias /dev/sg* d\nalias /dev/s?x e\n', '/dev/sg0 /dev/scx')), ['d', 'e']);
});

test('off is success without a load, null only what is above and below', (t) => {
  const { load } = setUp(t);
  const text =
    'alias d off\nalias base null\nabove base a d\nbelow base e\nabove d f\nalias set base\npre-install base no\n';
  t.deepEqual([steps(load(text, 'd')), left(load(text, 'd'))], [[], ['off d']]);
  t.is(load(text, 'd').blocked.length, 0);
  t.deepEqual(steps(load(text, 'set')), ['e (below base@4)', 'a (above base@3)']);
  t.is(course(load(text, 'set')), '(e) (a)');
});

test('aliases in a circle, and names that nothing has', (t) => {
  const { load } = setUp(t);
  t.like(load('alias x y\nalias y x\n', 'x').blocked, [{ code: 'ERR_KMOD_NOT_FOUND', module: 'x' }]);
  t.regex(load('alias x y\nalias y x\n', 'x').blocked[0]?.reason ?? '', /lead back to themselves/);
  t.regex(load('alias x gone\n', 'x').blocked[0]?.reason ?? '', /Module x \(x is gone\) not found in/);
});

test('options: those of the module, then of the names that led to it, then the caller’s', (t) => {
  const { load } = setUp(t);
  const text =
    'options h-h p=1 q="x y" z=1\nalias eth0 h-h\noptions eth0 q=2 r=3\nadd options h_h s=4\noptions -k h-h p=5\n';
  const plan = load(text, 'eth0', { parameters: 'own=1', modprobeD: 'options h_h m=0\noptions eth0 n=0' });
  t.deepEqual(steps(plan), ['h_h m=0@1 n=0@2 s=4@4 p=5@5 q=2 r=3@3 own=1']);
  t.like(plan.steps[0], { noAutoclean: true, parameters: 'm=0 n=0 s=4 p=5 q=2 r=3 own=1' });
  t.deepEqual(steps(load('options d a="x y"\n', 'd')), ['d a="x y"@1']);
  const dropped = load('options d -o other a=1 word b=2\n', 'd');
  t.deepEqual([steps(dropped), left(dropped)], [['d a=1@1'], ['option d', 'option d']]);
  t.deepEqual(steps(load('options d a=1\n', 'c d')), ['a', 'b', 'c', 'd a=1@1']);
});

test('below comes behind the dependencies, above behind the module; both may fail', (t) => {
  const { load } = setUp(t);
  const text = 'above c d nosuch\nbelow c e\nabove a g\nalias card c\nabove card h-h\n';
  const plan = load(text, 'card');
  t.deepEqual(steps(plan), [
    'a',
    'g (above a@3)',
    'b',
    'e (below c@2)',
    'c',
    'h_h (above card@5)',
    'd (above c@1)',
  ]);
  t.is(course(plan), 'a (g) b (e) c (h_h) (d)');
  t.deepEqual(left(plan), ['unknown nosuch']);
  t.deepEqual(
    plan.steps.map(({ required }) => required),
    [true, false, true, false, true, false, false],
  );
  t.deepEqual(steps(load(text, 'card', { ignoreCommands: true })), ['a', 'g (above a@3)', 'b', 'c']);
});

test('lines that lead back to themselves end', (t) => {
  const { load } = setUp(t);
  t.deepEqual(steps(load('above d e\nabove e d\nbelow d d\n', 'd')), ['d', 'e (above d@1)']);
  t.deepEqual(steps(load('above a c\n', 'c')), ['a', 'b', 'c']);
  t.deepEqual(steps(load('alias x d\nabove d x\nprobe p q\nprobe q p d\n', 'x p')), ['d']);
});

test('probe: the first that can be loaded; probeall: all, and one is enough', (t) => {
  const { load } = setUp(t);
  const text =
    'probe card nosuch c d\nprobeall cards nosuch c d\nprobe one nosuch d\nprobe none nosuch\nalias host cards\n';
  const card = load(text, 'card', { parameters: 'x=1' });
  t.is(course(card), '[[a b c] | [d]]');
  t.deepEqual([expected(card), left(card)], [['a', 'b', 'c'], ['unknown nosuch']]);
  t.like(card.targets, [
    { asked: 'card', module: 'c', origin: { file: FILE, line: 1 } },
    { asked: 'card', module: 'd', origin: { file: FILE, line: 1 } },
  ]);
  t.is(course(load(text, 'host')), '[[a b c] & [d]]');
  t.deepEqual([steps(load(text, 'one')), load(text, 'one').course], [['d'], undefined]);
  t.like(load(text, 'none').blocked, [{ code: 'ERR_KMOD_NOT_FOUND', module: 'none' }]);
  t.is(course(load('probe x d e\nbelow c x\n', 'c')), 'a b ([[d] | [e]]) c');
});

test('commands stand around the module, the name that was asked for outermost', (t) => {
  const { load } = setUp(t);
  const text =
    'define HOW really\nalias card d\npre-install card A\npre-install d B\npre-install d NEVER\npost-install d C\npost-install card D\n';
  const plan = load(text, 'card');
  t.deepEqual(steps(plan), [
    'pre-install: A@3',
    'pre-install: B@4',
    'd',
    'post-install: C@6',
    'post-install: D@7',
  ]);
  t.is(course(plan), '[pre-install pre-install d post-install post-install]');
  t.like(plan.steps[0], {
    action: 'command',
    module: 'd',
    environment: { HOW: 'really', MODPROBE_MODULE: 'd', KMODCTL_MODULES_CONF: FILE },
  });
  t.deepEqual(steps(load(text, 'card', { ignoreCommands: true })), ['d']);
  t.deepEqual(steps(load('install d X\npre-install d A\n', 'd')), ['pre-install: A@2', 'install: X@1']);
  t.deepEqual(steps(load('install d insmod d; modprobe -k e\n', 'd')), [
    'install: /sbin/modprobe --ignore-install d; modprobe e@1',
  ]);
  t.deepEqual(steps(load(text, 'card', { loaded: [{ name: 'd' }] })), ['skip-loaded d']);
  t.like(load('pre-install d modprobe d\n', 'd', { commandChain: 'pre-install:d' }).blocked, [
    { code: 'ERR_KMOD_COMMAND_LOOP' },
  ]);
});

test('modules.conf goes before modprobe.d, that before what modules declare, and these before the built-in table', (t) => {
  const { load } = setUp(t);
  const both = {
    modprobeD: 'alias eth0 e\nalias net-pf-10 e\ninstall e INSTALL\nsoftdep d pre: a\nblacklist g',
  };
  t.deepEqual(steps(load('alias eth0 d\n', 'eth0', both)), ['a', 'd']);
  t.deepEqual(steps(load('', 'eth0', both)), ['install: INSTALL@3']);
  t.deepEqual(steps(load('post-install e P\n', 'e', both)), ['e', 'post-install: P@1']);
  t.deepEqual(left(load('', 'net-pf-4', both)), ['blacklisted g']);
  t.deepEqual(steps(load('alias net-pf-4 off\n', 'net-pf-4')), []);
  t.is(course(load('', 'pci:v1')), '[[d] & [e]]');
  t.deepEqual(steps(load('', 'f')), ['e', 'f']);
  const builtIn = { builtIn: true };
  t.deepEqual(left(load('', 'net-pf-10', builtIn)), ['off net-pf-10']);
  t.deepEqual(steps(load('', 'net-pf-10', { ...both, ...builtIn })), ['install: INSTALL@3']);
  t.deepEqual(steps(load('', 'net-pf-4', builtIn)), ['g']);
  t.deepEqual(steps(load('', 'net-pf-1 symbol:shown', builtIn)), ['skip-builtin unix', 'a']);
  t.is(load('', 'net-pf-10').blocked[0]?.code, 'ERR_KMOD_NOT_FOUND');
});

test('mode 2.4: a member that is off makes the whole off, one that nothing has spoils it', (t) => {
  const { load } = setUp(t);
  const text = 'keep\nabove d e x\nalias x off\nabove e nosuch\n';
  t.deepEqual(steps(load(text, 'd')), ['d', 'e (above d@2)']);
  t.deepEqual(steps(load(text, 'a d', { mode: '2.4' })), ['a']);
  const spoilt = load(text, 'e', { mode: '2.4' });
  t.like(spoilt.blocked, [{ code: 'ERR_KMOD_NOT_FOUND', module: 'nosuch' }]);
  t.regex(spoilt.blocked[0]?.reason ?? '', /nosuch, which is needed for e \(\/etc\/modules\.conf:4\)/);
});

test('the first load of what is there is an obstacle if that was asked for', (t) => {
  const { load } = setUp(t);
  const loaded = [{ name: 'd' }];
  t.deepEqual(steps(load('above d e\n', 'd', { loaded })), ['skip-loaded d', 'e (above d@1)']);
  t.like(load('', 'd', { loaded, firstTime: true }).blocked, [{ code: 'ERR_KMOD_ALREADY_LOADED' }]);
  t.like(load('', 'unix', { firstTime: true }).blocked, [{ code: 'ERR_KMOD_ALREADY_LOADED' }]);
  t.deepEqual(steps(load('install d X\n', 'd', { loaded, ignoreLoaded: true })), ['install: X@1']);
});

test('path: other folders are searched, in the order of the lines, without what prune names', (t) => {
  const { root, load } = setUp(t);
  for (const file of [
    'one/misc/d.ko',
    'one/new-one.ko',
    'one/old/late.ko',
    'two/late.ko.gz',
    'two/d.ko',
    'two/no.o',
  ])
    root.write(`opt/${file}`, Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'));
  const pathOf = (text: string, name: string): string | undefined => {
    const [step] = load(text, name).steps.slice(-1);
    return step?.action === 'insert' ? step.path.slice(root.path.length) : load(text, name).blocked[0]?.code;
  };
  // What is in the folders is no module: what it needs cannot be read.
  const kept = 'keep\npath[misc]=/opt/one\npath=/opt/two\n';
  t.is(pathOf(kept, 'd'), `/lib/modules/${RELEASE}/kernel/d.ko`);
  t.is(pathOf(kept, 'e'), `/lib/modules/${RELEASE}/kernel/e.ko`);
  t.is(pathOf(kept, 'new_one'), '/opt/one/new-one.ko');
  t.is(pathOf(kept, 'late'), '/opt/one/old/late.ko');
  t.is(pathOf(`${kept}prune old\n`, 'late'), '/opt/two/late.ko.gz');
  const alone = 'path[misc]=/opt/one\npath[misc]=/opt/two\n';
  t.is(pathOf(alone, 'd'), '/opt/one/misc/d.ko');
  t.is(pathOf(alone, 'e'), 'ERR_KMOD_NOT_FOUND');
  t.is(
    pathOf(`${alone}path[toplevel]=/lib/modules/${RELEASE}\n`, 'e'),
    `/lib/modules/${RELEASE}/kernel/e.ko`,
  );
  root.write(`lib/modules/${RELEASE}/misc/fresh.ko`, Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'));
  t.is(pathOf(`path[misc]=/lib/modules/${RELEASE}/misc\n`, 'fresh'), `/lib/modules/${RELEASE}/misc/fresh.ko`);
  t.is(pathOf(`path[misc]=/lib/modules/${RELEASE}/misc\n`, 'e'), 'ERR_KMOD_NOT_FOUND');
});

const inUse: readonly FixtureLoaded[] = [
  { name: 'c' },
  { name: 'b', refcount: 1, users: ['c'] },
  { name: 'a', refcount: 2, users: ['b', 'c'] },
  { name: 'd' },
  { name: 'e' },
  { name: 'g', refcount: 1 },
];

test('unloading goes the other way: above, the module with its commands, below, what it needed', (t) => {
  const { unload } = setUp(t);
  const text =
    'alias card c\nabove c d g\nbelow card e\npre-remove card A\npre-remove c B\npost-remove c C\npre-remove a D\n';
  const plan = unload(text, 'card', { loaded: inUse });
  t.deepEqual(steps(plan), [
    '-d (above c@2)',
    'pre-remove: A@4',
    'pre-remove: B@5',
    '-c',
    'post-remove: C@6',
    '-e (below card@3)',
    '-b',
    'pre-remove: D@7',
    '-a',
  ]);
  t.is(course(plan), '(d) [pre-remove pre-remove c post-remove] (e) (b) (pre-remove a)');
  t.deepEqual(left(plan), ['kept g']);
  t.deepEqual(steps(unload(text, 'card', { loaded: inUse, ignoreCommands: true })), [
    '-c',
    '-b',
    'pre-remove: D@7',
    '-a',
  ]);
  t.deepEqual(steps(unload('remove d X\nalias d2 off\n', 'd d2', { loaded: inUse })), ['remove: X@1']);
  t.deepEqual(steps(unload('', 'd', { loaded: inUse, modprobeD: 'remove d R' })), ['remove: R@1']);
  t.deepEqual(steps(unload('post-remove d P\n', 'd', { loaded: inUse, modprobeD: 'remove d R' })), [
    '-d',
    'post-remove: P@1',
  ]);
});

test('unloading a list unloads those of it that are loaded; what is in use or not there is told', (t) => {
  const { unload } = setUp(t);
  const loaded = inUse;
  t.deepEqual(steps(unload('probeall x d e h-h\n', 'x', { loaded, firstTime: false })), ['-e', '-d']);
  t.like(unload('', 'a', { loaded }).blocked, [{ code: 'ERR_KMOD_IN_USE', holders: ['b', 'c'] }]);
  t.deepEqual(steps(unload('', 'a', { loaded, removeHolders: true })).toSorted(), ['-a', '-b', '-c']);
  t.like(unload('', 'h-h', { loaded }).blocked, [{ code: 'ERR_KMOD_NOT_LOADED' }]);
  t.like(unload('', 'unix', { loaded }).blocked, [{ code: 'ERR_KMOD_BUILTIN' }]);
  t.deepEqual(left(unload('', 'h-h', { loaded, firstTime: false })), ['kept h_h']);
  t.deepEqual(steps(unload('alias n null\nabove n d\n', 'n', { loaded })), ['-d (above n@2)']);
});
