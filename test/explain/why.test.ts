import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { type ModuleAccount, why, whyNot, type WhyOptions, whySync } from '../../src/index.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

const options = (root: FixtureRoot): WhyOptions => ({
  root: root.path,
  release: RELEASE,
  kernelRoot: root.path,
});

function link(root: FixtureRoot, path: string, target: string): void {
  const file = join(root.path, path);
  mkdirSync(dirname(file), { recursive: true });
  symlinkSync(target, file);
}

const PROTOCOLS = `protocol  size sockets  memory press maxhdr  slab module     cl co
KEY        880      2      -1   NI       0   no   af_key      n  n
UNIX      1024      8      -1   NI       0   yes  kernel      y  n
`;

/** The /proc and /sys of a system at work, as recorded. */
function setUp(t: ExecutionContext): FixtureRoot {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({
    modules: {
      ext4: { path: 'ext4.ko', needs: ['jbd2'] },
      jbd2: { path: 'jbd2.ko' },
      loop: { path: 'loop.ko' },
      tun: { path: 'tun.ko' },
      dm_crypt: { path: 'dm-crypt.ko', needs: ['dm_mod'] },
      dm_mod: { path: 'dm-mod.ko' },
      bonding: { path: 'bonding.ko' },
      af_key: { path: 'af_key.ko' },
      e1000: { path: 'e1000.ko' },
      tcp_bbr: { path: 'tcp_bbr.ko' },
      aes: { path: 'aes.ko' },
      nls_ascii: { path: 'nls_ascii.ko' },
      spare: { path: 'spare.ko' },
      other: { path: 'other.ko' },
    },
    builtin: ['unix'],
    aliases: [
      ['fs_ext4', 'ext4'],
      ['block_major_7_*', 'loop'],
      ['char_major_10_200', 'tun'],
      ['devname:net/tun', 'tun'],
      ['rtnl_link_bond', 'bonding'],
      ['net_pf_15', 'af_key'],
      ['pci:v00008086d0000100Esv*sd*bc*sc*i*', 'e1000'],
    ],
  });
  root.writeKernel([
    { name: 'ext4', refcount: 1 },
    { name: 'jbd2', refcount: 1, users: ['ext4'] },
    { name: 'loop', refcount: 2 },
    { name: 'tun', refcount: 2 },
    { name: 'dm_crypt', refcount: 1 },
    { name: 'dm_mod', refcount: 4, users: ['dm_crypt'] },
    { name: 'bonding' },
    { name: 'af_key', refcount: 2 },
    { name: 'e1000' },
    { name: 'tcp_bbr', refcount: 1 },
    { name: 'aes', refcount: 3 },
    { name: 'nls_ascii', refcount: 1 },
    { name: 'spare', refcount: 7 },
  ]);
  root.write('proc/net/protocols', PROTOCOLS);
  root.write(
    'proc/self/mountinfo',
    `22 1 0:2 / / rw - rootfs rootfs rw
40 22 7:0 / /mnt\\040disk rw,relatime shared:1 - ext4 /dev/loop0 rw
41 22 0:55 / /boot/efi rw - vfat /dev/sda1 rw,codepage=437,iocharset=ascii
`,
  );
  link(root, 'proc/self/ns/mnt', 'mnt:[4026531841]');
  root.write(
    'proc/812/mountinfo',
    '90 1 7:0 / /in/container rw - ext4 /dev/loop0 rw\n91 1 0:2 / / rw - rootfs rootfs rw\n',
  );
  root.write('proc/812/comm', 'openvpn\n');
  link(root, 'proc/812/ns/mnt', 'mnt:[4026532000]');
  link(root, 'proc/812/fd/3', '/dev/net/tun');
  link(root, 'proc/812/fd/4', '/var/log/syslog');
  link(root, 'proc/812/fd/5', 'socket:[123]');
  link(root, 'sys/dev/char/10:200', '../../devices/virtual/misc/tun');
  root.write('sys/devices/virtual/misc/tun/uevent', 'MAJOR=10\nMINOR=200\nDEVNAME=net/tun\n');
  link(root, 'sys/class/block/loop0', '../../devices/virtual/block/loop0');
  link(root, 'sys/block/loop0', '../devices/virtual/block/loop0');
  link(root, 'sys/dev/block/7:0', '../../devices/virtual/block/loop0');
  root.write('sys/devices/virtual/block/loop0/dev', '7:0\n');
  root.write('sys/devices/virtual/block/loop0/loop/backing_file', '/images/disk\n');
  mkdirSync(join(root.path, 'sys/devices/virtual/block/loop0/holders'), { recursive: true });
  for (const number of [0, 1]) {
    link(root, `sys/class/block/dm-${number}`, `../../devices/virtual/block/dm-${number}`);
    link(root, `sys/block/dm-${number}`, `../devices/virtual/block/dm-${number}`);
    link(root, `sys/dev/block/254:${number}`, `../../devices/virtual/block/dm-${number}`);
    root.write(`sys/devices/virtual/block/dm-${number}/dev`, `254:${number}\n`);
  }
  root.write('sys/devices/virtual/block/dm-0/dm/name', 'secret\n');
  root.write('sys/devices/virtual/block/dm-0/dm/uuid', 'CRYPT-LUKS2-abc-secret\n');
  root.write('sys/devices/virtual/block/dm-1/dm/name', 'swap\n');
  root.write('sys/devices/virtual/block/dm-1/dm/uuid', 'LVM-xyz\n');
  root.write('proc/swaps', 'Filename Type Size Used Priority\n/dev/dm-1 partition 1000 0 -2\n');
  root.write('sys/class/net/bond0/uevent', 'DEVTYPE=bond\nINTERFACE=bond0\n');
  root.write('sys/bus/pci/devices/0000:00:03.0/modalias', 'pci:v00008086d0000100Esv0sd0bc02sc00i00\n');
  root.write('sys/bus/pci/drivers/e1000/0000:00:03.0/uevent', 'DRIVER=e1000\n');
  link(root, 'sys/module/e1000/drivers/pci:e1000', '../../../bus/pci/drivers/e1000');
  root.write('proc/sys/net/ipv4/tcp_congestion_control', 'bbr\n');
  root.write(
    'proc/crypto',
    'name         : aes\ndriver       : aes-fast\nmodule       : aes\nrefcnt       : 3\n\nname         : x\nmodule       : kernel\nrefcnt       : 9\n',
  );
  root.write('proc/sys/kernel/modprobe', '/sbin/modprobe\n');
  return root;
}

