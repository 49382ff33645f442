import test, { type ExecutionContext } from 'ava';

import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { planInsert } from '../../src/plan/insert-plan.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { lookUp, requireModules } from '../../src/plan/lookup.ts';
import { joinParameterWords, parameterText } from '../../src/plan/module-parameters.ts';
import { chooseCall } from '../../src/plan/module-compression.ts';
import type { LoadPlan } from '../../src/plan/plan.ts';
import { contents, FixtureRoot, type FixtureTree, RELEASE } from '../fixtures/fixture-root.ts';

const standardTree: FixtureTree = {
  modules: {
    raid6_pq: { path: 'kernel/raid6_pq.ko' },
    xor: { path: 'kernel/xor.ko' },
    btrfs: { path: 'kernel/btrfs.ko', needs: ['raid6_pq', 'xor'] },
    packed: { path: 'kernel/packed.ko.xz', content: contents.xz, needs: ['xor'] },
    zpacked: { path: 'kernel/zpacked.ko.zst', content: contents.zstd },
    lost: { path: 'kernel/lost.ko', isMissing: true },
    needs_lost: { path: 'kernel/needs-lost.ko', needs: ['lost'] },
    tiny: { path: 'kernel/tiny.ko', content: Buffer.from('ELF') },
    net_a: { path: 'kernel/net-a.ko' },
    net_b: { path: 'kernel/net-b.ko' },
  },
  builtin: ['unix'],
  aliases: [
    ['pci:v*d0001*', 'net_a'],
    ['pci:v*d000[1-3]*', 'net_b'],
    ['stale_alias', 'removed'],
  ],
  symbols: [['xor_blocks', 'xor']],
  builtinAliases: [['net_pf_1', 'unix']],
};

interface Setting {
  readonly root: FixtureRoot;
  readonly tree: ModuleTree;
  readonly directory: string;
  readonly planOf: (names: readonly string[], options?: Partial<Parameters<typeof planLoad>[0]>) => LoadPlan;
}

function setUp(t: ExecutionContext, fixture: FixtureTree = standardTree): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const directory = root.writeTree(fixture);
  root.writeKernel([]);
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  return {
    root,
    tree,
    directory,
    planOf: (names, options) =>
      planLoad({
        targets: names.flatMap((name) => requireModules(tree, name)),
        tree,
        kernel: { root: root.path },
        ...options,
      }),
  };
}

const summary = ({ steps }: LoadPlan): readonly string[] =>
  steps.map(({ action, module }) => `${action} ${module}`);

test('dependencies come first, deepest first, each with its reason', (t) => {
  const { planOf, directory } = setUp(t);
  t.deepEqual(planOf(['btrfs'], { parameters: 'a=1' }), {
    kind: 'load',
    targets: [{ asked: 'btrfs', module: 'btrfs', by: 'name', alias: null, origin: null }],
    steps: [
      {
        action: 'insert',
        module: 'xor',
        path: `${directory}/kernel/xor.ko`,
        parameters: '',
        options: [],
        call: 'finit',
        because: { kind: 'dependency', of: 'btrfs' },
        required: true,
      },
      {
        action: 'insert',
        module: 'raid6_pq',
        path: `${directory}/kernel/raid6_pq.ko`,
        parameters: '',
        options: [],
        call: 'finit',
        because: { kind: 'dependency', of: 'btrfs' },
        required: true,
      },
      {
        action: 'insert',
        module: 'btrfs',
        path: `${directory}/kernel/btrfs.ko`,
        parameters: 'a=1',
        options: [{ text: 'a=1', origin: null }],
        call: 'finit',
        because: { kind: 'asked' },
        required: true,
      },
    ],
    blocked: [],
    tolerated: [],
    skipped: [],
  });
});

