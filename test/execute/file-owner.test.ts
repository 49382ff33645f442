import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { runEffectsSync } from '../../src/execute/effect.ts';
import { FileOwners, type OwnerFinding } from '../../src/execute/file-owner.ts';
import type { LoadRunOptions } from '../../src/execute/load-options.ts';
import { loadRun } from '../../src/execute/load-run.ts';
import type { PlanFailure } from '../../src/execute/plan-failure.ts';
import { planInsert } from '../../src/plan/insert-plan.ts';
import type { LoadPlan } from '../../src/plan/plan.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { contents, FixtureRoot } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

const USER = 1000;

function setUp(t: ExecutionContext): { readonly root: FixtureRoot; readonly file: string } {
  t.is(process.geteuid?.(), 0, 'these tests give files away, which only root can');
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeKernel([]);
  const file = root.write('lib/modules/mine.ko', contents.plain);
  chmodSync(file, 0o644);
  return { root, file };
}

const faultOf = (path: string): string | undefined => new FileOwners().inspect(path)?.text;

test('a file of root in folders of root is in order, also below /tmp', (t) => {
  const { file } = setUp(t);
  t.is(faultOf(file), undefined);
  chmodSync(file, 0o664);
  t.is(faultOf(file), undefined, 'the group of root is root');
});

test('owner and mode of the file, of the folders above it and of links on the way', (t) => {
  const { root, file } = setUp(t);
  const folder = join(root.path, 'lib/modules');
  const changes: readonly (readonly [string, () => void, () => void, RegExp])[] = [
    [
      'owner',
      () => chownSync(file, USER, 0),
      () => chownSync(file, 0, 0),
      /^\S+mine\.ko belongs to the user 1000/,
    ],
    [
      'others',
      () => chmodSync(file, 0o646),
      () => chmodSync(file, 0o644),
      /mine\.ko may be written to by everybody/,
    ],
    [
      'group',
      () => {
        chownSync(file, 0, USER);
        chmodSync(file, 0o664);
      },
      () => {
        chownSync(file, 0, 0);
        chmodSync(file, 0o644);
      },
      /mine\.ko may be written to by the group 1000/,
    ],
    [
      'folder',
      () => chownSync(folder, USER, 0),
      () => chownSync(folder, 0, 0),
      /mine\.ko is used, and \S+modules belongs to the user 1000/,
    ],
    [
      'open folder',
      () => chmodSync(root.path, 0o777),
      () => chmodSync(root.path, 0o700),
      /root-\S+ may be written to by everybody/,
    ],
  ];
  for (const [title, break_, mend, expected] of changes) {
    break_();
    t.regex(faultOf(file) ?? '', expected, title);
    mend();
    t.is(faultOf(file), undefined, title);
  }
  chmodSync(folder, 0o1777);
  t.is(faultOf(file), undefined, 'nobody else can rename what is in a sticky folder');
  const link = join(folder, 'link.ko');
  symlinkSync('mine.ko', link);
  t.is(faultOf(link), undefined);
  lchownSync(link, USER, USER);
  t.regex(faultOf(link) ?? '', /link\.ko belongs to the user 1000/);
  chmodSync(folder, 0o755);
  t.is(faultOf(link), undefined, 'nobody can put another link there');
  const far = join(root.path, 'far');
  mkdirSync(far);
  symlinkSync('../lib/modules', join(far, 'to'));
  symlinkSync('far/to/mine.ko', join(root.path, 'start'));
  t.is(faultOf(join(root.path, 'start')), undefined);
  chmodSync(far, 0o777);
  t.regex(faultOf(join(root.path, 'start')) ?? '', /far may be written to by everybody/);
});

test('the open file counts, not what its path leads to by now', (t) => {
  const { root, file } = setUp(t);
  const descriptor = openSync(file, 'r');
  const other = root.write('lib/modules/other.ko', contents.plain);
  chownSync(file, USER, USER);
  renameSync(other, file);
  const owners = new FileOwners();
  t.is(owners.inspect(file), undefined);
  t.regex(owners.inspect(file, descriptor)?.text ?? '', /belongs to the user 1000/);
  closeSync(descriptor);
});