const usesOf = ({ uses }: ModuleAccount): readonly string[] =>
  uses.map(({ kind, text }) => `${kind}: ${text}`);
const sourcesOf = ({ reasons }: ModuleAccount): readonly string[] =>
  reasons.map(({ kind, confidence, evidence }) =>
    `${kind} ${confidence} ${evidence.map(({ source }) => source).join(' ')}`.trim(),
  );

test('what keeps a module: mounts in every namespace, devices, processes, swap, tables, sockets, settings', async (t) => {
  const root = setUp(t);
  const ask = async (name: string): Promise<ModuleAccount> => await why(name, options(root));
  const ext4 = await ask('ext4');
  t.deepEqual(usesOf(ext4), [
    'mount: A file system of it is mounted on /mnt disk, /in/container (ext4, /dev/loop0).',
  ]);
  t.deepEqual(ext4.unexplained, { least: 0, most: 0 });
  t.deepEqual(ext4.uses[0]?.remedies, ["umount '/mnt disk'", 'nsenter -t 812 -m umount /in/container']);
  t.deepEqual(usesOf(await ask('jbd2')), ['module: The module ext4 uses it.']);
  t.like((await ask('jbd2')).uses[0], { holder: 'ext4', references: { least: 1, most: 1 } });
  const loop = await ask('loop');
  t.deepEqual(usesOf(loop), [
    'mount: /dev/loop0 is mounted on /mnt disk, /in/container (ext4).',
    'block-device: /dev/loop0 is set up with the file /images/disk.',
  ]);
  t.deepEqual(loop.unexplained, { least: 0, most: 0 });
  const tun = await ask('tun');
  t.deepEqual(usesOf(tun), ['open-file: Process 812 (openvpn) has /dev/net/tun open.']);
  t.like(tun.uses[0], { process: { pid: 812, name: 'openvpn' }, confidence: 'certain' });
  t.is(tun.uses[0]?.evidence[0]?.source, '/proc/812/fd/3');
  t.deepEqual(usesOf(await ask('dm-crypt')), [
    'mapped-device: The table of the mapped device secret has a target of it.',
  ]);
  t.deepEqual(usesOf(await ask('dm_mod')), [
    'module: The module dm_crypt uses it.',
    'mapped-device: The device mapper has the device secret (/dev/dm-0).',
    'swap: /dev/dm-1 is in use as swap.',
    'mapped-device: The device mapper has the device swap (/dev/dm-1).',
  ]);
  const bonding = await ask('bonding');
  t.deepEqual(usesOf(bonding), ['interface: It drives the network interface bond0, which goes with it.']);
  t.deepEqual(bonding.uses[0]?.references, { least: 0, most: 0 });
  t.deepEqual(usesOf(await ask('af_key')), ['socket: 2 sockets of its protocol KEY exist.']);
  t.regex(
    usesOf(await ask('e1000')).join('\n'),
    /^device: The device 0000:00:03\.0 is bound to its driver e1000,/,
  );
  t.regex(
    usesOf(await ask('tcp_bbr')).join('\n'),
    /^setting: It is set as the TCP congestion control \(bbr\)\.$/,
  );
  const aes = await ask('aes');
  t.deepEqual(usesOf(aes), ['crypto: The kernel uses its algorithm aes (aes-fast) 2 times.']);
  t.deepEqual(aes.unexplained, { least: 1, most: 3 });
  t.regex(usesOf(await ask('nls-ascii')).join(''), /character set \(iocharset=ascii\)/);
  const spare = await ask('spare');
  t.deepEqual([usesOf(spare), spare.refcount, spare.unexplained], [[], 7, { least: 7, most: 7 }]);
  t.deepEqual(whySync('spare', options(root)), spare);
});

