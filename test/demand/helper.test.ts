import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import test, { type ExecutionContext } from 'ava';

import {
  BOOT_SETTING,
  overridingSettings,
  readBootSetting,
  writeBootSetting,
} from '../../src/demand/boot-setting.ts';
import { helperStatus, installHelper, removeHelper } from '../../src/demand/helper.ts';
import { kernelEnvironment } from '../../src/demand/kernel-request.ts';
import { interpreterFault, LAUNCHER, launcherOptions, launcherText } from '../../src/demand/launcher.ts';
import type { KmodError } from '../../src/index.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

class Machine {
  readonly root = new FixtureRoot();
  readonly options = { root: this.root.path, kernelRoot: this.root.path, release: RELEASE };
  /** A program that only root can change, as the kernel's helper. */
  readonly program = '/sbin/other-modprobe';

  constructor(t: ExecutionContext) {
    t.is(process.geteuid?.(), 0, 'these tests give files away, which only root can');
    t.teardown(() => this.root.remove());
    this.root.write('proc/sys/kernel/modprobe', '/sbin/modprobe\n');
    this.root.write('proc/sys/kernel/modules_disabled', '0\n');
    this.root.write('proc/sys/kernel/usermodehelper/bset', '4294967295\t511\n');
    for (const name of [this.program, '/sbin/modprobe']) {
      this.root.write(name, '\x7fELF');
      chmodSync(join(this.root.path, name), 0o755);
    }
  }

  get helper(): string {
    return readFileSync(join(this.root.path, 'proc/sys/kernel/modprobe'), 'utf8');
  }

  /** What an installation is refused with. */
  refusal(t: ExecutionContext, path = this.program): string {
    const error = t.throws<KmodError>(() => installHelper({ ...this.options, path }));
    t.is(error?.code, 'ERR_KMOD_HELPER');
    t.is(this.helper, '/sbin/modprobe\n');
    t.false(existsSync(join(this.root.path, BOOT_SETTING)));
    t.false(existsSync(join(this.root.path, LAUNCHER)));
    return error?.message ?? '';
  }
}

test('a program is installed, kept for the next start, and taken away again', (t) => {
  const machine = new Machine(t);
  const { program, options, root } = machine;
  t.like(helperStatus(options), {
    path: '/sbin/modprobe',
    isOurs: false,
    setting: null,
    before: null,
    problems: [],
  });
  const installed = installHelper({ ...options, path: program });
  t.like(installed, {
    path: program,
    isOurs: false,
    setting: BOOT_SETTING,
    before: '/sbin/modprobe',
    problems: [],
  });
  t.is(machine.helper, `${program}\n`);
  t.regex(
    readFileSync(join(root.path, BOOT_SETTING), 'utf8'),
    /^kernel\.modprobe = \/sbin\/other-modprobe$/m,
  );
  // Once more: what was there before it all is not forgotten.
  t.is(installHelper({ ...options, path: program }).before, '/sbin/modprobe');
  t.like(removeHelper(options), { path: '/sbin/modprobe', setting: null, before: null });
  t.false(existsSync(join(root.path, BOOT_SETTING)));
  t.throws(() => removeHelper(options), { code: 'ERR_KMOD_HELPER', message: /^Nothing is installed/ });
});

test('what somebody else has set meanwhile stays; no helper at all comes back as such', (t) => {
  const machine = new Machine(t);
  const { program, options, root } = machine;
  root.write('proc/sys/kernel/modprobe', '\n');
  installHelper({ ...options, path: program });
  t.is(removeHelper(options).path, '');
  installHelper({ ...options, path: program });
  root.write('proc/sys/kernel/modprobe', '/sbin/modprobe\n');
  t.is(removeHelper(options).path, '/sbin/modprobe');
});

