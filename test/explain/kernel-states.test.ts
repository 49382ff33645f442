import { symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import test from 'ava';

import type { CauseCode } from '../../src/explain/cause.ts';
import { diagnose } from '../../src/index.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { resolveKernel } from '../../vm/index.ts';
import { ChangedModule } from '../fixtures/changed-module.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';
import { RecordingCalls } from '../fixtures/recording-calls.ts';

/** A state of the kernel, as /proc and /sys show it, and what it does to an unsigned module. */
interface KernelState {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly cause: CauseCode | null;
  readonly errno?: string;
  /** What init_module(2) answers to a probe: 8 is ENOEXEC. */
  readonly probe?: number;
  readonly isSigned?: boolean;
}

const STATUS = 'Name:\tnode\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n';
const WHOLE_MAP = '         0          0 4294967295\n';

const states: readonly KernelState[] = [
  { title: 'nothing in the way', files: {}, cause: null },
  {
    title: 'no capability',
    files: { 'proc/self/status': 'CapEff:\t0000000000000000\nSeccomp:\t0\n' },
    cause: 'no-privilege',
    errno: 'EPERM',
  },
  {
    title: 'root of a user namespace',
    files: { 'proc/self/uid_map': '         0     100000      65536\n' },
    cause: 'user-namespace',
    errno: 'EPERM',
  },
  {
    title: 'modules switched off',
    files: { 'proc/sys/kernel/modules_disabled': '1\n' },
    cause: 'modules-disabled',
    errno: 'EPERM',
  },
  {
    title: 'a filter on the calls',
    files: { 'proc/self/status': STATUS.replace('Seccomp:\t0', 'Seccomp:\t2') },
    cause: 'seccomp-filter',
    errno: 'EPERM',
    probe: -1,
  },
  {
    title: 'a filter that says that there are no such calls',
    files: { 'proc/self/status': STATUS.replace('Seccomp:\t0', 'Seccomp:\t2') },
    cause: 'seccomp-filter',
    errno: 'ENOSYS',
    probe: -38,
  },
  {
    title: 'refused for no visible reason',
    files: {},
    cause: 'permission-unknown',
    errno: 'EPERM',
    probe: -1,
  },
  {
    title: 'signatures enforced, no signature',
    files: { 'sys/module/module/parameters/sig_enforce': 'Y\n' },
    cause: 'signature-required',
    errno: 'EKEYREJECTED',
  },
  {
    title: 'signatures enforced, signed',
    files: { 'sys/module/module/parameters/sig_enforce': 'Y\n' },
    cause: null,
    isSigned: true,
  },
  {
    title: 'locked down',
    files: { 'sys/kernel/security/lockdown': 'none [integrity] confidentiality\n' },
    cause: 'lockdown-unsigned',
    errno: 'EPERM',
  },
  {
    title: 'blacklisted on the kernel command line',
    files: { 'proc/cmdline': 'quiet module_blacklist=floppy,dummy\n' },
    cause: 'kernel-blacklist',
    errno: 'EPERM',
  },
  {
    title: 'loaded',
    files: { 'sys/module/dummy/initstate': 'live\n' },
    cause: 'already-loaded',
    errno: 'EEXIST',
  },
  {
    title: 'being loaded',
    files: { 'sys/module/dummy/initstate': 'coming\n' },
    cause: 'being-loaded',
    errno: 'EBUSY',
  },
  {
    title: 'being unloaded',
    files: { 'sys/module/dummy/initstate': 'going\n' },
    cause: 'being-unloaded',
    errno: 'EBUSY',
  },
  {
    title: 'built in',
    files: { 'sys/module/dummy/parameters/numdummies': '1\n' },
    cause: 'built-in-name',
    errno: 'EINVAL',
  },
];

async function stockModule(): Promise<{ directory: string; path: string; vmlinuz: string }> {
  const { moduleDirectory, vmlinuz } = await resolveKernel('6.12');
  const path = new ModuleTree({ moduleDirectory }).dependencyLine('dummy')?.path ?? '';
  return { directory: moduleDirectory, path, vmlinuz };
}

for (const { title, files, cause, errno, probe = -8, isSigned } of states)
  test(`${title}: ${cause ?? 'no fault'}`, async (t) => {
    const root = new FixtureRoot();
    t.teardown(() => root.remove());
    const { directory, path, vmlinuz } = await stockModule();
    root.write('boot/config', '');
    symlinkSync(vmlinuz, join(root.path, 'boot', basename(vmlinuz)));
    root.writeKernel([]);
    root.write('proc/self/status', STATUS);
    root.write('proc/self/uid_map', WHOLE_MAP);
    root.write('proc/sys/kernel/modules_disabled', '0\n');
    root.write('sys/module/module/parameters/sig_enforce', 'N\n');
    for (const [file, content] of Object.entries(files)) root.write(file, content);
    const module = root.write('dummy.ko', new ChangedModule(path, isSigned).bytes);
    const calls = new RecordingCalls(root, () => probe);
    const diagnosis = await diagnose(module, {
      moduleDirectory: directory,
      release: basename(directory),
      kernelRoot: root.path,
      root: root.path,
      running: true,
      configuration: false,
      syscalls: calls,
    });
    t.is(diagnosis.cause, cause, JSON.stringify(diagnosis, null, 1));
    t.is(diagnosis.findings[0]?.errno ?? undefined, errno);
    t.true(calls.record.length <= 1);
    t.true(calls.record.every((call) => call.startsWith('init ')));
  });

test('a kernel without modules', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.write('proc/version', 'Linux version 6.18.44\n');
  const diagnosis = await diagnose('dummy', {
    root: root.path,
    release: '6.18.44',
    kernelRoot: root.path,
    running: true,
    configuration: false,
  });
  t.is(diagnosis.cause, 'no-module-support');
  t.is(diagnosis.verdict, 'fails');
});