test('why a module is there: needs, rules, files read at the start, devices, requests; nothing', async (t) => {
  const root = setUp(t);
  root.write(
    'etc/modprobe.d/x.conf',
    'softdep ext4 pre: loop\nweakdep ext4 tun\ninstall other modprobe spare; modprobe -i other\ninstall e1000 modprobe af-key; modprobe -i e1000\n',
  );
  root.write('etc/modules-load.d/a.conf', '# no\n; no\nloop\n\nspare\n');
  root.write('usr/lib/modules-load.d/a.conf', 'tun\n');
  root.write('usr/lib/modules-load.d/b.conf', 'net-pf-15\n');
  root.write('usr/lib/modules-load.d/c.txt', 'tun\n');
  root.write('etc/modules', 'bonding mode=1\n');
  root.write('etc/initramfs-tools/modules', 'dm-crypt\n');
  root.write('etc/dracut.conf.d/x.conf', 'force_drivers+=" nls-ascii jbd2 "\n');
  root.write('usr/lib/udev/rules.d/50-x.rules', 'SUBSYSTEM=="x", RUN{builtin}+="kmod load e1000"\n');
  root.write('usr/lib/systemd/system/x.service', '[Unit]\nWants=modprobe@aes.service\n');
  root.write('proc/cmdline', 'quiet modules_load=tcp_bbr,x rd.modules-load=aes\n');
  const ask = async (name: string): Promise<readonly string[]> =>
    sourcesOf(await why(name, options(root))).map((line) => line.replaceAll(root.path, ''));
  const aliases = `/lib/modules/${RELEASE}/modules.alias`;
  t.deepEqual(await ask('jbd2'), [
    'dependency certain /sys/module/jbd2/holders',
    'initramfs likely /etc/dracut.conf.d/x.conf:1',
  ]);
  t.deepEqual(await ask('loop'), [
    'soft-dependency certain /etc/modprobe.d/x.conf:1',
    'modules-load likely /etc/modules-load.d/a.conf:3 /etc/modules-load.d/a.conf',
    `request likely ${aliases} /sys/block/loop0/loop/backing_file`,
  ]);
  t.deepEqual(await ask('tun'), [
    `request likely ${aliases} /proc/812/fd/3 ${aliases}, char-major-10-200`,
    'weak-dependency possible /etc/modprobe.d/x.conf:2',
  ]);
  t.deepEqual(await ask('af_key'), [
    'install-command likely /etc/modprobe.d/x.conf:4',
    'modules-load likely /usr/lib/modules-load.d/b.conf:1',
    `request likely ${aliases} /proc/net/protocols`,
  ]);
  t.deepEqual(await ask('spare'), [
    'modules-load likely /etc/modules-load.d/a.conf:5 /etc/modules-load.d/a.conf',
    'install-command possible /etc/modprobe.d/x.conf:3',
  ]);
  t.deepEqual(await ask('bonding'), [
    'modules-load likely /etc/modules:1',
    `request likely ${aliases} /sys/class/net/bond0/uevent`,
  ]);
  const byName = 'request likely the name of the module /sys/block/dm-0/dm';
  t.deepEqual(await ask('dm_crypt'), ['initramfs likely /etc/initramfs-tools/modules:1', byName]);
  t.deepEqual(await ask('e1000'), [
    'device likely /sys/bus/pci/devices/0000:00:03.0/modalias',
    'udev-rule possible /usr/lib/udev/rules.d/50-x.rules:1',
  ]);
  t.deepEqual(await ask('aes'), [
    'kernel-command-line likely /proc/cmdline',
    'unit possible /usr/lib/systemd/system/x.service:2',
  ]);
  t.deepEqual(await ask('dm_mod'), ['dependency certain /sys/module/dm_mod/holders']);
  t.deepEqual(await ask('unix'), [`builtin certain /lib/modules/${RELEASE}/modules.builtin`]);
  root.write('etc/initramfs-tools/modules', '');
  t.deepEqual(await ask('dm_crypt'), [byName]);
  root.write('etc/dracut.conf.d/x.conf', '');
  t.deepEqual(await ask('nls-ascii'), ['request likely the name of the module /proc/self/mountinfo']);
  root.write('etc/modules-load.d/a.conf', '');
  t.deepEqual(await ask('spare'), ['install-command possible /etc/modprobe.d/x.conf:3', 'unasked possible']);
  await t.throwsAsync(why('nothing', options(root)), { code: 'ERR_KMOD_NOT_FOUND' } as object);
  await t.throwsAsync(why('x', { rot: '/' } as object), { message: /did you mean "root"/ });
  await t.throwsAsync(why(1 as never), { instanceOf: TypeError });
});

