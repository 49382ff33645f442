import test, { type ExecutionContext } from 'ava';

import { parseModprobeConfiguration } from '../../src/config/modprobe-config-reader.ts';
import type { ModprobeConfiguration } from '../../src/config/modprobe-configuration.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { planLoad } from '../../src/plan/load-plan.ts';
import { lookUp, requireModules } from '../../src/plan/lookup.ts';
import type { LoadPlan } from '../../src/plan/plan.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

const configurationOf = (...lines: readonly string[]): ModprobeConfiguration =>
  parseModprobeConfiguration(`${lines.join('\n')}\n`, { file: '/etc/modprobe.d/test.conf' });

interface Setting {
  readonly root: FixtureRoot;
  readonly tree: ModuleTree;
  readonly planOf: (
    names: readonly string[],
    configuration: ModprobeConfiguration,
    options?: Partial<Parameters<typeof planLoad>[0]>,
  ) => LoadPlan;
}

/** b needs a, c needs b and a; d and e have the alias `two`. */
function setUp(t: ExecutionContext): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      a: { path: 'a.ko' },
      b: { path: 'b.ko', needs: ['a'] },
      c: { path: 'c.ko', needs: ['b', 'a'] },
      d: { path: 'd.ko' },
      e: { path: 'e.ko' },
      lost: { path: 'lost.ko', isMissing: true },
    },
    builtin: ['unix'],
    aliases: [
      ['two', 'd'],
      ['t?o', 'e'],
      ['broken', 'lost'],
      ['brok*', 'removed'],
    ],
    symbols: [['shown', 'a']],
    builtinAliases: [['net_pf_1', 'unix']],
  });
  root.writeKernel([]);
  const tree = new ModuleTree({ root: root.path, release: RELEASE });
  const kernel = { root: root.path };
  return {
    root,
    tree,
    planOf: (names, configuration, options) =>
      planLoad({
        targets: names.flatMap((name) => requireModules(tree, name, { configuration })),
        tree,
        configuration,
        kernel,
        ...options,
      }),
  };
}

/** Steps in short: `insert a x=1`, `command b`; those that are not required in brackets. */
const summary = ({ steps }: LoadPlan): readonly string[] =>
  steps.map((step) => {
    const parameters = 'parameters' in step && step.parameters !== '' ? ` ${step.parameters}` : '';
    const text = `${step.action} ${step.module}${parameters}`;
    return step.required ? text : `(${text})`;
  });

test('a name is looked up in the order of kmod, configuration included', (t) => {
  const { tree } = setUp(t);
  const configuration = configurationOf(
    'alias a* d',
    'alias ?a e',
    'alias a e',
    'alias x-[-]y a',
    'install only-install true',
    'install b* false',
    'install b[1 false',
    'remove only_remove true',
    'remove only_install false',
    'install two true',
    'install unix true',
  );
  const found = (name: string): unknown =>
    lookUp(tree, name, { configuration }).map(({ by, module, alias, command, origin }) => [
      `${by} ${module} ${alias}`,
      command?.command ?? null,
      origin?.line ?? null,
    ]);
  // A configured alias hides the module of that name, and all that fit count, in the order of the lines.
  t.deepEqual(found('a'), [
    ['configured-alias d a*', null, 1],
    ['configured-alias e a', null, 3],
  ]);
  t.deepEqual(found('x_[-]y'), []);
  t.deepEqual(found('x--y'), []);
  t.deepEqual(found('b'), [['name b null', null, null]]);
  t.deepEqual(found('symbol:shown'), [['symbol a symbol:shown', null, null]]);
  // Commands come before the aliases of the tree, by their exact names only.
  t.deepEqual(found('only-install'), [['command only_install null', 'true', 5]]);
  t.deepEqual(found('only_remove'), [['command only_remove null', null, 8]]);
  t.deepEqual(found('two'), [['command two null', 'true', 10]]);
  t.deepEqual(found('too'), [['alias e too', null, null]]);
  t.deepEqual(found('unix'), [['command unix null', 'true', 11]]);
  t.deepEqual(found('net-pf-1'), [['builtin-alias unix net_pf_1', null, null]]);
  t.deepEqual(found('bb'), []);
});

