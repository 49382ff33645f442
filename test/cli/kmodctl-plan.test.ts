import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { packageRoot } from '../../src/native/load-binding.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

interface Setting {
  readonly root: FixtureRoot;
  readonly kmodctl: (...argv: readonly string[]) => Promise<CliResult>;
}

function setUp(t: ExecutionContext, configuration: string): Setting {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      low: { path: 'low.ko' },
      top: { path: 'top.ko', needs: ['low'] },
      lost: { path: 'lost.ko', isMissing: true },
    },
    builtin: ['unix'],
    aliases: [['fits*', 'low']],
  });
  root.write('etc/modprobe.d/x.conf', configuration);
  root.writeKernel([]);
  return { root, kmodctl: async (...argv) => await runCli(root, ['kmodctl', ...argv, '-d', root.path]) };
}

const configuration = `alias nick top
options low x=1
install top modprobe -i top $CMDLINE_OPTS
softdep top pre: none post: unix
weakdep low lost
blacklist low
`;

test('a plan with configuration, as text', async (t) => {
  const { root, kmodctl } = setUp(t, configuration);
  const { stdout, exitCode } = await kmodctl('plan', 'nick', 'fits-1');
  t.is(exitCode, 0);
  t.is(
    stdout.replaceAll(`${root.path}/lib/modules/${RELEASE}`, 'TREE').replaceAll(root.path, ''),
    `low   load         dependency of top      TREE/low.ko x=1
top   run command  asked                  modprobe -i top $CMDLINE_OPTS (/etc/modprobe.d/x.conf:3)
unix  builtin      softdep (post) of top
skipped: lost, weakdep of low: low may ask for it while it is in use
skipped: none, softdep (pre) of top: nothing has this name
skipped: low: it is loaded as a dependency of top already
2 modules to load.
`,
  );
  t.regex((await kmodctl('plan', '-i', 'nick')).stdout, /\ntop +load +asked +\S+top\.ko\n/);
  t.regex((await kmodctl('plan', '-b', 'low')).stdout, /^skipped: low: it is blacklisted by .*x\.conf:6\n0 /);
  const other = root.write('other.conf', 'options low y=2\n');
  t.regex((await kmodctl('plan', '-C', other, 'low')).stdout, /low\.ko y=2\n/);
  t.regex((await kmodctl('plan', '--compat=kmod', 'top')).stdout, /\ntop +load +asked/);
});

test('a plan as JSON has the origin of every reason', async (t) => {
  const { root, kmodctl } = setUp(t, configuration);
  const { stdout } = await kmodctl('plan', '--json', 'nick');
  const document = JSON.parse(stdout) as {
    readonly schema: string;
    readonly targets: readonly unknown[];
    readonly steps: readonly { readonly because: unknown }[];
    readonly skipped: readonly unknown[];
  };
  const file = `${root.path}/etc/modprobe.d/x.conf`;
  const index = `${root.path}/lib/modules/${RELEASE}/modules.dep.bin`;
  t.is(document.schema, 'kmodctl/plan/1');
  t.deepEqual(document.targets, [
    {
      asked: 'nick',
      module: 'top',
      by: 'configured-alias',
      alias: 'nick',
      origin: { file, line: 1 },
    },
  ]);
  t.deepEqual(
    document.steps.map(({ because }) => because),
    [
      { kind: 'dependency', of: 'top', origin: { file: index, line: null } },
      { kind: 'asked', name: 'nick', by: 'configured-alias', origin: { file, line: 1 } },
      { kind: 'softdep', of: 'top', order: 'post', origin: { file, line: 4 } },
    ],
  );
  t.like(document.skipped[0], { kind: 'weakdep', module: 'lost', origin: { file, line: 5 } });
  const asked = JSON.parse((await kmodctl('plan', '--json', 'low')).stdout) as typeof document;
  t.deepEqual(asked.steps[0]?.because, { kind: 'asked', name: 'low', by: 'name', origin: null });
});

test('pictures of a plan', async (t) => {
  const { kmodctl } = setUp(t, configuration);
  const dot = await kmodctl('plan', '--graph=dot', 'nick');
  t.regex(dot.stdout, /^digraph plan \{\n[^]*"asked nick" -> "top" \[label="alias"[^]*\}\n$/);
  t.regex((await kmodctl('plan', '--graph', 'mermaid', 'lost')).stdout, /n0\["lost<br\/>finit"\]:::blocked/);
  t.is((await kmodctl('plan', '--graph=mermaid', 'lost')).exitCode, 1);
  for (const option of ['--json', '--remove']) {
    const both = await kmodctl('plan', '--graph=dot', option, 'nick');
    t.is(both.exitCode, 1);
    t.true(`${both.stdout}${both.stderr}`.includes(`--graph and ${option} exclude each other`), option);
  }
  const wrong = await kmodctl('plan', '--graph=png', 'nick');
  t.regex(wrong.stderr, /^kmodctl plan: --graph takes dot, mermaid or svg, not 'png'\n/);
  t.regex((await kmodctl('plan', '--compat=busybox', 'nick')).stderr, /--compat knows only kmod/);
});

test('load takes the configuration, and says what the blacklist holds back', async (t) => {
  const { kmodctl, root } = setUp(t, configuration);
  const held = await kmodctl('load', 'fits-1');
  t.is(held.exitCode, 0);
  t.is(held.stdout, `Nothing to do for low: it is blacklisted by ${root.path}/etc/modprobe.d/x.conf:6.\n`);
  t.deepEqual((await kmodctl('load', 'low', 'y=2')).calls, ['finit low 0 x=1 y=2']);
});

test('a command that leads back to itself ends with an error, through the real shell', (t) => {
  const { root } = setUp(t, '');
  const bundle = join(packageRoot(), 'dist/cli/kmodctl.cjs');
  const place = `-C ${root.path}/loop.conf -d ${root.path} -S ${RELEASE}`;
  const modprobe = `${process.execPath} ${bundle} modprobe ${place}`;
  const run = (...words: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [bundle, 'modprobe', ...place.split(' '), ...words], { encoding: 'utf8' });
  root.write('loop.conf', `install low ${modprobe} only\ninstall only ${modprobe} low\n`);
  const loop = run('low');
  t.is(loop.status, 1);
  t.regex(
    String(loop.stderr),
    /^modprobe: ERROR: could not insert 'low': The install command of low \(.*loop\.conf:1\) leads back to itself: install low, install only, install low\. Let the command say modprobe --ignore-install low\.\n/,
  );
  // What a command does with its own module goes well, and options reach it as they are.
  const owned = join(root.path, 'owned');
  root.write('loop.conf', `install low ${modprobe} -n -v --ignore-install low $CMDLINE_OPTS\n`);
  const nested = run(
    'low',
    'a=b c',
    `x=$(touch\${IFS}${owned})`,
    `y=;touch ${owned};`,
    `z=\`touch ${owned}\``,
  );
  t.is(nested.status, 0);
  t.is(
    String(nested.stdout),
    `insmod ${root.path}/lib/modules/${RELEASE}/low.ko a="b c" x=$(touch\${IFS}${owned}) y=";touch ${owned};" z="\`touch ${owned}\`"\n`,
  );
  t.false(existsSync(owned));
});