test('why a module is not there', async (t) => {
  const root = setUp(t);
  const ask = async (name: string): Promise<readonly (string | null)[]> => {
    const { state, verdict, module, findings, notes, reasons } = await whyNot(name, options(root));
    return [
      state,
      verdict,
      module,
      ...findings.map(({ cause }) => cause),
      ...notes.map(({ kind }) => kind),
      ...reasons.map(({ kind }) => kind),
    ];
  };
  t.deepEqual(await ask('loop'), ['live', 'loaded', 'loop']);
  t.deepEqual(await ask('unix'), ['built-in', 'built-in', 'unix']);
  t.deepEqual(await ask('nothing'), ['not-loaded', 'fails', null, 'not-found']);
  root.removeModuleFolder('other');
  const usual = await ask('other');
  t.deepEqual([usual[0], usual[2], usual.at(-1)], ['not-loaded', 'other', 'unasked']);
  root.write('etc/modprobe.d/x.conf', 'blacklist other\ninstall other /bin/false\n');
  root.write('etc/modules-load.d/a.conf', 'other\n');
  root.write('proc/sys/kernel/modprobe', '\n');
  root.write('proc/sys/kernel/modules_disabled', '1\n');
  root.write('proc/cmdline', 'module_blacklist=other\n');
  const refused = await ask('other');
  for (const word of ['modules-disabled', 'install-command', 'blacklisted', 'helper-off', 'modules-load'])
    t.true(refused.includes(word), `${word}: ${refused.join(' ')}`);
  t.false(refused.includes('unasked'));
});