test('options come from the module, the alias that it was asked by, and the caller, each with its origin', (t) => {
  const { planOf } = setUp(t);
  const configuration = configurationOf(
    'options c one=1',
    'options nick two=2',
    'options b dep=1',
    'options c three=3',
    'alias nick c',
    'alias ni* c',
  );
  const plan = planOf(['nick'], configuration, { parameters: 'own=1 x' });
  t.deepEqual(summary(plan), ['insert a', 'insert b dep=1', 'insert c one=1 two=2 three=3 own=1 x']);
  const options = plan.steps.flatMap((step) => (step.action === 'insert' ? step.options : []));
  t.deepEqual(
    options.map(({ text, origin }) => [text, origin?.line ?? null]),
    [
      ['dep=1', 3],
      ['one=1', 1],
      ['two=2', 2],
      ['three=3', 4],
      ['own=1 x', null],
    ],
  );
  t.deepEqual(
    plan.targets.map(({ asked, module, by, alias, origin }) => [asked, module, by, alias, origin?.line]),
    [
      ['nick', 'c', 'configured-alias', 'nick', 5],
      ['nick', 'c', 'configured-alias', 'ni*', 6],
    ],
  );
  t.deepEqual(summary(planOf(['c'], configuration)), [
    'insert a',
    'insert b dep=1',
    'insert c one=1 three=3',
  ]);
});

test('an install command takes the place of a module, and its options go into the environment', (t) => {
  const { planOf, tree } = setUp(t);
  const line = 'install c modprobe -i c $CMDLINE_OPTS && echo $CMDLINE_OPTS';
  const configuration = configurationOf('options c o=1', line, 'install [ab] never', 'install a late');
  const hostile = 'x=$(touch /tmp/owned); rm -rf / `id` "q q"';
  const plan = planOf(['c'], configuration, { parameters: hostile });
  t.deepEqual(
    plan.steps.map(({ action, module }) => `${action} ${module}`),
    ['command a', 'command b', 'command c'],
  );
  t.deepEqual(plan.steps[2], {
    action: 'command',
    directive: 'install',
    module: 'c',
    path: `${tree.directory}/c.ko`,
    template: line.slice(10),
    command: line.slice(10),
    environment: {
      MODPROBE_MODULE: 'c',
      CMDLINE_OPTS: `o=1 ${hostile}`,
      KMODCTL_COMMAND_CHAIN: 'install:c',
    },
    parameters: `o=1 ${hostile}`,
    options: [
      { text: 'o=1', origin: { file: '/etc/modprobe.d/test.conf', line: 1 } },
      { text: hostile, origin: null },
    ],
    origin: { file: '/etc/modprobe.d/test.conf', line: 2 },
    because: { kind: 'asked' },
    required: true,
  });
  const compat = planOf(['c'], configuration, { parameters: 'p=$1', compat: true }).steps[2];
  t.like(compat, {
    command: 'modprobe -i c o=1 p=$1 && echo o=1 p=$1',
    environment: { MODPROBE_MODULE: 'c', KMODCTL_COMMAND_CHAIN: 'install:c' },
  });
  t.false(compat?.action === 'command' && 'CMDLINE_OPTS' in compat.environment);
  t.deepEqual(summary(planOf(['c'], configuration, { ignoreCommands: true })), [
    'command a',
    'command b',
    'insert c o=1',
  ]);
});

test('a command that leads back to itself is an obstacle', (t) => {
  const { planOf } = setUp(t);
  const configuration = configurationOf('install a modprobe b', 'softdep d pre: a');
  const chain = { commandChain: 'install:c install:a remove:d' };
  const plan = planOf(['a'], configuration, chain);
  t.is(plan.blocked[0]?.code, 'ERR_KMOD_COMMAND_LOOP');
  t.is(
    plan.blocked[0]?.reason,
    'The install command of a (/etc/modprobe.d/test.conf:1) leads back to itself: install a, remove d, install a. Let the command say modprobe --ignore-install a.',
  );
  const soft = planOf(['d'], configuration, chain);
  t.deepEqual([soft.blocked.length, soft.tolerated[0]?.code], [0, 'ERR_KMOD_COMMAND_LOOP']);
  t.deepEqual(planOf(['a'], configuration, { ...chain, ignoreCommands: true }).blocked, []);
  const step = planOf(['a'], configuration, { commandChain: 'install:c' }).steps[0];
  t.like(step, { environment: { KMODCTL_COMMAND_CHAIN: 'install:c install:a' } });
});