function run(
  root: FixtureRoot,
  plan: LoadPlan,
  options: LoadRunOptions,
): { calls: readonly string[]; findings: readonly OwnerFinding[] } {
  const findings: OwnerFinding[] = [];
  const calls = new RecordingCalls(root);
  const kernel = { root: root.path };
  runEffectsSync(
    loadRun(plan, { kernel, onOwnerFinding: (finding) => void findings.push(finding), ...options }),
    calls,
  );
  return { calls: calls.record, findings };
}

test('root is warned, or refused on request', (t) => {
  const { root, file } = setUp(t);
  const plan = planInsert(file, '', { root: root.path });
  t.deepEqual(run(root, plan, {}).findings, []);
  chownSync(file, USER, USER);
  for (const [options, count] of [
    [{}, 1],
    [{ checkOwner: 'off' }, 0],
    [{ compat: true }, 0],
    [{ compat: true, checkOwner: 'warn' }, 1],
  ] as const) {
    root.removeModuleFolder('mine');
    const { calls, findings } = run(root, plan, options);
    t.deepEqual(calls, ['finit mine 0']);
    t.is(findings.length, count, JSON.stringify(options));
  }
  root.removeModuleFolder('mine');
  const error = t.throws(() => run(root, plan, { checkOwner: 'refuse' }));
  t.like(error, { code: 'ERR_KMOD_LOAD_FAILED', errno: -1, module: 'mine' });
  t.like((error as PlanFailure).cause, { code: 'ERR_KMOD_OWNER', path: file });
});

test('lines of the configuration that a plan rests on count too', (t) => {
  const { root, file } = setUp(t);
  const conf = root.write('etc/modprobe.d/x.conf', 'options mine a=1\n');
  const plan = planInsert(file, 'a=1', { root: root.path });
  const [step] = plan.steps;
  if (step?.action !== 'insert') throw new Error('no step');
  const configured = {
    ...plan,
    steps: [{ ...step, options: [{ text: 'a=1', origin: { file: conf, line: 1 } }] }],
  };
  t.deepEqual(run(root, configured, {}).findings, []);
  root.removeModuleFolder('mine');
  chmodSync(conf, 0o666);
  t.deepEqual(
    run(root, configured, {}).findings.map(({ place }) => place),
    [conf],
  );
  root.removeModuleFolder('mine');
  t.throws(() => run(root, configured, { checkOwner: 'refuse' }), { code: 'ERR_KMOD_OWNER' });
});

test('insmod and kmodctl load: nothing is said of what is in order', async (t) => {
  const { root, file } = setUp(t);
  const insmod = async (...options: readonly string[]): Promise<string> => {
    root.removeModuleFolder('mine');
    const { exitCode, stderr, calls } = await runCli(root, ['insmod', ...options, file]);
    return `${exitCode} ${calls.length} ${stderr}`;
  };
  const load = async (...options: readonly string[]): Promise<string> => {
    root.removeModuleFolder('mine');
    const { exitCode, stderr, calls } = await runCli(root, [
      'kmodctl',
      'load',
      '-d',
      root.path,
      ...options,
      file,
    ]);
    return `${exitCode} ${calls.length} ${stderr}`;
  };
  t.is(await insmod(), '0 1 ');
  t.is(await load(), '0 1 ');
  chownSync(file, USER, USER);
  t.regex(
    await insmod(),
    /^0 1 insmod: WARNING: \S+mine\.ko belongs to the user 1000 and not to root: .*\n$/,
  );
  t.is(await insmod('--check-owner=off'), '0 1 ');
  t.regex(
    await insmod('--check-owner', 'refuse'),
    /^1 0 insmod: ERROR: could not insert module \S+: \S+ belongs to the user 1000/,
  );
  t.regex(
    await insmod('--check-owner=maybe'),
    /^1 0 insmod: ERROR: --check-owner takes off, warn or refuse, not 'maybe'\n$/,
  );
  t.regex(await load(), /^0 1 kmodctl load: warning: \S+mine\.ko belongs to the user 1000/);
  t.is(await load('--check-owner=off'), '0 1 ');
  t.regex(
    await load('--check-owner=refuse'),
    /^1 0 kmodctl load: .*belongs to the user 1000.*code: ERR_KMOD_LOAD_FAILED\n$/s,
  );
});
