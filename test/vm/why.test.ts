/** Why modules of real kernels are loaded and what keeps them, as `why` finds it and as refused unloads say it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { ExecutionContext } from 'ava';

import type { ModuleAbsence, ModuleAccount } from '../../src/index.ts';
import { ModuleTree } from '../../src/index-files/module-tree.ts';
import { resolveKernel, type VirtualMachine } from '../../vm/index.ts';
import { inGuest, MODULES } from './in-guest.ts';

const PF_KEY = 15;
const PF_CAN = 29;
const SOCK_RAW = 3;

/** What is used in the guest, each by the plainest means. */
const SETTING = `
mkdir -p /mnt /inner /etc/modules-load.d /etc/modprobe.d
dd if=/dev/zero of=/image bs=1M count=4 2>/dev/null && mke2fs -F /image >/dev/null 2>&1
modprobe -a loop ext4 zram tun bonding scsi_debug sd_mod dm_zero af_key can_raw tcp_bbr nlmon iptable_filter xt_LOG
losetup /dev/loop0 /image && mount -t ext4 /dev/loop0 /mnt
echo 8M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
ip link add dummy5 type dummy
modprobe -a sch_fq ifb && echo fq >/proc/sys/net/core/default_qdisc && ip link set ifb0 up
echo bbr >/proc/sys/net/ipv4/tcp_congestion_control
echo af-key >/etc/modules-load.d/ipsec.conf
echo 'softdep dummy pre: nlmon' >/etc/modprobe.d/soft.conf
(exec sh -c 'exec 3<>/dev/net/tun; exec sleep 1000') </dev/null >/dev/null 2>&1 &
(exec /hold-sockets ${PF_KEY} ${SOCK_RAW} 2 ${PF_KEY} ${SOCK_RAW} 2 ${PF_CAN} ${SOCK_RAW} 1) </dev/null >/sockets 2>&1 &
(exec unshare -m sh -c 'mount --bind /mnt /inner; exec sleep 1000') </dev/null >/dev/null 2>&1 &
insmod ${MODULES}/kmodctl_hold.ko held=1
until grep -q open /sockets && grep -q /inner /proc/[0-9]*/mountinfo; do usleep 100000; done
`;

/** A device of the device mapper and a rule of nf_tables, made as their own programs make them. */
async function makeDeviceAndRule(): Promise<readonly (number | string)[]> {
  const { closeSync, openSync } = await import('node:fs');
  const { createRequire } = await import('node:module');
  const folder = '/usr/lib/node_modules/kmodctl';
  interface Binding {
    readonly askNetlink: (protocol: number, request: Uint8Array) => Buffer | number;
    readonly controlDevice: (fd: number, request: number, structure: Uint8Array) => number;
  }
  const find = createRequire(`${folder}/package.json`)('node-gyp-build') as (path: string) => Binding;
  const { askNetlink, controlDevice } = find(folder);
  const control = openSync('/dev/mapper/control', 'r+');
  const command = (number: number, target?: string): number => {
    const structure = Buffer.alloc(512);
    structure.writeUInt32LE(4, 0);
    structure.writeUInt32LE(512, 12);
    structure.writeUInt32LE(312, 16);
    structure.write('hole', 48);
    if (target !== undefined) {
      structure.writeUInt32LE(1, 20);
      structure.writeBigUInt64LE(8n, 312 + 8);
      structure.write(target, 312 + 24);
    }
    return controlDevice(control, 0xc1_38_fd_00 + number, structure);
  };
  const answers: (number | string)[] = [command(3), command(9, 'zero'), command(6)];
  closeSync(control);

  const attribute = (type: number, value: Buffer | string): Buffer => {
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : value;
    const whole = Buffer.alloc(4 + Math.ceil(bytes.length / 4) * 4);
    whole.writeUInt16LE(4 + bytes.length, 0);
    whole.writeUInt16LE(type, 2);
    bytes.copy(whole, 4);
    return whole;
  };
  const big = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const message = (
    type: number,
    flags: number,
    body: readonly Buffer[],
    family = 2,
    subsystem = 0,
  ): Buffer => {
    const rest = Buffer.concat([Buffer.from([family, 0, 0, subsystem]), ...body]);
    const header = Buffer.alloc(16);
    header.writeUInt32LE(16 + rest.length, 0);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(flags, 6);
    return Buffer.concat([header, rest]);
  };
  const nested = 0x8000;
  const table = attribute(1, 'kept');
  const hook = attribute(4 | nested, Buffer.concat([attribute(1, big(1)), attribute(2, big(0))]));
  const log = attribute(
    1 | nested,
    Buffer.concat([attribute(1, 'log'), attribute(2 | nested, Buffer.alloc(0))]),
  );
  const batch = [
    message(0x10, 1, [], 0, 10),
    message(0xa00, 0x401, [table]),
    message(0xa03, 0x401, [table, attribute(3, 'in'), hook, attribute(7, 'filter')]),
    message(0xa06, 0xc05, [table, attribute(2, 'in'), attribute(4 | nested, log)]),
    message(0x11, 1, [], 0, 10),
  ];
  const answer = askNetlink(12, Buffer.concat(batch));
  answers.push(typeof answer === 'number' ? answer : answer.toString('hex'));
  return answers;
}