test('what is loaded is skipped; only live counts', (t) => {
  const { planOf, root } = setUp(t);
  root.writeModuleFolder({ name: 'xor' });
  root.writeModuleFolder({ name: 'raid6_pq', state: 'Loading' });
  t.deepEqual(summary(planOf(['btrfs'])), ['skip-loaded xor', 'insert raid6_pq', 'insert btrfs']);
  t.deepEqual(summary(planOf(['btrfs'], { ignoreLoaded: true })), [
    'insert xor',
    'insert raid6_pq',
    'insert btrfs',
  ]);
  root.writeModuleFolder({ name: 'btrfs' });
  t.deepEqual(summary(planOf(['btrfs'])), ['skip-loaded btrfs']);
  t.deepEqual(
    planOf(['btrfs', 'unix'], { firstTime: true }).blocked.map(({ code, module }) => [code, module]),
    [
      ['ERR_KMOD_ALREADY_LOADED', 'btrfs'],
      ['ERR_KMOD_ALREADY_LOADED', 'unix'],
    ],
  );
});

test('each module is planned once, however often it is named', (t) => {
  const { planOf } = setUp(t);
  const plan = planOf(['btrfs', 'xor', 'packed', 'btrfs']);
  t.deepEqual(summary(plan), ['insert xor', 'insert raid6_pq', 'insert btrfs', 'insert packed']);
  t.deepEqual(
    plan.skipped.map(({ module, reason }) => [module, reason]),
    [
      ['xor', 'it is loaded as a dependency of btrfs already'],
      ['btrfs', 'it was asked for more than once'],
    ],
  );
});

test('the call follows from the content and from what the kernel unpacks', (t) => {
  const { planOf, root } = setUp(t);
  const calls = (): unknown => {
    const { steps, blocked } = planOf(['packed', 'zpacked']);
    t.deepEqual(blocked, []);
    return steps.map((step) => (step.action === 'insert' ? step.call : step.action));
  };
  t.deepEqual(calls(), ['finit', 'finit-unpacked', 'finit-unpacked']);
  root.write('sys/module/compression', 'xz\n');
  t.deepEqual(calls(), ['finit', 'finit-compressed', 'finit-unpacked']);
  root.write('sys/module/compression', 'zstd\n');
  t.deepEqual(calls(), ['finit', 'finit-unpacked', 'finit-compressed']);
});

test('xz with a check that the kernel does not know is unpacked here; kmod leaves it to the kernel', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const choices = [0, 1, 4, 10].map((check) => {
    const file = root.write(`check-${check}.ko.xz`, Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, check]));
    return [check, chooseCall(file, () => 'xz').call, chooseCall(file, () => 'xz', true).call];
  });
  t.deepEqual(choices, [
    [0, 'finit-compressed', 'finit-compressed'],
    [1, 'finit-compressed', 'finit-compressed'],
    [4, 'finit-unpacked', 'finit-compressed'],
    [10, 'finit-unpacked', 'finit-compressed'],
  ]);
  const other = root.write('other.ko.zst', contents.zstd);
  t.is(chooseCall(other, () => 'xz', true).call, 'init');
});

test('missing and short files are obstacles that name the file', (t) => {
  const { planOf, directory } = setUp(t);
  const { steps, blocked } = planOf(['needs_lost', 'tiny']);
  t.is(steps.length, 3);
  t.deepEqual(
    blocked.map(({ code, module, path, errno }) => [code, module, path, errno]),
    [
      ['ERR_KMOD_MODULE_FILE', 'lost', `${directory}/kernel/lost.ko`, -2],
      ['ERR_KMOD_MODULE_FILE', 'tiny', `${directory}/kernel/tiny.ko`, null],
    ],
  );
});