test('an install command wins over soft dependencies, which stand around it; for kmod it loses', (t) => {
  const { planOf } = setUp(t);
  const configuration = configurationOf(
    'install d /bin/false',
    'softdep d pre: a post: e',
    'install e true',
    'softdep e pre: none',
  );
  t.deepEqual(summary(planOf(['d'], configuration)), ['(insert a)', 'command d', '(command e)']);
  t.deepEqual(summary(planOf(['d'], configuration, { compat: true })), [
    '(insert a)',
    'insert d',
    '(command e)',
  ]);
  const loop = configurationOf('install d late', 'softdep d pre: e', 'softdep e pre: d');
  t.deepEqual(summary(planOf(['e'], loop)), ['(command d)', 'insert e']);
  t.deepEqual(summary(planOf(['d'], loop, { ignoreCommands: true })), ['insert d']);
  // With -i neither of the named module counts; those of others do.
  t.deepEqual(summary(planOf(['d'], configuration, { ignoreCommands: true })), ['insert d']);
});

test('all softdep lines count, for kmod the first', (t) => {
  const { planOf } = setUp(t);
  const configuration = configurationOf('softdep d pre: a', 'softdep d* pre: e two', 'alias two b');
  t.deepEqual(summary(planOf(['d'], configuration)), ['(insert a)', '(insert e)', '(insert b)', 'insert d']);
  t.deepEqual(summary(planOf(['d'], configuration, { compat: true })), ['(insert a)', 'insert d']);
});

test('weak dependencies are told of and not loaded', (t) => {
  const { planOf } = setUp(t);
  const plan = planOf(['b'], configurationOf('weakdep b d e', 'weakdep a e'));
  t.deepEqual(summary(plan), ['insert a', 'insert b']);
  t.deepEqual(
    plan.skipped.map(({ kind, module, because, origin }) => [kind, module, because.kind, origin?.line]),
    [
      ['weakdep', 'e', 'weakdep', 2],
      ['weakdep', 'd', 'weakdep', 1],
      ['weakdep', 'e', 'weakdep', 1],
    ],
  );
});

test('the blacklist holds for aliases, for all that is asked for, or for all', (t) => {
  const { planOf } = setUp(t);
  const configuration = configurationOf('blacklist d', 'blacklist a', 'blacklist d', 'softdep e pre: d');
  t.deepEqual(summary(planOf(['d'], configuration)), ['insert d']);
  const byAlias = planOf(['two'], configuration);
  t.deepEqual(summary(byAlias), ['(insert d)', '(insert e)']);
  t.deepEqual(byAlias.skipped, [
    {
      kind: 'blacklisted',
      module: 'd',
      reason: 'it is blacklisted by /etc/modprobe.d/test.conf:1',
      because: { kind: 'asked' },
      origin: { file: '/etc/modprobe.d/test.conf', line: 1 },
    },
  ]);
  t.deepEqual(summary(planOf(['d'], configuration, { blacklist: 'asked' })), []);
  t.deepEqual(summary(planOf(['b', 'e'], configuration, { blacklist: 'asked' })), [
    'insert a',
    'insert b',
    '(insert d)',
    'insert e',
  ]);
  const all = planOf(['b', 'e'], configuration, { blacklist: 'all' });
  t.deepEqual(summary(all), ['insert b', 'insert e']);
  t.deepEqual(
    all.blocked.map(({ code, module, reason }) => [code, module, reason]),
    [
      [
        'ERR_KMOD_BLACKLISTED',
        'a',
        'Module a is needed, and it is blacklisted by /etc/modprobe.d/test.conf:2.',
      ],
    ],
  );
  t.is(all.skipped[0]?.module, 'd');
  const compat = planOf(['b'], configuration, { blacklist: 'all', compat: true });
  t.deepEqual([summary(compat), compat.blocked], [['insert b'], []]);
});

test('modules behind one alias are alternatives: one that works is enough', (t) => {
  const { planOf } = setUp(t);
  const none = configurationOf();
  t.deepEqual(summary(planOf(['two'], none)), ['(insert d)', '(insert e)']);
  t.deepEqual(summary(planOf(['two'], none, { compat: true })), ['(insert d)', 'insert e']);
  t.deepEqual(summary(planOf(['two', 'd'], none)), ['insert d', '(insert e)']);
  const broken = planOf(['broken'], none);
  t.deepEqual(
    [summary(broken), broken.blocked.map(({ code }) => code)],
    [['(insert lost)'], ['ERR_KMOD_NOT_FOUND', 'ERR_KMOD_MODULE_FILE']],
  );
  const mixed = planOf(['mix'], configurationOf('alias mix lost', 'alias mix d', 'alias mix removed'));
  t.deepEqual(
    [mixed.blocked, mixed.tolerated.map(({ module, code }) => [module, code])],
    [
      [],
      [
        ['lost', 'ERR_KMOD_MODULE_FILE'],
        ['removed', 'ERR_KMOD_NOT_FOUND'],
      ],
    ],
  );
});