/** Runs in the guest: the accounts of modules, and what refused unloads say. */
async function accounts(
  names: readonly string[],
  absent: readonly string[],
  refused: readonly string[],
): Promise<{
  readonly accounts: Readonly<Record<string, ModuleAccount>>;
  readonly absences: Readonly<Record<string, ModuleAbsence>>;
  readonly refusals: Readonly<Record<string, string>>;
  readonly milliseconds: number;
}> {
  const { explanationOf, rmmod, why, whyNot } = await import('kmodctl');
  const start = performance.now();
  const found: Record<string, ModuleAccount> = {};
  for (const name of names) found[name] = await why(name);
  const milliseconds = Math.round((performance.now() - start) / names.length);
  const absences: Record<string, ModuleAbsence> = {};
  for (const name of absent) absences[name] = await whyNot(name);
  const refusals: Record<string, string> = {};
  for (const name of refused)
    try {
      await rmmod(name);
    } catch (error) {
      const [finding] = explanationOf(error)?.findings ?? [];
      refusals[name] = `${finding?.cause}: ${finding?.text} ${finding?.remedies.join('; ')}`;
    }
  return { accounts: found, absences, refusals, milliseconds };
}

/** What each module is to be used by, and why it is to be there. */
interface Expected {
  /** Kinds of uses with what their sentences have, in this order. */
  readonly uses?: readonly (readonly [kind: string, text: RegExp])[];
  /** Whether all references are explained. Default true. */
  readonly isExplained?: boolean;
  readonly reasons?: readonly (readonly [kind: string, source: RegExp])[];
}

const expectedAccounts: Readonly<Record<string, Expected>> = {
  ext4: {
    uses: [['mount', /mounted on \/mnt, \/inner \(ext4, \/dev\/loop0\)|mounted on \/inner, \/mnt/]],
    reasons: [['request', /modules\.alias \/proc\/\w+\/mountinfo/]],
  },
  jbd2: { uses: [['module', /^The module ext4 uses it/]], reasons: [['dependency', /holders/]] },
  loop: {
    uses: [
      ['mount', /\/dev\/loop0 is mounted on \/mnt/],
      ['block-device', /\/dev\/loop0 is set up with the file \/image/],
    ],
  },
  zram: { uses: [['swap', /^\/dev\/zram0 is in use as swap/]] },
  tun: {
    uses: [['open-file', /^Process \d+ \(sleep\) has \/dev\/net\/tun open/]],
    reasons: [['request', /char-major-10-200/]],
  },
  dummy: { uses: [['interface', /dummy5/]], reasons: [['request', /rtnetlink/]] },
  bonding: { uses: [['interface', /bond0/]] },
  sch_fq: {
    uses: [
      ['queue-discipline', /ifb0 has a queue/],
      ['setting', /queueing discipline of new interfaces \(fq\)/],
    ],
    reasons: [['request', /rtnetlink/]],
  },
  tcp_bbr: {
    uses: [['setting', /TCP congestion control \(bbr\)/]],
    reasons: [['request', /tcp_congestion_control/]],
  },
  af_key: {
    uses: [['socket', /^Process \d+ \(hold-sockets\) has a socket of its protocol KEY, 2 times/]],
    reasons: [
      ['modules-load', /\/etc\/modules-load\.d\/ipsec\.conf:1$/],
      ['request', /proc\/\d+\/fd/],
    ],
  },
  can_raw: { uses: [['socket', /has a socket of its protocol CAN_RAW/]] },
  dm_zero: { uses: [['mapped-device', /table of the mapped device hole has a target/]] },
  dm_mod: {
    uses: [
      ['module', /dm_zero/],
      ['mapped-device', /has the device hole \(\/dev\/dm-\d+\)/],
    ],
  },
  nft_log: { uses: [['packet-rule', /rules in the chain kept in use it \(log\)/]] },
  xt_LOG: { reasons: [['request', /modules\.alias/]] },
  nlmon: { reasons: [['soft-dependency', /\/etc\/modprobe\.d\/soft\.conf:1$/]] },
  crc32c_intel: { uses: [['crypto', /crc32c/]], reasons: [['device', /\/sys\/.*modalias/]] },
  sd_mod: {
    uses: [['device', /bound to its driver sd/]],
    reasons: [['device', /\/sys\/bus\/scsi\/.*modalias/]],
  },
  kmodctl_hold: { isExplained: false, reasons: [['unasked', /^$/]] },
  atkbd: { reasons: [['builtin', /./]] },
};

