/**
 * A modules.conf and what it is converted to: our modprobe works from the first, the real kmod from the second, on the same
 * modelled kernel. What is loaded, with which parameters, and which commands are run has to be the same, wherever the
 * conversion warns of nothing.
 */
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { convertModulesConf } from '../../src/config/modules-conf/convert.ts';
import { parseModulesConf } from '../../src/config/modules-conf/read-modules-conf.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { KernelModel } from '../fixtures/kernel-model.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { runModelledKmod } from '../reference/modelled-kmod.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

/** What a name did. */
interface Effect {
  readonly hasSucceeded: boolean;
  /** Modules in the order of loading, with the values of their parameters. */
  readonly loaded: readonly string[];
  readonly commands: string;
}

interface Setting {
  readonly ours: (text: string, name: string) => Promise<Effect>;
  /** Undefined where the conversion warns of something. */
  readonly kmod: (text: string, name: string) => Promise<Effect | undefined>;
}

const FAILING = 'broken';
const modules = ['a', 'd', 'e', 'f', 'g-g', FAILING];

async function setUp(t: ExecutionContext): Promise<Setting> {
  const reference = await referenceKmod('34.2');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      ...Object.fromEntries(modules.map((name) => [name.replace('-', '_'), { path: `kernel/${name}.ko` }])),
      b: { path: 'kernel/b.ko', needs: ['a'] },
      c: { path: 'kernel/c.ko', needs: ['b', 'a'] },
    },
  });
  root.write('proc/cmdline', '');
  const model = new KernelModel(root, []);
  model.refusals.set(FAILING, -19);
  const log = join(root.path, 'commands');
  const file = join(root.path, 'modules.conf');
  const place = ['-d', root.path, '-S', RELEASE];
  const begin = (): void => {
    model.reset([]);
    rmSync(log, { force: true });
  };
  const effect = (exitCode: number): Effect => ({
    hasSucceeded: exitCode === 0,
    loaded: loadedOf(model.record),
    commands: textOf(log),
  });
  const withLog = (text: string): string => text.replaceAll('@', log);
  return {
    ours: async (text, name) => {
      begin();
      root.write('modules.conf', withLog(text));
      const argv = [
        'modprobe',
        ...place,
        '-C',
        join(root.path, 'none'),
        `--modules-conf=${file}`,
        '-q',
        name,
      ];
      const { exitCode } = await runCli(root, argv, model.verdict);
      return effect(exitCode);
    },
    kmod: async (text, name) => {
      begin();
      const parsed = parseModulesConf(withLog(text), { file, release: RELEASE, environment: {} });
      const { modprobe, warnings } = convertModulesConf(parsed);
      if (warnings.length > 0) return undefined;
      const tool = join(root.path, 'modprobe');
      root.write('conf.d/a.conf', modprobe.replaceAll('/sbin/modprobe', tool));
      root.write('modprobe', toolScript(reference.command('modprobe'), place, join(root.path, 'conf.d')));
      chmodSync(tool, 0o755);
      const argv = ['modprobe', '-C', join(root.path, 'conf.d'), ...place, '-q', name];
      const { exitCode } = await runModelledKmod(reference, { root, model }, argv);
      return effect(exitCode);
    },
  };
}

/** A modprobe for the commands of the configuration: its calls go to the model, too. */
function toolScript(command: readonly string[], place: readonly string[], configuration: string): string {
  const [loader = '', ...rest] = command;
  const words = [
    loader,
    '--preload',
    '"$KMODCTL_TEST_LIBRARY"',
    ...rest,
    '-C',
    configuration,
    ...place,
    '-q',
  ];
  return `#!/bin/sh\nunset MODPROBE_OPTIONS\nexec ${words.join(' ')} "$@"\n`;
}

/** What is there in the end, in the order in which it came. */
function loadedOf(record: readonly string[]): readonly string[] {
  const loaded = new Map<string, string>();
  for (const call of record) {
    const [word, name = '', , ...parameters] = call.split(' ');
    if (word === 'delete') loaded.delete(name);
    else if (name !== FAILING && !loaded.has(name)) loaded.set(name, lastValues(parameters));
  }
  return [...loaded].map(([name, values]) => `${name} ${values}`.trim());
}