test('a kernel that cannot use it: refused, with the reason, and nothing is changed', (t) => {
  for (const [file, content, words] of [
    ['proc/sys/kernel/modules_disabled', '1\n', /modules_disabled is 1: no module/],
    ['proc/sys/kernel/usermodehelper/bset', '4294901759\t511\n', /no CAP_SYS_MODULE \(bit 16\)/],
    [
      `boot/config-${RELEASE}`,
      'CONFIG_STATIC_USERMODEHELPER=y\nCONFIG_STATIC_USERMODEHELPER_PATH="/sbin/usermode-helper"\n',
      /CONFIG_STATIC_USERMODEHELPER and starts nothing but \/sbin\/usermode-helper/,
    ],
    [
      'proc/config.gz',
      gzipSync('CONFIG_STATIC_USERMODEHELPER=y\nCONFIG_STATIC_USERMODEHELPER_PATH=""\n'),
      /starts no program at all/,
    ],
  ] as const) {
    const machine = new Machine(t);
    machine.root.write(file, content);
    t.regex(machine.refusal(t), words);
    t.is(helperStatus(machine.options).problems.length, 1, file);
  }
  const machine = new Machine(t);
  machine.root.write(`boot/config-${RELEASE}`, '# CONFIG_STATIC_USERMODEHELPER is not set\n');
  t.deepEqual(helperStatus(machine.options).problems, []);
  const other = new FixtureRoot();
  t.teardown(() => other.remove());
  t.throws(() => installHelper({ ...machine.options, kernelRoot: other.path }), {
    message: /no loadable modules/,
  });
});

test('a program that the kernel could not start, or others than root could change, is refused', (t) => {
  const machine = new Machine(t);
  const { root, program } = machine;
  const file = join(root.path, program);
  t.regex(machine.refusal(t, `/${'x'.repeat(255)}`), /has 256 bytes; the kernel takes at most 255/);
  t.regex(machine.refusal(t, '/sbin/nothing'), /is not there/);
  t.regex(machine.refusal(t, '/sbin'), /is no file/);
  t.regex(machine.refusal(t, 'modprobe'), /has to be a whole path/);
  chmodSync(file, 0o644);
  t.regex(machine.refusal(t), /may not be executed: chmod \+x/);
  chmodSync(file, 0o755);
  chownSync(file, 1000, 0);
  t.regex(machine.refusal(t), /belongs to the user 1000 and not to root: somebody else/);
  chownSync(file, 0, 0);
  chmodSync(join(root.path, 'sbin'), 0o777);
  t.regex(machine.refusal(t), /sbin may be written to by everybody/);
  chmodSync(join(root.path, 'sbin'), 0o755);
  writeFileSync(file, '#!/no/such/interpreter\n');
  t.regex(machine.refusal(t), /The program needs \/no\/such\/interpreter/);
  const interpreter = root.write('opt/interpreter', '');
  chmodSync(interpreter, 0o777);
  writeFileSync(file, `#! ${interpreter} -x\n`);
  t.regex(machine.refusal(t), /interpreter may be written to by everybody/);
});

test('files that set it anew after ours at the next start are named', (t) => {
  const { root, options, program } = new Machine(t);
  root.write('etc/sysctl.d/10-early.conf', 'kernel.modprobe = /early\n');
  root.write('usr/lib/sysctl.d/99-late.conf', '# x\n-kernel/modprobe=/late\n');
  root.write('usr/lib/sysctl.d/99-other.conf', 'kernel.modprobe_x = 1\n# kernel.modprobe = /x\n');
  t.deepEqual(overridingSettings(root.path), ['/usr/lib/sysctl.d/99-late.conf']);
  const { problems } = installHelper({ ...options, path: program });
  t.is(problems[0]?.code, 'overridden');
});

test('the setting for the next start keeps what was there before', (t) => {
  const { root } = new Machine(t);
  for (const before of ['', '/sbin/modprobe', '/opt/a b']) {
    writeBootSetting(root.path, { path: '/x', before });
    t.deepEqual(readBootSetting(root.path), { path: '/x', before });
  }
  root.write(BOOT_SETTING, 'kernel.modprobe = /by-hand\n');
  t.is(readBootSetting(root.path), undefined, 'not written by kmodctl');
});

