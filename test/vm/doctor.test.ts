import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { resolveKernel, startVm, type VirtualMachine } from '../../vm/index.ts';
import { type ChangedFile, changedFiles } from '../explain/changed-modules.ts';
import { ChangedModule } from '../fixtures/changed-module.ts';
import { MODULES, testModuleFiles } from './in-guest.ts';

/** One attempt in the guest. */
interface Attempt {
  readonly title: string;
  /** What the doctor has to say afterwards; null where it has to load. */
  readonly cause: string | null;
  /** What it may say before; anything else, but nothing, would be wrong. Default: the same. */
  readonly before?: string;
  readonly kind?: 'insmod' | 'modprobe' | 'rmmod';
  /** File or name. */
  readonly target: string;
  readonly parameters?: string;
  /** Shell commands before the diagnosis, and after the attempt. */
  readonly prepare?: string;
  readonly tidy?: string;
  /** A file that is open for writing meanwhile. */
  readonly writing?: string;
  /** Done as this user by another process. */
  readonly user?: number;
}

/** What became of it. */
interface Outcome {
  readonly before: string | null;
  readonly after: string | null;
  /** The error's own message, or what was done. */
  readonly text: string;
  readonly evidence: string;
}

const FILES = '/doctor';
/** A guest that says nothing for long is given up. */
const AT_ONCE = 8;

/** Runs in the guest: diagnoses, tries, explains. */
async function attempts(list: readonly Attempt[]): Promise<readonly Outcome[]> {
  const { closeSync, openSync } = await import('node:fs');
  const { spawnSync: spawn } = await import('node:child_process');
  const { diagnose, explanationOf, insmod, modprobe, rmmod } = await import('kmodctl');
  const sh = (command: string | undefined): void => {
    if (command !== undefined) spawn('sh', ['-c', command]);
  };
  const outcomes: Outcome[] = [];
  for (const { kind = 'insmod', target, parameters = '', ...rest } of list) {
    sh(rest.prepare);
    const before = kind === 'rmmod' ? null : (await diagnose(target, { parameters })).cause;
    const file = rest.writing === undefined ? undefined : openSync(rest.writing, 'r+');
    let after: string | null = null;
    let text = 'done';
    let evidence = '';
    if (rest.user !== undefined) {
      const argv = ['load', '--json', target];
      const { stdout } = spawn('kmodctl', argv, { uid: rest.user, encoding: 'utf8' });
      const { error } = JSON.parse(stdout) as { error: { message: string; explanation: { cause: string } } };
      after = error.explanation.cause;
      text = error.message;
    } else
      try {
        if (kind === 'insmod') await insmod(target, parameters);
        else if (kind === 'modprobe') await modprobe(target, { parameters });
        else await rmmod(target);
      } catch (error) {
        const explanation = explanationOf(error);
        after = explanation?.cause ?? 'no explanation';
        text = error instanceof Error ? error.message : String(error);
        evidence = JSON.stringify(explanation?.findings);
      }
    if (file !== undefined) closeSync(file);
    if (after === null && kind === 'insmod') await rmmod(target).catch(() => undefined);
    sh(rest.tidy);
    outcomes.push({ before, after, text, evidence });
  }
  return outcomes;
}

/** 6.1 takes a wrong struct module, which could crash it, and the name of this part of the kernel. */
const notOn61: ReadonlySet<string> = new Set(['module-structure-size', 'built-in-name']);

/** The changed stock modules as attempts. */
function changedAttempts(kernel: string, place: (title: string) => string): readonly Attempt[] {
  return changedFiles
    .filter(({ cause }) => kernel !== '6.1' || !notOn61.has(cause ?? ''))
    .map(({ title, cause, parameters }) => ({
      title,
      cause,
      target: place(title),
      ...(parameters !== undefined && { parameters }),
    }));
}

const policyAttempts = (place: (title: string) => string): readonly Attempt[] => [
  {
    title: 'locked down: no signature',
    cause: 'lockdown-unsigned',
    target: place('without its signature'),
    prepare: 'mount -t securityfs none /sys/kernel/security; echo integrity >/sys/kernel/security/lockdown',
  },
  { title: 'locked down: signed', cause: null, target: place('not changed') },
  {
    title: 'locked down: an address of hardware',
    cause: 'parameter-locked',
    before: 'none',
    target: place('parport_pc'),
    parameters: 'io=0x378',
    prepare: `insmod ${place('parport')}`,
  },
  {
    title: 'signatures enforced: no signature',
    cause: 'signature-required',
    target: place('without its signature'),
    prepare: 'echo Y >/sys/module/module/parameters/sig_enforce',
  },
  {
    title: 'signatures enforced: another form',
    cause: 'signature-unsupported',
    target: place('a signature of another form'),
  },
  {
    title: "signatures enforced: another kernel's key",
    cause: 'signature-unknown-key',
    before: 'other-kernel-build',
    target: place('other kernel'),
  },
  { title: 'signatures enforced: signed', cause: null, target: place('not changed') },
  {
    title: 'modules switched off: load',
    cause: 'modules-disabled',
    target: place('not changed'),
    prepare: 'modprobe loop; echo 1 >/proc/sys/kernel/modules_disabled',
  },
  { title: 'modules switched off: unload', cause: 'modules-disabled', kind: 'rmmod', target: 'loop' },
];