/** Of several values of a parameter the kernel takes the last one. */
function lastValues(words: readonly string[]): string {
  const values = new Map<string, string>();
  for (const word of words.filter((each) => each !== '')) values.set(word.split('=')[0] ?? '', word);
  return [...values.values()].toSorted().join(' ');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const cases: readonly (readonly [text: string, ...names: string[]])[] = [
  ['alias eth0 card\nalias card g-g\noptions g-g x=1 y=2\noptions eth0 y=3\n', 'eth0', 'card', 'g_g'],
  ['above c d nosuch\nbelow c e\n', 'c', 'd'],
  ['above c broken d\nbelow c broken\n', 'c'],
  ['alias net-pf-4 off\nalias base null\nabove base d e\nalias set base\n', 'net-pf-4', 'base', 'set'],
  [
    'probe card nosuch broken d e\nprobeall cards broken d nosuch e\nalias host card\n',
    'card',
    'cards',
    'host',
  ],
  ['probe none nosuch broken\nprobeall nones broken\n', 'none', 'nones'],
  [
    'pre-install d echo A >>@\npost-install d echo B >>@\nalias x d\npre-install x echo C >>@\npost-install x echo D >>@\n',
    'x',
    'd',
  ],
  ['pre-install d false\nabove e d\nbelow f d\n', 'd', 'e', 'f'],
  ['post-install d false\nabove e d\n', 'd', 'e'],
  ['install d echo instead >>@\noptions d a=1\nbelow c d\n', 'd', 'c'],
  ['define WHERE @\npre-install d echo $HOW >> $WHERE\n', 'd'],
  // As real files have it: sound, a card with a helper, network cards, hot-plugged adapters.
  [
    'alias char-major-14-3 d\noptions d irq=5 io=0x220 dma=1 dma16=5\nadd above d e\noptions e io=0x388\n',
    'char-major-14-3',
  ],
  ['alias char-major-81-0 c\npre-install c echo tuner >>@\noptions c radio=0 card=0\n', 'char-major-81-0'],
  [
    'pre-install e echo ide >>@\npre-install f echo ide >>@\nadd above a f\nadd above d g-g\n',
    'e',
    'f',
    'd',
    'b',
  ],
  ['above d e\nadd above d f\nbelow d a\nbelow d b\n', 'd'],
];

test('what real files say comes out the same by kmod from what it is converted to', async (t) => {
  t.timeout(240_000);
  const { ours, kmod } = await setUp(t);
  for (const [text, ...names] of cases)
    for (const name of names) {
      const theirs = await kmod(text, name);
      if (theirs === undefined) t.fail(`a warning for ${text}`);
      t.deepEqual(await ours(text, name), theirs, `${name}:\n${text}`);
    }
});

test('random configurations come out the same', async (t) => {
  t.timeout(240_000);
  const { ours, kmod } = await setUp(t);
  let compared = 0;
  for (let seed = 1; seed <= 24; seed++) {
    const text = randomConfiguration(pseudoRandom(seed));
    for (const name of ['x', 'c', 'list', 'd']) {
      const theirs = await kmod(text, name);
      if (theirs === undefined) continue;
      compared++;
      t.deepEqual(await ours(text, name), theirs, `seed ${seed}, ${name}:\n${text}`);
    }
  }
  t.true(compared > 36, `only ${compared} were compared`);
});

function randomConfiguration(random: ReturnType<typeof pseudoRandom>): string {
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
  const some = (list: readonly string[]): string =>
    Array.from({ length: 1 + random(2) }, () => pick(list)).join(' ');
  const members = [...modules, 'c', 'nosuch'];
  // One name each, so that no line replaces another one, and nothing leads back to itself.
  const lines = [
    `alias x ${pick(['y', 'c', 'd', 'e'])}`,
    `alias y ${pick(['d', 'e', 'f', 'null'])}`,
    `${pick(['probe', 'probeall'])} list ${some(members)} ${pick(['d', 'e', 'f'])}`,
    `options ${pick(['c', 'd', 'x', 'y'])} p=${random(9)} q=${random(9)}`,
    `options ${pick(['e', 'f'])} p=${random(9)}`,
    `above c ${some(['e', 'f', FAILING, 'nosuch'])}`,
    `below d ${some(['a', 'g-g', FAILING, 'nosuch'])}`,
    `pre-install e echo one >>@${pick(['', '; false'])}`,
    `post-install f echo two >>@${pick(['', '', '; false'])}`,
  ];
  return `${lines.filter(() => random(3) > 0).join('\n')}\n`;
}