/** A small tree whose release runs, with nothing loaded. */
function smallTree(): FixtureRoot {
  const root = new FixtureRoot();
  root.writeTree({
    modules: {
      xor: { path: 'kernel/xor.ko' },
      btrfs: { path: 'kernel/btrfs.ko', needs: ['xor'] },
      lost: { path: 'kernel/lost.ko', isMissing: true },
      needy: { path: 'kernel/needy.ko', needs: ['lost'] },
    },
    aliases: [['fs_btrfs', 'btrfs']],
    builtin: ['crypto'],
  });
  root.writeKernel([{ name: 'xor' }]);
  return root;
}

async function causeIn(root: FixtureRoot, name: string, more: object = {}): Promise<string> {
  const { cause, verdict } = await diagnose(name, {
    root: root.path,
    release: RELEASE,
    kernelRoot: root.path,
    running: true,
    syscalls: new RecordingCalls(root, () => -8),
    ...more,
  });
  return `${verdict} ${cause ?? ''}`.trim();
}

test('what the tree and the configuration say', async (t) => {
  const root = smallTree();
  t.teardown(() => root.remove());
  t.is(await causeIn(root, 'xor'), 'loaded');
  t.is(await causeIn(root, 'crypto'), 'built-in');
  t.is(await causeIn(root, 'btrsf'), 'fails not-found');
  t.is(await causeIn(root, 'lost'), 'fails file-missing');
  t.is(await causeIn(root, 'needy'), 'fails file-missing');
  t.is(await causeIn(root, '/nowhere/x.ko'), 'fails file-missing');
  t.is(await causeIn(root, root.path), 'fails file-not-regular');
  root.write('etc/modprobe.d/a.conf', 'blacklist btrfs\n');
  t.is(await causeIn(root, 'fs-btrfs'), 'fails config-blacklist');
  root.write('etc/modprobe.d/a.conf', 'install btrfs /bin/false\n');
  t.is(await causeIn(root, 'btrfs'), 'fails install-command');
  root.write('etc/modprobe.d/a.conf', 'install btrfs /bin/true\n');
  t.is(await causeIn(root, 'btrfs'), 'fails install-command');
});

test('indexes: stale, empty, missing, damaged; another release; none', async (t) => {
  const root = smallTree();
  t.teardown(() => root.remove());
  const folder = join(root.path, 'lib/modules', RELEASE);
  root.write(`lib/modules/${RELEASE}/extra/latest.ko`, 'x');
  t.is(await causeIn(root, 'latest'), 'fails indexes-stale');
  writeFileSync(join(folder, 'modules.dep.bin'), '');
  t.is(await causeIn(root, 'btrfs'), 'fails indexes-empty');
  writeFileSync(join(folder, 'modules.dep.bin'), 'no index at all, by far');
  t.is(await causeIn(root, 'btrfs'), 'fails indexes-damaged');
  root.write('lib/modules/6.1.0-other/modules.dep', '');
  t.is(await causeIn(root, 'btrfs', { release: '6.2.0-none' }), 'fails wrong-release');
  t.is(await causeIn(root, 'btrfs', { release: '6.1.0-other' }), 'fails indexes-missing');
  const empty = new FixtureRoot();
  t.teardown(() => empty.remove());
  empty.writeKernel([]);
  t.is(await causeIn(empty, 'btrfs'), 'fails no-module-folder');
});

test('firmware that is not there is a note, and none when it is', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const { moduleDirectory, release } = await resolveKernel('6.12');
  symlinkSync(moduleDirectory, join(root.path, 'modules'));
  const ask = async (): Promise<readonly string[]> => {
    const { findings, verdict } = await diagnose('r8169', {
      moduleDirectory: join(root.path, 'modules'),
      release,
      root: root.path,
      running: false,
      configuration: false,
    });
    t.is(verdict, 'no-fault');
    return findings.map(({ cause, refused }) => `${cause} ${refused}`);
  };
  t.deepEqual(await ask(), ['firmware-missing false']);
  root.write('lib/firmware/rtl_nic/rtl8168d-1.fw.xz', '');
  t.deepEqual(await ask(), []);
});
