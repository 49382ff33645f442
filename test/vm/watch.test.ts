/** The watch under real kernels: a storm of loads and unloads, onlookers without rights, requests and what becomes of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import test, { type ExecutionContext } from 'ava';

import { startVm, type VirtualMachine } from '../../vm/index.ts';
import { kernels, testModuleFiles } from './in-guest.ts';
import { storm, type Told } from './watch/loader.ts';
import { onlookers } from './watch/onlookers.ts';
import { request } from './watch/requests.ts';

const TIMEOUT_MS = 600_000;
const BARE = 'kmodctl_bare';
const NAMES = [BARE, 'kmodctl_barf', 'kmodctl_barg', 'kmodctl_barh'] as const;
/** So many loads, and as many unloads. On 6.12 each pair takes 25 ms in a guest, whoever makes the calls, and a tenth of that on 6.1. */
const cyclesOn: Readonly<Record<string, number>> = { '6.1': 5000, '6.12': 2500 };
const BLOCKED = 500;

const configuration = 'blacklist isofs\ninstall vfat /bin/false\n';

/** The module without what is there for debuggers, under several names. */
async function moduleFiles(kernel: string): Promise<Readonly<Record<string, Uint8Array>>> {
  const [image] = Object.values(await testModuleFiles(kernel, [BARE]));
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-watch-'));
  try {
    const file = join(folder, 'bare.ko');
    await writeFile(file, image ?? '');
    await promisify(execFile)('strip', ['-g', file]);
    const bytes = (await readFile(file)).toString('latin1');
    return Object.fromEntries(
      NAMES.map((name) => [`/watch/${name}.ko`, Buffer.from(bytes.replaceAll(BARE, name), 'latin1')]),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const kernel of kernels)
  test(`${kernel}: modules come and go under the eyes of watches`, async (t) => {
    t.timeout(TIMEOUT_MS);
    await using vm = await startVm({
      kernel,
      files: { ...(await moduleFiles(kernel)), '/etc/modprobe.d/watch.conf': configuration },
      timeouts: { command: TIMEOUT_MS, lifetime: TIMEOUT_MS, boot: 400_000 },
    });
    await requests(t, vm);
    await surroundings(t, vm);
    await manyLoads(t, vm, cyclesOn[kernel] ?? 0);
  });

const count = (told: Told, change: string): number =>
  told.changes.filter((each) => each === change || each === `${change}?`).length;

async function manyLoads(t: ExecutionContext, vm: VirtualMachine, cycles: number): Promise<void> {
  const files = Object.fromEntries(NAMES.map((name) => [name, `/watch/${name}.ko`]));
  const { usual, tiny, loads, loaded, milliseconds } = await vm.evaluate(
    storm,
    files,
    (cycles - BLOCKED) / NAMES.length,
    BLOCKED,
  );
  const last = NAMES.at(-1) ?? '';
  const total = Object.values(loads).reduce((sum, each) => sum + each, 0);
  t.true(total >= cycles && cycles > BLOCKED);
  t.log(`${total} loads and ${total - 1} unloads in ${(milliseconds / 1000).toFixed(1)} s`);
  t.log(
    `smallest buffer: ${tiny.overruns} overruns, ${tiny.changes.length} of ${2 * total - 1} changes told`,
  );
  t.true(loaded.includes(last));
  for (const [title, told] of [
    ['usual', usual],
    ['tiny', tiny],
  ] as const) {
    t.deepEqual(told.modules, loaded, title);
    t.true(told.isRising, title);
    const there = new Set<string>();
    const wrong = told.changes.filter((change) => {
      const name = change.replaceAll(/^[+-]|\?$/g, '');
      return change.startsWith('+') ? there.size === there.add(name).size : !there.delete(name);
    });
    t.deepEqual(wrong, [], `${title}: each module alternates`);
    t.deepEqual([...there], [last], title);
  }
  t.is(usual.overruns, 0);
  t.deepEqual(
    usual.changes.filter((change) => change.endsWith('?')),
    [],
  );
  for (const name of NAMES) {
    t.is(count(usual, `+${name}`), loads[name] ?? 0, name);
    t.is(count(usual, `-${name}`), (loads[name] ?? 0) - (name === last ? 1 : 0), name);
    t.true(count(tiny, `+${name}`) <= (loads[name] ?? 0), name);
  }
  t.true(tiny.overruns > 0);
  t.deepEqual(tiny.changes.filter((change) => change.includes(last)).slice(-2), [`-${last}?`, `+${last}?`]);
}

async function surroundings(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const watching = ['kmodctl', 'watch', '--initial', '--count=2'];
  const ended = await vm.evaluate(
    onlookers,
    {
      user: { command: [...watching, '--json'], uid: 65_534 },
      namespace: { command: ['unshare', '-U', '-r', '-n', ...watching, '--json', '--poll=300'] },
      interrupted: { command: ['kmodctl', 'watch', '--initial', 'kmodctl-*', 'loop'], signal: 'SIGINT' },
      terminated: { command: ['kmodctl', 'watch', '--initial', '--no-requests'], signal: 'SIGTERM' },
      unread: { command: ['sh', '-c', 'kmodctl watch --initial | head -n 1'] },
    } as const,
    `/watch/${BARE}.ko`,
    BARE,
  );
  for (const [title, { exitCode, signal, stderr }] of Object.entries(ended))
    t.deepEqual([exitCode, signal], [0, null], `${title}: ${stderr}`);
  const recordsOf = (text = ''): readonly Record<string, unknown>[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const user = recordsOf(ended['user']?.stdout);
  t.like(user[0], { schema: 'kmodctl/watch/1', type: 'notice', code: 'no-requests' });
  t.regex(String(user[0]?.['text']), /only root may read the kernel's trace/);
  t.like(user.at(-2), {
    type: 'added',
    module: BARE,
    seen: 'event',
    details: { state: 'live', taints: 'OE' },
  });
  t.like(user.at(-1), { type: 'removed', module: BARE, seen: 'event' });
  const namespace = recordsOf(ended['namespace']?.stdout);
  t.like(namespace[0], { type: 'notice', code: 'polling' });
  t.regex(
    String(namespace[0]?.['text']),
    /every 300 ms: the kernel sends no events into the network namespace/,
  );
  t.like(namespace.at(-2), { type: 'added', module: BARE, seen: 'scan' });
  t.like(namespace.at(-1), { type: 'removed', module: BARE, seen: 'scan' });
  t.regex(
    ended['interrupted']?.stdout ?? '',
    /^[\d:.]{12} {2}loaded {3}loop .*\n[\d:.]{12} {2}added {4}kmodctl_bare {2}\d+ bytes {2}taints OE\n[\d:.]{12} {2}removed {2}kmodctl_bare\n$/,
  );
  t.is(ended['interrupted']?.stderr, '');
  t.is(ended['unread']?.stdout.split('\n').length, 2);
}

async function requests(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  // squashfs needs loop devices in no kernel, but the onlookers want a module that stays.
  await vm.run(['modprobe', 'loop']);
  // The kernel asks for what is before the first dot.
  const odd = '\nx-1 [000] dN: module_request: z wait=1';
  const types = ['squashfs', 'iso9660', 'vfat', 'nosuchfs', odd];
  const told = await vm.evaluate(request, types);
  t.log(told.order.join(', '));
  t.deepEqual(
    told.requests.map(({ name, wait, requester: { comm, pid } }) => ({ name, wait, comm, pid })),
    types.map((type, index) => ({ name: `fs-${type}`, wait: true, comm: 'mount', pid: told.pids[index] })),
  );
  t.true(told.requests.every(({ callSite }) => callSite === 'get_fs_type'));
  const [squashfs, iso9660, vfat, nothing, wild] = told.outcomes;
  t.like(squashfs, { name: 'fs-squashfs', outcome: 'loaded', module: 'squashfs' });
  t.true((squashfs?.afterMs ?? -1) >= 0);
  t.true(told.order.indexOf('request fs-squashfs') < told.order.indexOf('added squashfs'));
  t.like(iso9660, { name: 'fs-iso9660', outcome: 'held-back', module: 'isofs' });
  t.regex(iso9660?.evidence ?? '', /blacklist.*\/etc\/modprobe\.d\/watch\.conf:1/);
  t.like(vfat, { name: 'fs-vfat', outcome: 'held-back', module: 'vfat' });
  t.regex(vfat?.evidence ?? '', /\/bin\/false.*\/etc\/modprobe\.d\/watch\.conf:2/);
  t.like(nothing, { name: 'fs-nosuchfs', outcome: 'not-found', module: null });
  t.like(wild, { outcome: 'not-found' });
  t.deepEqual(told.instances, [
    'kmodctl-999999 kmodctl-PID other',
    'kmodctl-PID other',
    'other',
    'kmodctl-KILLED other',
    'other',
  ]);
  t.is(told.idleReads, 0);
}