function otherAttempts(
  kernel: string,
  release: string,
  place: (title: string) => string,
): readonly Attempt[] {
  const signed = place('not changed');
  const fail = `${MODULES}/kmodctl_fail.ko`;
  return [
    { title: 'of another kernel', cause: 'other-kernel-build', target: place('other kernel') },
    { title: 'compressed data damaged', cause: 'compressed-data', target: place('damaged xz') },
    {
      title: 'a symbol exported twice',
      cause: 'duplicate-export',
      before: 'none',
      target: place('exported twice'),
      prepare: `insmod ${MODULES}/kmodctl_pair_base.ko`,
      tidy: 'rmmod kmodctl_pair_base',
    },
    {
      title: 'loaded already',
      cause: 'already-loaded',
      target: signed,
      prepare: 'modprobe dummy',
      tidy: 'rmmod dummy',
    },
    {
      title: 'open for writing',
      cause: 'file-being-written',
      before: 'none',
      target: signed,
      writing: signed,
    },
    { title: 'a folder', cause: 'file-not-regular', target: FILES },
    { title: 'no such file', cause: 'file-missing', target: `${FILES}/none.ko` },
    { title: 'another user', cause: 'no-privilege', before: 'none', target: signed, user: 65_534 },
    {
      title: 'init finds no device',
      cause: 'no-device',
      before: 'none',
      target: fail,
      parameters: 'result=-19',
    },
    {
      title: 'init answers EIO',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-5',
    },
    {
      title: 'init answers EINVAL',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-22',
    },
    {
      title: 'init answers ENOENT',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-2',
    },
    {
      title: 'init answers ENOEXEC',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-8',
    },
    {
      title: 'init answers EPERM',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-1',
    },
    {
      title: 'init answers a number that is no errno',
      cause: 'init-failed',
      before: 'none',
      target: fail,
      parameters: 'result=-5000',
    },
    { title: 'no such module', cause: 'not-found', kind: 'modprobe', target: 'no_such_module' },
    {
      title: 'a module that depmod has not seen',
      cause: 'indexes-stale',
      kind: 'modprobe',
      target: 'unseen',
      prepare: `mkdir -p /lib/modules/${release}/extra; cp ${signed} /lib/modules/${release}/extra/unseen.ko`,
    },
    {
      title: 'forbidden by the configuration',
      cause: 'command-failed',
      before: 'install-command',
      kind: 'modprobe',
      target: 'dummy',
      prepare: 'mkdir -p /etc/modprobe.d; echo "install dummy /bin/false" >/etc/modprobe.d/no.conf',
      tidy: 'rm /etc/modprobe.d/no.conf',
    },
    {
      title: 'a dependency that is forbidden',
      cause: 'command-failed',
      before: 'install-command',
      kind: 'modprobe',
      target: 'vxlan',
      prepare: 'echo "install udp_tunnel /bin/false" >/etc/modprobe.d/no.conf',
      tidy: 'rm /etc/modprobe.d/no.conf',
    },
    {
      title: 'a soft dependency that is not there',
      cause: 'soft-dependency-missing',
      before: 'none',
      target: `/lib/modules/${release}/kernel/lib/libcrc32c.ko${kernel === '6.1' ? '' : '.xz'}`,
      prepare: 'rmmod libcrc32c crc32c_generic crc32c_intel; echo >/proc/sys/kernel/modprobe',
      tidy: 'echo /sbin/modprobe >/proc/sys/kernel/modprobe',
    },
    {
      title: 'a text that is too long',
      cause: 'parameter-too-long',
      target: `${MODULES}/kmodctl_params.ko`,
      parameters: `label=${'x'.repeat(1030)}`,
    },
    {
      title: 'a file of 3 GiB',
      cause: 'file-too-large',
      target: '/huge.ko',
      prepare: 'dd if=/dev/zero of=/huge.ko bs=1 count=1 seek=3221225472',
      tidy: 'rm /huge.ko',
    },
    {
      title: 'unload: its init has not ended',
      cause: 'being-loaded',
      kind: 'rmmod',
      target: 'kmodctl_slow',
      prepare: `insmod ${MODULES}/kmodctl_slow.ko init_ms=5000 >/dev/null 2>&1 & until grep -qs coming /sys/module/kmodctl_slow/initstate; do sleep 0.1; done`,
      tidy: 'sleep 5; rmmod kmodctl_slow',
    },
    { title: 'unload: not loaded', cause: 'not-loaded', kind: 'rmmod', target: 'dummy' },
    { title: 'unload: built in', cause: 'built-in', kind: 'rmmod', target: 'atkbd' },
    {
      title: 'unload: used by another module',
      cause: 'used-by-modules',
      kind: 'rmmod',
      target: 'kmodctl_pair_base',
      prepare: `insmod ${MODULES}/kmodctl_pair_base.ko; insmod ${MODULES}/kmodctl_pair_user.ko`,
      tidy: 'rmmod kmodctl_pair_user kmodctl_pair_base',
    },
    {
      title: 'unload: a device in use',
      cause: 'in-use',
      kind: 'rmmod',
      target: 'loop',
      prepare: 'modprobe loop; dd if=/dev/zero of=/image bs=1024 count=64; losetup /dev/loop0 /image',
      tidy: 'losetup -d /dev/loop0; rmmod loop',
    },
    {
      title: 'unload: no exit function',
      cause: 'permanent',
      kind: 'rmmod',
      target: 'kmodctl_noexit',
      prepare: `insmod ${MODULES}/kmodctl_noexit.ko`,
    },
  ];
}

