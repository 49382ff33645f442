/** The kernel has modules loaded: chapter 11 of Linux Device Drivers, "Loading Modules on Demand", on today's kernels. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import type { FileAudit, HelperStatus } from '../../src/index.ts';
import { resolveKernel, startVm, type VirtualMachine } from '../../vm/index.ts';
import { kernels, loadedNames } from '../vm/in-guest.ts';
import { attacks, cases, configuration } from './request-cases.ts';
import { buildRequestMaker, makeRequests, REQUEST_MAKER } from './request-maker.ts';

const LAUNCHER = '/usr/local/lib/kmodctl/modprobe';
const TIMEOUT_MS = 900_000;

/** Modules that guests do not have by themselves. */
const furtherModules = new Set(['soundcore', 'llc2', 'sctp', 'slip', 'ppp_async', 'algif_skcipher']);

async function moduleFiles(kernel: string): Promise<Record<string, Uint8Array>> {
  const { moduleDirectory, release } = await resolveKernel(kernel);
  const lines = (await readFile(join(moduleDirectory, 'modules.dep'), 'utf8')).split('\n');
  const files: Record<string, Uint8Array> = {};
  for (const line of lines) {
    const [path = '', needs = ''] = line.split(':');
    if (!furtherModules.has(basename(path).replace(/\.ko.*$/, ''))) continue;
    for (const file of [path, ...needs.split(' ').filter((each) => each !== '')])
      files[`/usr/lib/modules/${release}/${file}`] = await readFile(join(moduleDirectory, file));
  }
  return files;
}

async function json<Result>(vm: VirtualMachine, argv: readonly string[]): Promise<Result> {
  const { stdout } = await vm.run([...argv, '--json']);
  return JSON.parse(stdout) as Result;
}

const helperPath = async (vm: VirtualMachine): Promise<string> =>
  (await vm.readFile('/proc/sys/kernel/modprobe', 'utf8')).trimEnd();

const logLines = async (vm: VirtualMachine): Promise<readonly string[]> =>
  (await vm.kernelLog()).map(({ message }) => message).filter((message) => message.startsWith('modprobe: '));

for (const kernel of kernels)
  test(`${kernel}: the kernel has modules loaded by kmodctl`, async (t) => {
    t.timeout(TIMEOUT_MS);
    await using vm = await startVm({
      kernel,
      files: { ...(await moduleFiles(kernel)), '/etc/modprobe.d/demand.conf': configuration },
      timeouts: { command: TIMEOUT_MS, lifetime: TIMEOUT_MS, boot: 400_000 },
    });
    await vm.writeFile(REQUEST_MAKER, await buildRequestMaker(), 0o755);
    await installation(t, vm);
    await requestCases(t, vm);
    await commandsOfTheConfiguration(t, vm);
    await hostileNames(t, vm);
    await unprivilegedUser(t, vm);
    await cleaning(t, vm);
    await ownership(t, vm);
    await programThatDecides(t, vm);
    await removal(t, vm);
    await whereItCannotWork(t, vm);
  });

async function installation(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.is(await helperPath(vm), '/sbin/modprobe');
  const { stdout, stderr, exitCode } = await vm.run(['kmodctl', 'helper', 'install', '--autoclean']);
  t.is(exitCode, 0, stderr);
  t.log(stdout);
  t.is(
    stdout,
    `helper    ${LAUNCHER} (kmodctl --autoclean)\nat start  /etc/sysctl.d/90-kmodctl-helper.conf\nbefore    /sbin/modprobe\n`,
  );
  t.is(await helperPath(vm), LAUNCHER);
  t.regex(
    await vm.readFile('/etc/sysctl.d/90-kmodctl-helper.conf', 'utf8'),
    /^kernel\.modprobe = \/usr\/local\/lib\/kmodctl\/modprobe$/m,
  );
}

async function requestCases(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const before = new Set(await loadedNames(vm));
  const asked = await makeRequests(
    vm,
    cases.map(({ trigger }) => trigger),
  );
  const after = new Set(await loadedNames(vm));
  for (const [index, { title, answer, requests, loads }] of cases.entries()) {
    t.log(`${title}: ${asked[index]?.answer} ${asked[index]?.requests.join(' ')} -> ${loads}`);
    t.deepEqual(asked[index]?.requests, requests, title);
    t.true([answer].flat().includes(asked[index]?.answer ?? ''), `${title}: ${asked[index]?.answer}`);
    if (loads === null) continue;
    t.false(before.has(loads), `${title}: ${loads}`);
    t.true(after.has(loads), `${title}: ${loads}`);
  }
  t.deepEqual(await logLines(vm), [], 'nothing is refused but what nobody has');
}