test('the launcher: a script that names Node by its whole path, with the options in it', (t) => {
  const text = launcherText(['--autoclean', '--check-owner=warn']);
  t.true(text.startsWith(`#!${process.execPath}\n`));
  t.deepEqual(launcherOptions(text), ['--autoclean', '--check-owner=warn']);
  t.deepEqual(launcherOptions(launcherText([])), []);
  t.is(launcherOptions('#!/bin/sh\nexec modprobe "$@"\n'), undefined);
  t.is(interpreterFault('/usr/bin/node'), undefined);
  t.regex(interpreterFault('/home/a b/node') ?? '', /blank/);
  t.regex(interpreterFault(`/${'x'.repeat(130)}`) ?? '', /more than 124 bytes/);
});

test('the launcher starts modprobe in its safe mode, in the environment of the kernel', (t) => {
  const { root } = new Machine(t);
  const file = root.write('modprobe', launcherText([]));
  chmodSync(file, 0o755);
  const start = (...argv: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(file, argv, { env: kernelEnvironment, cwd: '/' });
  const version = start('--version');
  t.is(version.status, 0, String(version.stderr));
  t.regex(String(version.stdout), /^kmodctl version /);
  t.is(start('-q', '--', '--version').status, 1);
});

test('a link to kmodctl counts as ours', (t) => {
  const { root, options } = new Machine(t);
  const link = join(root.path, 'sbin/linked');
  symlinkSync(resolve('dist/cli/kmodctl.cjs'), link);
  root.write('proc/sys/kernel/modprobe', '/sbin/linked\n');
  t.true(helperStatus(options).isOurs);
});

test('kmodctl helper: status, and what it does not know', async (t) => {
  const { root } = new Machine(t);
  t.like(await runCli(root, ['kmodctl', 'helper', 'status']), {
    exitCode: 0,
    stdout: 'helper    /sbin/modprobe\nat start  not set by kmodctl\n',
    stderr: '',
  });
  chmodSync(join(root.path, 'sbin/modprobe'), 0o777);
  const status = await runCli(root, ['kmodctl', 'helper', 'status']);
  t.is(status.exitCode, 1);
  t.regex(status.stdout, /^problem {3}\S+modprobe may be written to by everybody/m);
  for (const [words, message] of [
    [[], 'what is to be done? One of install, status, remove.'],
    [['status', 'x'], "'x' is one word too many"],
    [['install', 'x', 'y'], "'y' is one word too many"],
    [['install', '--autoclean', 'x'], '--autoclean is for the launcher; x would not get it'],
    [['install', '--check-owner=x'], "--check-owner takes off, warn or refuse, not 'x'"],
  ] as const) {
    const { exitCode, stderr } = await runCli(root, ['kmodctl', 'helper', ...words]);
    t.is(exitCode, 1);
    t.true(stderr.includes(message), stderr);
  }
  t.regex((await runCli(root, ['kmodctl', 'helper', 'remove'])).stderr, /Nothing is installed/);
});

test('the kernel is never left with a launcher that is taken away', (t) => {
  const lost = new Machine(t);
  installHelper(lost.options);
  rmSync(join(lost.root.path, BOOT_SETTING));
  t.is(installHelper(lost.options).before, '/sbin/modprobe');
  t.like(removeHelper(lost.options), { path: '/sbin/modprobe', problems: [] });
  const changed = new Machine(t);
  changed.root.write(`boot/config-${RELEASE}`, 'CONFIG_MODPROBE_PATH="/sbin/other-modprobe"\n');
  installHelper(changed.options);
  installHelper({ ...changed.options, path: '/sbin/modprobe' });
  changed.root.write('proc/sys/kernel/modprobe', `${LAUNCHER}\n`);
  t.like(removeHelper(changed.options), { path: '/sbin/modprobe', problems: [] });
  // A setting that says so already, of an earlier version.
  installHelper(changed.options);
  writeBootSetting(changed.root.path, { path: LAUNCHER, before: LAUNCHER });
  t.like(removeHelper(changed.options), { path: changed.program, problems: [] });
});

test('what fails leaves files as they were, also those that are not of kmodctl', (t) => {
  const { root, options } = new Machine(t);
  const setting = root.write(BOOT_SETTING, 'kernel.modprobe=/sbin/mine # \xff\n');
  const launcher = root.write(LAUNCHER, '');
  const bytes = Buffer.from([0x7f, 0xff, 0xfe]);
  writeFileSync(launcher, bytes);
  chmodSync(launcher, 0o711);
  const { ino } = statSync(setting);
  t.throws(() => installHelper({ ...options, path: '/sbin/none' }), { code: 'ERR_KMOD_HELPER' });
  t.is(statSync(setting).ino, ino);
  rmSync(setting);
  mkdirSync(setting);
  t.throws(() => installHelper(options), { code: 'EISDIR', message: /90-kmodctl-helper\.conf/ });
  t.deepEqual(readFileSync(launcher), bytes);
  t.is(statSync(launcher).mode & 0o777, 0o711);
  t.deepEqual(readdirSync(join(root.path, 'etc/sysctl.d')), ['90-kmodctl-helper.conf']);
  rmSync(setting, { recursive: true });
  symlinkSync('/dev/null', setting);
  rmSync(launcher);
  mkdirSync(launcher);
  t.throws(() => installHelper(options), { code: 'EISDIR', message: /kmodctl\/modprobe/ });
  t.is(readFileSync(setting, 'utf8'), '');
  t.true(statSync(launcher).isDirectory());
});

test('a helper that cannot be looked at is a problem, not an error', (t) => {
  const { root, options } = new Machine(t);
  symlinkSync('loop', join(root.path, 'sbin/loop'));
  for (const [path, reason] of [
    ['/sbin/loop', /Too many levels of symbolic links/],
    ['/sbin/modprobe/x', /is not there|Not a directory/],
  ] as const) {
    root.write('proc/sys/kernel/modprobe', `${path}\n`);
    const [problem] = helperStatus(options).problems;
    t.is(problem?.code, 'missing');
    t.regex(problem?.text ?? '', reason);
  }
});

test('who is not root sees the status, too', (t) => {
  const { root } = new Machine(t);
  chmodSync(root.path, 0o755);
  chmodSync(join(root.path, 'sbin/modprobe'), 0o711);
  chmodSync(join(root.path, 'proc/sys/kernel/usermodehelper/bset'), 0o600);
  const module = JSON.stringify(resolve('dist/lib/index.js'));
  const place = JSON.stringify({ root: root.path, kernelRoot: root.path, release: RELEASE });
  const program = `import { helperStatus } from ${module}; console.log(helperStatus(${place}).path);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    uid: 1000,
    gid: 1000,
    cwd: '/',
    encoding: 'utf8',
  });
  t.is(stdout, '/sbin/modprobe\n', stderr);
});

test('the kernel gets the bytes of a path', (t) => {
  const { root, options } = new Machine(t);
  const path = '/sbin/modprobe-é';
  chmodSync(root.write(path, '\x7fELF'), 0o755);
  t.like(installHelper({ ...options, path }), { path, problems: [] });
  t.is(readFileSync(join(root.path, 'proc/sys/kernel/modprobe'), 'utf8'), `${path}\n`);
});

test('a setting that is hidden by another of its name does not count', (t) => {
  const { root } = new Machine(t);
  root.write('usr/lib/sysctl.d/99-x.conf', 'kernel.modprobe = /x\n');
  t.deepEqual(overridingSettings(root.path), ['/usr/lib/sysctl.d/99-x.conf']);
  mkdirSync(join(root.path, 'etc/sysctl.d'), { recursive: true });
  symlinkSync('/dev/null', join(root.path, 'etc/sysctl.d/99-x.conf'));
  t.deepEqual(overridingSettings(root.path), []);
});

test('a modules.conf for which no request would be answered is refused', (t) => {
  const { root, options } = new Machine(t);
  const modulesConf = '/etc/old.conf';
  const refusal = (): string =>
    t.throws<KmodError>(() => installHelper({ ...options, modulesConf }), { code: 'ERR_KMOD_HELPER' })
      .message;
  t.regex(refusal(), /old\.conf.* cannot be read: No such file or directory/);
  root.write(modulesConf, 'alias a b\nnonsense x\n');
  t.regex(refusal(), /^No module would be loaded.*\n\S*old\.conf:2:1: error: /);
  t.false(existsSync(join(root.path, LAUNCHER)));
  root.write(modulesConf, 'alias a b\n');
  t.deepEqual(installHelper({ ...options, modulesConf }).options, [`--modules-conf=${modulesConf}`]);
});
