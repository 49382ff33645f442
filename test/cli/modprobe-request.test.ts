import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { kernelEnvironment } from '../../src/demand/kernel-request.ts';
import { type CliResult, runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

interface Asked extends CliResult {
  /** What was written to the kernel log. */
  readonly log: string;
}

function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: { af_key: { path: 'kernel/af_key.ko' }, other: { path: 'kernel/other.ko' } },
    aliases: [
      ['net_pf_15', 'af_key'],
      ['crypto_xts(aes)', 'other'],
      ['fs_*', 'other'],
    ],
  });
  root.writeKernel([]);
  root.write('dev/kmsg', '');
  return root;
}

/** As the kernel does it, but for the place of the tree, which a helper's own options may name. */
async function ask(
  root: FixtureRoot,
  name: string,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = kernelEnvironment,
): Promise<Asked> {
  const log = join(root.path, 'dev/kmsg');
  writeFileSync(log, '');
  const result = await runCli(
    root,
    ['modprobe', '--safe', ...options, '-d', root.path, '-S', RELEASE, '-q', '--', name],
    undefined,
    { env },
  );
  return { ...result, log: readFileSync(log, 'utf8') };
}

/** Without a word more than given. */
async function plainly(root: FixtureRoot, argv: readonly string[]): Promise<Asked> {
  const log = join(root.path, 'dev/kmsg');
  writeFileSync(log, '');
  const result = await runCli(root, ['modprobe', ...argv], undefined, { env: kernelEnvironment });
  return { ...result, log: readFileSync(log, 'utf8') };
}

test('a request is answered without a word', async (t) => {
  const root = setUp(t);
  t.deepEqual(await ask(root, 'net-pf-15'), {
    exitCode: 0,
    stdout: '',
    stderr: '',
    calls: ['finit af_key 0'],
    log: '',
  });
  t.deepEqual((await ask(root, 'crypto-xts(aes)')).calls, ['finit other 0']);
  t.like(await ask(root, 'net-pf-99'), { exitCode: 1, stdout: '', stderr: '', calls: [], log: '' });
});

test('a hostile name is refused and told to the kernel log', async (t) => {
  const root = setUp(t);
  for (const [name, shown] of [
    ['-C/tmp/x', '-C/tmp/x'],
    ['-r', '-r'],
    ['fs-;reboot', 'fs-;reboot'],
    ['fs-$(reboot)', 'fs-$(reboot)'],
    ['fs-`reboot`', 'fs-`reboot`'],
    ['fs-x\n<0>panic', String.raw`fs-x\x0a<0>panic`],
    ['fs-"x\'', String.raw`fs-\x22x'`],
    [join(root.path, `lib/modules/${RELEASE}/kernel/other.ko`), undefined],
    ['./other.ko', './other.ko'],
  ] as const) {
    const { log, ...result } = await ask(root, name);
    t.deepEqual(result, { exitCode: 1, stdout: '', stderr: '', calls: [] }, name);
    t.regex(log, /^<28>modprobe: request for "[ -~]*": refused: it [a-z ,]+\.\n$/, name);
    if (shown !== undefined) t.true(log.includes(`request for "${shown}": refused`), log);
    t.deepEqual(
      await plainly(root, ['-q', '--', name]),
      { ...result, log },
      'without the option, as the kernel does it',
    );
    t.is((await plainly(root, ['--compat=kmod', '-q', '--', name])).log, '');
  }
});

test('without a kernel log a refusal is a refusal all the same', async (t) => {
  const root = setUp(t);
  const { exitCode, calls } = await runCli(root, ['modprobe', '-q', '--', '-r'], undefined, {
    kernel: { root: '/nowhere' },
  });
  t.is(exitCode, 1);
  t.deepEqual(calls, []);
});