/** The book's pre-install and post-install are one install command today. */
async function commandsOfTheConfiguration(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const [uid, ...lines] = (await vm.readFile('/run/pre-install', 'utf8')).trimEnd().split('\n');
  t.is(uid, '0');
  t.deepEqual(
    lines.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line)),
    [
      'CMDLINE_OPTS=',
      'HOME=/',
      'KMODCTL_COMMAND_CHAIN=install:vrf',
      'MODPROBE_MODULE=vrf',
      'MODPROBE_OPTIONS=-q',
      'PATH=/sbin:/usr/sbin:/bin:/usr/bin',
      'TERM=linux',
    ],
  );
  t.is((await vm.run(['test', '-e', '/run/post-install'])).exitCode, 0);
}

async function hostileNames(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const before = await loadedNames(vm);
  const asked = await makeRequests(
    vm,
    attacks.map(([trigger]) => trigger),
  );
  const expected = attacks.map(([, ...requests]) => requests.map(([request]) => request));
  for (const [index, requests] of expected.entries())
    for (const request of requests)
      t.true(asked[index]?.requests.includes(request), JSON.stringify([request, asked[index]]));
  const log = await logLines(vm);
  t.log(log.join('\n'));
  for (const [, ...requests] of attacks)
    for (const [, shown, reason] of requests)
      t.true(log.includes(`modprobe: request for "${shown}": refused: ${reason}.`), shown);
  t.not((await vm.run(['sh', '-c', 'ls /run/hit /hit /tmp/hit'])).exitCode, 0);
  const allowed = new Set([...before, 'algif_skcipher', 'af_alg', 'xts', 'ecb', 'cryptomgr']);
  t.deepEqual(
    (await loadedNames(vm)).filter((name) => !allowed.has(name)),
    [],
  );
}

async function unprivilegedUser(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.false((await loadedNames(vm)).includes('can'));
  const [can] = await makeRequests(vm, [[1000, 'socket', 29, 3, 1]]);
  t.deepEqual(can, { answer: 'ok', requests: ['net-pf-29', 'can-proto-1'] });
  const loaded = await loadedNames(vm);
  t.true(loaded.includes('can') && loaded.includes('can_raw'));
}

async function cleaning(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  t.is((await vm.run(['modprobe', 'dummy'])).exitCode, 0);
  const first = await vm.run(['rmmod', '-a', '-v']);
  t.like(first, { exitCode: 0, stdout: '', stderr: '' });
  const second = await vm.run(['rmmod', '-a', '-v']);
  t.log(second.stdout);
  t.is(second.stderr, '');
  const gone = new Set(second.stdout.split('\n').map((line) => line.replace('rmmod ', '')));
  const left = new Set(await loadedNames(vm));
  for (const name of ['can_raw', 'nlmon', 'tun', 'slip', 'isofs', 'macvlan']) {
    t.true(gone.has(name), name);
    t.false(left.has(name), name);
  }
  t.true(left.has('dummy'), 'what was loaded by hand has no mark');
  t.true(left.has('can'), 'it was in use at the first pass, by can_raw');
  for (const stdout of ['', /^rmmod can$/m]) {
    const pass = await vm.run(['rmmod', '-a', '-v']);
    if (typeof stdout === 'string') t.false(pass.stdout.includes('rmmod can'));
    else t.regex(pass.stdout, stdout);
  }
}