function compare(
  t: ExecutionContext,
  name: string,
  { uses, reasons, unexplained, refcount }: ModuleAccount,
): void {
  const expected = expectedAccounts[name] ?? {};
  const text = `${name} ${JSON.stringify({ refcount, unexplained, uses, reasons }, null, 1)}`;
  for (const [kind, sentence] of expected.uses ?? [])
    t.true(
      uses.some((use) => use.kind === kind && sentence.test(use.text)),
      `${kind} ${sentence}: ${text}`,
    );
  for (const [kind, source] of expected.reasons ?? [])
    t.true(
      reasons.some(
        (reason) => reason.kind === kind && source.test(reason.evidence.map((each) => each.source).join(' ')),
      ),
      `${kind} ${source}: ${text}`,
    );
  if (expected.isExplained !== false) {
    t.is(unexplained?.least ?? 0, 0, text);
    const least = uses.reduce((sum, { references }) => sum + references.least, 0);
    t.true(least <= (refcount ?? 0), `counted too much: ${text}`);
  }
}

async function holder(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-sockets-'));
  try {
    const program = join(folder, 'hold-sockets');
    await promisify(execFile)('cc', ['-static', '-O1', '-Wall', '-o', program, 'test/vm/hold-sockets.c']);
    return await readFile(program);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A module that the guest's list does not have, at the place where its indexes say it is. */
async function putModule(vm: VirtualMachine, kernel: string, name: string): Promise<void> {
  const { moduleDirectory, release } = await resolveKernel(kernel);
  const path = new ModuleTree({ moduleDirectory }).dependencyLine(name)?.path ?? '';
  const place = `/lib/modules/${release}${path.slice(moduleDirectory.length)}`;
  await vm.writeFile(place, await readFile(path));
}

inGuest(
  'who asks for modules and who keeps them; why others are not there; refusals, tree and graph',
  { testModules: ['kmodctl_hold'], timeouts: { command: 300_000, boot: 400_000 } },
  async (t, { vm, kernel }) => {
    await vm.writeFile('/hold-sockets', await holder(), 0o755);
    await putModule(vm, kernel, 'nft_log');
    const set = await vm.run(['sh', '-c', SETTING]);
    t.is(set.exitCode, 0, set.stderr);
    t.is(set.stderr, '');
    const made = await vm.evaluate(makeDeviceAndRule);
    t.deepEqual(made.slice(0, 3), [0, 0, 0]);
    t.regex(String(made[3]), /^2400000002/, String(made[3]));

    await vm.writeFile(
      '/etc/modprobe.d/no.conf',
      'blacklist vxlan\ninstall raid1 /bin/false\ninstall xor /bin/false\n',
    );
    await vm.run(['sh', '-c', 'echo >/proc/sys/kernel/modprobe']);
    const asked = Object.keys(expectedAccounts);
    const answer = await vm.evaluate(
      accounts,
      asked,
      ['vxlan', 'raid1', 'btrfs', 'no_such_module', 'atkbd', 'loop', 'wireguard'],
      ['loop', 'tun', 'ext4', 'kmodctl_hold', 'af_key'],
    );
    t.log(`${answer.milliseconds} ms for each`);
    for (const name of asked) compare(t, name, answer.accounts[name] as ModuleAccount);
    t.deepEqual(answer.accounts['kmodctl_hold']?.unexplained, { least: 1, most: 1 });
    absencesFit(t, answer.absences);

    const { refusals } = answer;
    t.regex(
      refusals['loop'] ?? '',
      /^in-use: .*\/dev\/loop0 is set up with the file \/image.* losetup -d \/dev\/loop0/,
    );
    t.regex(refusals['tun'] ?? '', /^in-use: .*Process \d+ \(sleep\) has \/dev\/net\/tun open.* kill \d+/);
    t.regex(refusals['ext4'] ?? '', /^in-use: .*mounted on.*umount \/mnt/);
    t.regex(refusals['af_key'] ?? '', /^in-use: .*hold-sockets/);
    t.regex(
      refusals['kmodctl_hold'] ?? '',
      /^in-use: Something else than a module uses it once, and neither \/proc nor \/sys/,
    );

    await programsFit(t, vm);
  },
);

function absencesFit(t: ExecutionContext, absences: Readonly<Record<string, ModuleAbsence>>): void {
  const words = (name: string): string => {
    const absence = absences[name];
    const parts = [
      absence?.state,
      absence?.verdict,
      ...(absence?.findings.map(({ cause }) => cause) ?? []),
      ...(absence?.notes.map(({ kind }) => kind) ?? []),
    ];
    return parts.join(' ');
  };
  t.is(words('vxlan'), 'not-loaded no-fault blacklisted helper-off unasked');
  t.is(absences['vxlan']?.notes[0]?.evidence[0]?.source, '/etc/modprobe.d/no.conf:1');
  t.is(words('raid1'), 'not-loaded fails install-command helper-off unasked');
  t.is(words('btrfs'), 'not-loaded fails install-command helper-off unasked');
  t.is(words('no_such_module'), 'not-loaded fails not-found');
  t.is(words('atkbd'), 'built-in built-in');
  t.is(words('loop'), 'live loaded');
  t.is(words('wireguard'), 'not-loaded no-fault helper-off unasked');
}

/** The commands; another user sees less and says so. */
async function programsFit(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const stdout = await vm.evaluate(async () => {
    const { spawnSync } = await import('node:child_process');
    const outputs: string[] = [];
    const run = (argv: readonly string[], uid = 0): void => {
      const { stdout: output, stderr, status } = spawnSync('kmodctl', argv, { uid, encoding: 'utf8' });
      outputs.push(`${output}${stderr}${status === 0 ? '' : `${status}\n`}`);
    };
    run(['why', 'tun']);
    run(['why', 'tun'], 65_534);
    run(['tree', 'ext4']);
    run(['graph', '--format=mermaid', 'ext4']);
    run(['why', '--not', 'loop']);
    run(['unload', 'zram']);
    return outputs;
  });
  const [why = '', unprivileged = '', tree = '', graph = '', not = '', unload = ''] = stdout;
  t.regex(
    why,
    /^tun: is loaded, use count 2\nWhy it is there\n(?:.*\n)*What keeps it\n {2}Process \d+ \(sleep\)/,
  );
  t.regex(
    unprivileged,
    /Not known\n(?:.*\n)* {2}The open files of \d+ processes of other users were not\n? *readable/,
  );
  t.regex(tree, /^MODULE +BYTES +USES +OTHERS\next4 +\d+ +1 +1\n(?:[|`]-\w+ +\d+ +\d+ +\d+\n)+$/);
  t.regex(graph, /^flowchart TD\n(?:.*\n)*.*"ext4<br\/>in use: 1"/);
  t.regex(not, /^loop: is loaded\n1\n$/);
  t.regex(unload, /swapoff \/dev\/zram0/);
}