test('commands run with nothing but the environment of the kernel, and no name of a request reaches them', async (t) => {
  const root = setUp(t);
  const output = join(root.path, 'seen');
  root.write(
    'etc/modprobe.d/a.conf',
    `alias netdev-* other\ninstall other env >${output}; echo "ran: $CMDLINE_OPTS" >>${output}\n`,
  );
  process.env['LEAKED_VARIABLE'] = 'secret';
  t.teardown(() => delete process.env['LEAKED_VARIABLE']);
  for (const [options, env] of [
    [[], kernelEnvironment],
    [[], { MODPROBE_OPTIONS: '-n', PATH: '/tmp', LD_PRELOAD: 'x' }],
  ] as const) {
    const { exitCode, log } = await ask(root, 'netdev-eth0', options, env);
    t.is(exitCode, 0, log);
    const lines = readFileSync(output, 'utf8')
      .split('\n')
      .filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=|^$/.test(line));
    t.deepEqual(
      lines.sort(),
      [
        'CMDLINE_OPTS=',
        'HOME=/',
        'KMODCTL_COMMAND_CHAIN=install:other',
        'MODPROBE_MODULE=other',
        'MODPROBE_OPTIONS=-q',
        'PATH=/sbin:/usr/sbin:/bin:/usr/bin',
        'TERM=linux',
        'ran: ',
      ].sort(),
    );
  }
  writeFileSync(output, 'not run');
  for (const name of ['netdev-;reboot', 'netdev-$(reboot)', 'netdev-`reboot`', 'netdev-\n', "netdev-'"])
    t.is((await ask(root, name)).exitCode, 1, name);
  t.is(readFileSync(output, 'utf8'), 'not run');
});

test('so do pre-install and post-install of a modules.conf', async (t) => {
  const root = setUp(t);
  const output = join(root.path, 'seen');
  const file = root.write(
    'etc/modules.conf',
    `alias eth0 other\npre-install other env >${output}\npost-install other echo post >>${output}\n`,
  );
  const options = [`--modules-conf=${file}`];
  const { exitCode, calls, log } = await ask(root, 'eth0', options, { PATH: '/tmp', LD_PRELOAD: 'x' });
  t.is(exitCode, 0, log);
  t.deepEqual(calls, ['finit other 0']);
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n');
  t.is(lines.at(-1), 'post');
  t.true(lines.includes('PATH=/sbin:/usr/sbin:/bin:/usr/bin') && lines.includes('HOME=/'));
  t.false(lines.some((line) => /LD_PRELOAD|\/tmp$/.test(line)));
  writeFileSync(output, 'not run');
  for (const name of [';reboot', '$(x)', '`x`', 'eth0\n', `eth0'"`, '-r'])
    t.is((await ask(root, name, options)).exitCode, 1, name);
  t.is(readFileSync(output, 'utf8'), 'not run');
});

test('files that others could change are not loaded for the kernel, unless the helper is told to', async (t) => {
  t.is(process.geteuid?.(), 0, 'this test gives files away, which only root can');
  const root = setUp(t);
  const file = join(root.path, `lib/modules/${RELEASE}/kernel/af_key.ko`);
  chownSync(file, 1000, 0);
  const refused = await ask(root, 'net-pf-15');
  t.like(refused, { exitCode: 1, calls: [] });
  t.regex(
    refused.log,
    /^<28>modprobe: request for "net-pf-15": \S+af_key\.ko belongs to the user 1000 and not to root/,
  );
  const warned = await ask(root, 'net-pf-15', ['--check-owner=warn']);
  t.like(warned, { exitCode: 0, calls: ['finit af_key 0'] });
  t.regex(warned.log, /belongs to the user 1000/);
  chownSync(file, 0, 0);
  const configuration = root.write('etc/modprobe.d/a.conf', 'options af_key x=1\n');
  root.removeModuleFolder('af_key');
  root.writeKernel([]);
  chmodSync(configuration, 0o666);
  t.regex((await ask(root, 'net-pf-15')).log, /a\.conf may be written to by everybody/);
  writeFileSync(configuration, 'alias netdev-eth0 af_key\n');
  t.regex((await ask(root, 'netdev-eth0')).log, /a\.conf may be written to by everybody/, 'an alias line');
  writeFileSync(configuration, 'options af_key x=1\n');
  chmodSync(configuration, 0o644);
  t.deepEqual((await ask(root, 'net-pf-15')).calls, ['finit af_key 0 x=1']);
});

test("kmod's modprobe takes any name; with --compat=kmod so does ours", async (t) => {
  const root = setUp(t);
  const path = join(root.path, `lib/modules/${RELEASE}/kernel/other.ko`);
  t.like(await ask(root, path), { exitCode: 1, calls: [] });
  t.deepEqual((await ask(root, path, ['--compat=kmod'])).calls.length, 1);
  t.is((await ask(root, 'fs-;reboot', ['--compat=kmod'])).exitCode, 0);
  t.false(existsSync(join(root.path, 'run/kmodctl/autoclean')));
});
