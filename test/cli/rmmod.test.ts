/** rmmod and lsmod beside the real kmod, on the same modelled kernel. */
import test, { type ExecutionContext } from 'ava';

import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';
import { KernelModel, type ModelledModule } from '../fixtures/kernel-model.ts';
import { type ModelledRun, runModelledKmod } from '../reference/modelled-kmod.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';

interface Answer extends ModelledRun {
  readonly left: string;
  readonly calls: readonly string[];
}

type Tool = (line: string, modules: readonly ModelledModule[], meanwhile?: () => void) => Promise<Answer>;

interface Setting {
  readonly root: FixtureRoot;
  readonly kmod: Tool;
  readonly ours: Tool;
}

async function setUp(t: ExecutionContext): Promise<Setting> {
  const reference = await referenceKmod('34.2');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.write('work/free.ko', '');
  root.write('work/a-b.ko.xz', '');
  root.write('sys/module/kernel/parameters/x', '');
  const model = new KernelModel(root, []);
  const answer = (run: ModelledRun): Answer => ({
    ...run,
    left: model.names.join(' '),
    calls: [...model.record],
  });
  return {
    root,
    kmod: async (line, modules, meanwhile) => {
      model.reset(modules);
      meanwhile?.();
      return answer(await runModelledKmod(reference, { root, model }, line.split(' ')));
    },
    ours: async (line, modules, meanwhile) => {
      model.reset(modules);
      meanwhile?.();
      const { exitCode, stdout, stderr } = await runCli(root, line.split(' '), model.verdict);
      return answer({ exitCode, stdout, stderr });
    },
  };
}

const loaded: readonly ModelledModule[] = [
  { name: 'top' },
  { name: 'other' },
  { name: 'low', refcount: 2, users: ['top', 'other'] },
  { name: 'busy', refcount: 3 },
  { name: 'both', refcount: 2, users: ['busy'] },
  { name: 'free' },
  { name: 'a_b' },
  { name: 'vrf', isPermanent: true },
  { name: 'coming', refcount: 1, state: 'Loading' },
];
const going: readonly ModelledModule[] = [{ name: 'going', refcount: -1, state: 'Unloading' }];
const noUnload: readonly ModelledModule[] = [{ name: 'free', refcount: '-' }];

const rows: readonly (readonly [string, (readonly ModelledModule[])?])[] = [
  ['rmmod free'],
  ['rmmod -v free'],
  ['rmmod -s free'],
  ['rmmod -f free'],
  ['rmmod work/free.ko'],
  ['rmmod ./work/a-b.ko.xz'],
  ['rmmod a-b'],
  ['rmmod a-b.ko'],
  ['rmmod none/free.ko'],
  ['rmmod work'],
  ['rmmod /'],
  ['rmmod ./'],
  ['rmmod work/ free'],
  ['rmmod top other low'],
  ['rmmod low top'],
  ['rmmod low'],
  ['rmmod -f low'],
  ['rmmod busy free'],
  ['rmmod -f busy'],
  ['rmmod both'],
  ['rmmod none'],
  ['rmmod -f none'],
  ['rmmod vrf'],
  ['rmmod -v vrf'],
  ['rmmod -f vrf'],
  ['rmmod coming'],
  ['rmmod -f coming'],
  ['rmmod -f going', going],
  ['rmmod free', noUnload],
  ['rmmod -f free', noUnload],
  ['rmmod'],
  ['rmmod -w free'],
  ['rmmod free free'],
  ['lsmod'],
  ['lsmod -s'],
  ['lsmod x'],
];

test('the answers of kmod', async (t) => {
  const { kmod, ours } = await setUp(t);
  for (const [line, modules = loaded] of rows) {
    const expected = await kmod(line, modules);
    t.deepEqual(await ours(line, modules), expected, line);
    t.deepEqual(await ours(`${line} --compat=kmod`, modules), expected, `compat: ${line}`);
  }
});

const HEADER = 'Module                  Size  Used by\n';

/** Exit code, stdout and stderr of ours where kmod's are wrong. */
const differences: readonly (readonly [string, readonly ModelledModule[], number, string, string])[] = [
  ['rmmod kernel', loaded, 1, '', 'rmmod: ERROR: Module kernel is builtin.\n'],
  ['rmmod ', loaded, 1, '', 'rmmod: ERROR: Module  is not currently loaded\n'],
  ['rmmod .', loaded, 1, '', 'rmmod: ERROR: Module  is not currently loaded\n'],
  ['rmmod .ko', loaded, 1, '', 'rmmod: ERROR: Module  is not currently loaded\n'],
  ['rmmod going', going, 1, '', 'rmmod: ERROR: Module going is being unloaded by someone else.\n'],
  ['lsmod', going, 0, `${HEADER}going                  16384  0\n`, ''],
  ['lsmod', noUnload, 0, `${HEADER}free                   16384  -\n`, ''],
];

test('where kmod is wrong', async (t) => {
  const { kmod, ours } = await setUp(t);
  for (const [line, modules, exitCode, stdout, stderr] of differences) {
    const theirs = await kmod(line, modules);
    const own = await ours(line, modules);
    t.like(own, { exitCode, stdout, stderr }, line);
    t.notDeepEqual(theirs, own, line);
    t.deepEqual(await ours(`${line} --compat=kmod`, modules), theirs, `compat: ${line}`);
  }
});

test('lsmod: a module that goes after the list was read makes no difference', async (t) => {
  const { kmod, ours, root } = await setUp(t);
  // What is left when it is gone from /sys and was still in the list.
  const vanish = (): void => root.removeModuleFolder('both');
  const theirs = await kmod('lsmod', loaded, vanish);
  t.regex(theirs.stdout, /^both +-2 {2}-2$/m);
  t.deepEqual(await ours('lsmod --compat=kmod', loaded, vanish), theirs);
  t.regex((await ours('lsmod', loaded, vanish)).stdout, /^both +16384 {2}2 busy$/m);
});

test('--compat knows kmod', async (t) => {
  const { ours } = await setUp(t);
  t.like(await ours('rmmod --compat=other free', loaded), {
    exitCode: 1,
    stderr: "rmmod: ERROR: --compat knows only kmod, not 'other'\n",
  });
});