interface Material {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly place: (title: string) => string;
  readonly release: string;
}

const testModules = [
  'kmodctl_fail',
  'kmodctl_pair_base',
  'kmodctl_pair_user',
  'kmodctl_noexit',
  'kmodctl_params',
  'kmodctl_slow',
];

async function material(kernel: string): Promise<Material> {
  const { release, moduleDirectory } = await resolveKernel(kernel);
  const other = await resolveKernel(kernel === '6.1' ? '6.12' : '6.1');
  const pathOf = (directory: string, module: string): string =>
    new ModuleTree({ moduleDirectory: directory }).dependencyLine(module)?.path ?? '';
  const place = (title: string): string => {
    const changed = changedFiles.find((each: ChangedFile) => each.title === title);
    const stock = changed?.stock ?? (title.startsWith('parport') ? title : 'dummy');
    return `${FILES}/${title.replaceAll(/[^\w]+/g, '-')}/${stock}.ko`;
  };
  const stock = await testModuleFiles(kernel, testModules);
  const files: Record<string, Uint8Array> = { ...stock };
  for (const { title, change, stock: module } of changedFiles)
    files[place(title)] = change(pathOf(moduleDirectory, module));
  files[place('other kernel')] = new ChangedModule(pathOf(other.moduleDirectory, 'dummy'), true).bytes;
  for (const name of ['parport', 'parport_pc'])
    files[place(name)] = new ChangedModule(pathOf(moduleDirectory, name), true).bytes;
  files[place('damaged xz')] = damagedXz(new ChangedModule(pathOf(moduleDirectory, 'dummy'), true).bytes);
  const twin = Buffer.from(stock[`${MODULES}/kmodctl_pair_base.ko`] ?? '').toString('latin1');
  files[place('exported twice')] = Buffer.from(
    twin.replaceAll('kmodctl_pair_base\0', 'kmodctl_pair_bass\0'),
    'latin1',
  );
  return { files, place, release };
}

function damagedXz(content: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-xz-'));
  try {
    writeFileSync(join(folder, 'x'), content);
    spawnSync('xz', ['--check=crc32', join(folder, 'x')]);
    const packed = readFileSync(join(folder, 'x.xz'));
    packed.fill(0x55, packed.length >> 1, (packed.length >> 1) + 40);
    return packed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const kernel of ['6.1', '6.12'])
  test.serial(
    `${kernel}: the doctor names the cause of every failure, before where it can and after always`,
    async (t) => {
      const { files, place, release } = await material(kernel);
      await using vm = await startVm({ kernel, timeouts: { command: 300_000, boot: 400_000 } });
      for (const [path, content] of Object.entries(files)) await vm.writeFile(path, content);
      const list = [
        ...changedAttempts(kernel, place),
        ...otherAttempts(kernel, release, place),
        ...policyAttempts(place),
      ];
      const outcomes = await inGuest(vm, list);
      const count = { before: { right: 0, unsure: 0, wrong: 0 }, after: { right: 0, unsure: 0, wrong: 0 } };
      for (const [index, attempt] of list.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) continue;
        const text = `${attempt.title}: ${JSON.stringify(outcome)}`;
        const expected = attempt.before === 'none' ? null : (attempt.before ?? attempt.cause);
        if (attempt.kind !== 'rmmod') {
          const key = outcome.before === expected ? 'right' : outcome.before === null ? 'unsure' : 'wrong';
          count.before[key]++;
          t.not(key, 'wrong', text);
        }
        const key =
          outcome.after === attempt.cause ? 'right' : outcome.after === 'unknown' ? 'unsure' : 'wrong';
        count.after[key]++;
        t.is(outcome.after, attempt.cause, text);
      }
      const distinct = new Set(list.map(({ cause }) => cause).filter((cause) => cause !== null));
      t.log({ ...count, distinct: distinct.size });
      t.true(distinct.size >= 30, String(distinct.size));
      t.is(count.before.wrong + count.after.wrong, 0);
    },
  );

async function inGuest(vm: VirtualMachine, list: readonly Attempt[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let place = 0; place < list.length; place += AT_ONCE)
    outcomes.push(...(await vm.evaluate(attempts, list.slice(place, place + AT_ONCE))));
  return outcomes;
}