test('names are looked up as modules, symbols, aliases, builtins, builtin aliases', (t) => {
  const { tree, planOf } = setUp(t);
  const found = (name: string): unknown => lookUp(tree, name).map(({ by, module }) => [by, module]);
  t.deepEqual(found('raid6-pq'), [['name', 'raid6_pq']]);
  t.deepEqual(found('symbol:xor_blocks'), [['symbol', 'xor']]);
  t.deepEqual(found('pci:v00d0001sv0'), [
    ['alias', 'net_a'],
    ['alias', 'net_b'],
  ]);
  t.deepEqual(found('pci:v00d0003sv0'), [['alias', 'net_b']]);
  t.deepEqual(found('unix'), [['builtin', 'unix']]);
  t.deepEqual(found('net-pf-1'), [['builtin-alias', 'unix']]);
  for (const none of ['', 'xor.ko', 'a]b', 'a[b', '../xor', 'pci:v00d0009sv0']) t.deepEqual(found(none), []);
  t.deepEqual(summary(planOf(['unix'])), ['skip-builtin unix']);
  t.is(planOf(['stale_alias']).blocked[0]?.code, 'ERR_KMOD_NOT_FOUND');
});

test('a path is a file, with the dependencies that the index has for its name', (t) => {
  const { planOf, root, tree } = setUp(t);
  const path = root.write('build/btrfs.ko', contents.plain);
  const { steps } = planOf([path]);
  t.deepEqual(
    steps.map((step) => (step.action === 'insert' ? step.path.endsWith('.ko') && step.module : '')),
    ['xor', 'raid6_pq', 'btrfs'],
  );
  t.is(steps.at(-1)?.action === 'insert' ? steps.at(-1)?.module : '', 'btrfs');
  t.like(steps.at(-1), { path });
  t.like(lookUp(tree, './btrfs.ko', { workingDirectory: `${root.path}/build` })[0], {
    module: 'btrfs',
    by: 'path',
  });
  t.throws(() => lookUp(tree, '/nowhere/x.ko'), { code: 'ERR_KMOD_MODULE_FILE', message: /ENOENT/ });
});

test('a name that nothing has is an error with the nearest name', (t) => {
  const { planOf, directory } = setUp(t);
  t.throws(() => planOf(['btrsf']), {
    code: 'ERR_KMOD_NOT_FOUND',
    message: `Module btrsf not found in ${directory}. Did you mean "btrfs"? If its file was added lately, run depmod.`,
  });
  t.throws(() => planOf(['quite_another']), { code: 'ERR_KMOD_NOT_FOUND', message: /not found in [^?]*$/ });
  const empty = new ModuleTree({ root: '/nonexistent', release: RELEASE });
  t.throws(() => requireModules(empty, 'xor'), { code: 'ERR_KMOD_INDEX_MISSING' });
});

test('a damaged index ends the plan', (t) => {
  const { planOf, root } = setUp(t);
  root.write(`lib/modules/${RELEASE}/modules.dep.bin`, Buffer.alloc(64, 0xff));
  t.throws(() => planOf(['xor']), { code: 'ERR_KMOD_INDEX_CORRUPT', message: /modules\.dep\.bin/ });
});

test('insmod plans the file alone', (t) => {
  const { root } = setUp(t);
  root.writeModuleFolder({ name: 'btrfs' });
  const path = root.write('my-btrfs.ko', contents.plain);
  const plan = planInsert(path, 'x=1', { root: root.path });
  t.deepEqual(plan.steps, [
    {
      action: 'insert',
      module: 'my_btrfs',
      path,
      parameters: 'x=1',
      options: [{ text: 'x=1', origin: null }],
      call: 'finit',
      because: { kind: 'asked' },
      required: true,
    },
  ]);
});

test('parameters from records and from command lines', (t) => {
  t.is(parameterText('a=1 b'), 'a=1 b');
  t.is(
    parameterText({ n: 3, yes: true, no: false, s: 'x', spaced: 'a b', list: [1, 2] }),
    'n=3 yes=1 no=0 s=x spaced="a b" list=1,2',
  );
  t.throws(() => parameterText({ 'a b': 1 }), { instanceOf: TypeError, message: /name "a b"/ });
  t.throws(() => parameterText({ a: '"' }), { instanceOf: TypeError, message: /double quote/ });
  t.is(
    joinParameterWords(['y=a b', 'x="q r"', "z='q r'", 'n=1', 'a b', '=a b']),
    `y="a b" x="q r" z='q r' n=1 a b ="a b"`,
  );
});