async function ownership(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const clean = await json<FileAudit>(vm, ['kmodctl', 'audit', '--files']);
  t.deepEqual(clean.findings, []);
  const file = (await vm.run(['sh', '-c', 'echo /lib/modules/*/kernel/net/can/can.ko*'])).stdout.trim();
  await vm.run(['chown', '1000', file]);
  const audit = await vm.run(['kmodctl', 'audit', '--files']);
  t.log(audit.stdout);
  t.is(audit.exitCode, 1);
  t.regex(
    audit.stdout,
    /can\.ko\S* belongs to the user 1000 and not to root: .*\n {2}remedy: chown -h root:root /,
  );
  const [refused] = await makeRequests(vm, [[1000, 'socket', 29, 3, 1]]);
  t.is(refused?.answer, 'EAFNOSUPPORT');
  t.regex(
    (await logLines(vm)).at(-1) ?? '',
    /^modprobe: request for "net-pf-29": \S+can\.ko\S* belongs to the user 1000/,
  );
  await vm.run(['chown', '0', file]);
  const [taken] = await makeRequests(vm, [[1000, 'socket', 29, 3, 1]]);
  t.is(taken?.answer, 'ok');
}

async function programThatDecides(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const outcome = await vm.evaluate(async (program) => {
    const { loadOnDemand } = await import('kmodctl');
    const { spawn } = await import('node:child_process');
    const loader = await loadOnDemand(({ name }) =>
      name === 'net-pf-4' ? { load: 'msr' } : { refuse: 'not today' },
    );
    const answered: unknown[] = [];
    loader.on('answered', ({ name, answer, exitCode }) => answered.push({ name, answer, exitCode }));
    const child = spawn(program, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end('1000\tsocket\t4\t2\t0\n1000\tsocket\t5\t2\t0\n');
    await new Promise((resolve) => {
      child.once('exit', resolve);
    });
    await loader.close();
    return answered;
  }, REQUEST_MAKER);
  t.deepEqual(outcome, [
    { name: 'net-pf-4', answer: { load: 'msr' }, exitCode: 0 },
    { name: 'net-pf-5', answer: { refuse: 'not today' }, exitCode: 1 },
  ]);
  t.true((await loadedNames(vm)).includes('msr'));
  t.is(
    (await logLines(vm)).at(-1),
    'modprobe: request for "net-pf-5": refused by the program that decides: not today',
  );
}

async function removal(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const user = await vm.evaluate(async () => {
    const { spawnSync } = await import('node:child_process');
    return spawnSync('kmodctl', ['helper', 'remove'], { uid: 1000, gid: 1000, encoding: 'utf8' }).stderr;
  });
  t.regex(user, /Only root can set who loads modules for the kernel/);
  const removed = await json<HelperStatus>(vm, ['kmodctl', 'helper', 'remove']);
  t.like(removed, { path: '/sbin/modprobe', isOurs: true, setting: null, before: null, problems: [] });
  t.is(await helperPath(vm), '/sbin/modprobe');
  t.not((await vm.run(['ls', LAUNCHER, '/etc/sysctl.d/90-kmodctl-helper.conf'])).exitCode, 0);
  // The plain program is as careful.
  const count = (await logLines(vm)).length;
  await makeRequests(vm, [[0, 'mount', '$(id)']]);
  t.deepEqual((await logLines(vm)).slice(count), [
    'modprobe: request for "fs-$(id)": refused: it has characters that mean something to a shell, or that no request has.',
  ]);
}

/** At the end, as what is taken away here does not come back. */
async function whereItCannotWork(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const refusal = async (): Promise<string> => {
    const { exitCode, stderr } = await vm.run(['kmodctl', 'helper', 'install']);
    t.is(exitCode, 1);
    t.is(await helperPath(vm), '/sbin/modprobe');
    return stderr;
  };
  const { stdout: release } = await vm.run(['uname', '-r']);
  const file = `/boot/config-${release.trim()}`;
  await vm.writeFile(file, 'CONFIG_STATIC_USERMODEHELPER=y\nCONFIG_STATIC_USERMODEHELPER_PATH="/sbin/one"\n');
  t.regex(await refusal(), /CONFIG_STATIC_USERMODEHELPER and starts nothing but \/sbin\/one/);
  await vm.run(['rm', file]);
  await vm.run(['sh', '-c', 'echo "4294901759 511" >/proc/sys/kernel/usermodehelper/bset']);
  t.regex(await refusal(), /no CAP_SYS_MODULE/);
  const [can] = await makeRequests(vm, [[0, 'socket', 15, 3, 2]]);
  t.is(can?.answer, 'EAFNOSUPPORT', 'that is so');
  await vm.run(['sh', '-c', 'echo 1 >/proc/sys/kernel/modules_disabled']);
  t.regex(await refusal(), /modules_disabled is 1/);
}
