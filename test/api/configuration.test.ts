import test, { type ExecutionContext } from 'ava';

import { modprobeSync, plan, type PlanOptions } from '../../src/index.ts';
import { readModprobeConfiguration } from '../../src/config.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

interface Setting {
  readonly root: FixtureRoot;
  readonly place: PlanOptions;
}

function setUp(t: ExecutionContext, configuration: string): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { a: { path: 'a.ko' }, b: { path: 'b.ko' }, c: { path: 'c.ko', needs: ['a'] } },
    aliases: [['fits*', 'a']],
  });
  root.write(`lib/modules/${RELEASE}/modules.softdep`, 'softdep b pre: a\n');
  root.write('etc/modprobe.d/x.conf', configuration);
  root.write('proc/cmdline', 'quiet b.line=1');
  root.writeKernel([]);
  return { root, place: { root: root.path, release: RELEASE, kernelRoot: root.path } };
}

const inserted = (names: string, options: PlanOptions): unknown =>
  plan(names, options).steps.map((step) => `${step.module} ${'parameters' in step ? step.parameters : ''}`);

test('configuration is read from the folders, from elsewhere, or not at all', (t) => {
  const { root, place } = setUp(t, 'options b x=1\nalias nick b\n');
  const other = root.write('other.conf', 'options b other=1\n');
  t.deepEqual(inserted('nick', { ...place, configRoot: root.path }), ['a ', 'b x=1 line=1']);
  t.deepEqual(inserted('b', { ...place, config: other }), ['a ', 'b other=1 line=1']);
  t.deepEqual(inserted('b', { ...place, config: [other, `${root.path}/etc/modprobe.d`] }), [
    'a ',
    'b other=1 x=1 line=1',
  ]);
  t.deepEqual(inserted('b', { ...place, config: [] }), ['a ', 'b line=1']);
  t.deepEqual(inserted('b', { ...place, configuration: false }), ['a ', 'b ']);
  const configuration = readModprobeConfiguration({ ...place, config: other });
  t.deepEqual(
    configuration.options.map(({ text, origin }) => [text, origin.file === other]),
    [
      ['other=1', true],
      ['line=1', false],
    ],
  );
  t.deepEqual(inserted('b', { ...place, configuration }), ['a ', 'b other=1 line=1']);
  t.throws(() => plan('b', { ...place, configuration: false, config: other }), { instanceOf: TypeError });
  t.throws(() => plan('b', { ...place, config: [1 as unknown as string] }), { instanceOf: TypeError });
  t.throws(() => plan('b', { ...place, configuration: true as never }), { instanceOf: TypeError });
  t.throws(() => plan('b', { ...place, blacklist: 'some' as never }), { message: /aliases, asked, all/ });
});

test('the blacklist, commands and compat are options', (t) => {
  const { root, place } = setUp(t, 'blacklist a\ninstall a exit 3\ninstall b true\n');
  const options = { ...place, configRoot: root.path };
  const calls = new RecordingCalls(root);
  const run = { ...options, syscalls: calls };
  const left = modprobeSync('fits-it', run);
  t.deepEqual(
    [left.modules, left.steps, left.alreadyLoaded, left.skipped.map(({ kind, module }) => [kind, module])],
    [[], [], false, [['blacklisted', 'a']]],
  );
  t.deepEqual(plan('a', { ...options, blacklist: 'asked' }).steps, []);
  t.is(plan('c', { ...options, blacklist: 'all' }).blocked[0]?.code, 'ERR_KMOD_BLACKLISTED');
  t.throws(() => modprobeSync('a', run), {
    code: 'ERR_KMOD_LOAD_FAILED',
    message: /The install command of a \(.*x\.conf:2\) ended with exit code 3: exit 3/,
  });
  t.deepEqual(modprobeSync('a', { ...run, ignoreCommands: true }).modules, ['a']);
  root.writeKernel([]);
  root.removeModuleFolder('a');
  // The soft dependency's command fails and that does not count; for kmod b's own command does not.
  t.deepEqual(
    modprobeSync('b', run).steps.map(({ module, outcome }) => `${module} ${outcome}`),
    ['a failed-optional', 'b command-run'],
  );
  t.deepEqual(
    plan('b', { ...options, compat: true }).steps.map(({ action, module }) => `${action} ${module}`),
    ['command a', 'insert b'],
  );
});
