/**
 * A modules.conf as Linux Device Drivers describes it, on real kernels: our modprobe works from the file itself; then the
 * file is converted, and our modprobe and the real kmod load by what it became. All three end in the same state.
 */
import type { ExecutionContext } from 'ava';

import type { VirtualMachine } from '../../vm/index.ts';
import { inGuest, loadedNames, MODULES } from '../vm/in-guest.ts';
import { KMOD_BIN, putKmod } from '../vm/kmod-in-guest.ts';

const LOG = '/run/commands';
const CHAIN = ['a', 'b', 'c', 'd'].map((letter) => `kmodctl_chain_${letter}`);

/** The directives of the book's typical file, with modules that stock kernels have, and what else the language knows. */
const CONFIGURATION = `# what the distribution has
keep
path[misc]=${MODULES}
define MARK ${LOG}

alias eth0 dummy
options dummy numdummies=2
alias parport_lowlevel parport_pc
options parport_pc io=0x378
pre-install pcmcia_core echo "cardmgr start" >> $MARK
post-install pcmcia_core echo "cardmgr ready" >> $MARK
pre-remove pcmcia_core echo "cardmgr stop" >> $MARK
post-remove pcmcia_core echo "cardmgr gone" >> $MARK
probeall scsi_hostadapter kmodctl_fail scsi_debug nosuch_adapter

# and more
alias net-pf-4 off
alias char-major-60 kmodctl_params
options char-major-60 label="by alias" number=3
options kmodctl_params number=1 list=4,5
probe sound-slot-0 nosuch_card kmodctl_fail snd-dummy veth
options snd-dummy index=1
above loop crc8
below loop crc7 nosuch
alias all-of-it null
above all-of-it ifb loop
alias trunk ifb
options ifb numifbs=3
pre-install trunk echo "before trunk" >> $MARK
post-install ifb echo "behind ifb" >> $MARK
pre-install kmodctl_leaf_a echo "never again" >> $MARK; false
alias misc-driver kmodctl_chain_a
`;

/** What is asked for, in this order, in one call. */
const requests =
  'eth0 parport_lowlevel pcmcia_core scsi_hostadapter net-pf-4 char-major-60 sound-slot-0 loop trunk all-of-it misc-driver';
/** Its pre-install command fails. */
const FAILING = 'kmodctl_leaf_a';
const removals = 'misc-driver trunk loop pcmcia_core eth0 scsi_hostadapter sound-slot-0';

const parameters = [
  'dummy/parameters/numdummies',
  'kmodctl_params/parameters/number',
  'kmodctl_params/parameters/list',
  'kmodctl_params/parameters/label',
  'snd_dummy/parameters/index',
];

/** What is there after a phase. */
interface EndState {
  readonly exitCodes: string;
  readonly modules: readonly string[];
  readonly parameters: string;
  readonly interfaces: string;
  readonly commands: string;
}

async function shell(vm: VirtualMachine, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await vm.run(['sh', '-c', script], { timeout: 180_000 });
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

/** Runs command lines one after the other and answers their exit codes. */
async function runAll(vm: VirtualMachine, ...lines: readonly string[]): Promise<string> {
  const script = lines.map((line) => `${line} 2>>/run/errors; echo $?`).join('; ');
  return (await shell(vm, script)).trim().replaceAll('\n', ' ');
}

async function endState(vm: VirtualMachine, exitCodes: string): Promise<EndState> {
  const read = `cd /sys/module && for f in ${parameters.join(' ')}; do echo "$f $(cat $f 2>&1)"; done`;
  return {
    exitCodes,
    modules: (await loadedNames(vm)).toSorted(),
    parameters: await shell(vm, read),
    interfaces: await shell(vm, `ls /sys/class/net`),
    commands: await shell(vm, `cat ${LOG} 2>/dev/null; rm -f ${LOG}; true`),
  };
}

/** Takes out everything that is not in use, and what becomes unused by that. */
async function clearModules(vm: VirtualMachine, keep: ReadonlySet<string>): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const names = (await loadedNames(vm)).filter((name) => !keep.has(name));
    if (names.length === 0) return;
    await vm.run(['sh', '-c', names.map((name) => `rmmod ${name} 2>/dev/null`).join('; ')]);
  }
}

interface Phase {
  readonly loaded: EndState;
  readonly removed: EndState;
}

async function phase(vm: VirtualMachine, modprobe: string, keep: ReadonlySet<string>): Promise<Phase> {
  const loaded = await endState(vm, await runAll(vm, `${modprobe} -a ${requests}`, `${modprobe} ${FAILING}`));
  const removed = await endState(vm, await runAll(vm, `${modprobe} -r ${removals}`));
  await clearModules(vm, keep);
  return { loaded, removed };
}

inGuest(
  'the book’s modules.conf loads and unloads; converted, it does the same by our modprobe and by kmod’s',
  {
    modules:
      'dummy parport_pc pcmcia_core scsi_debug snd-dummy veth loop ifb crc7 crc8 virtio_pci virtio_console'.split(
        ' ',
      ),
    testModules: ['kmodctl_fail', 'kmodctl_params', 'kmodctl_leaf_a', ...CHAIN],
  },
  async (t, { vm }) => {
    t.timeout(600_000, 'dozens of programs are started in the guest');
    await vm.writeFile('/etc/modules.conf', CONFIGURATION);
    const before = new Set(await loadedNames(vm));
    const original = await phase(vm, 'modprobe --modules-conf', before);
    expectOriginal(t, original);
    await expectOther(t, vm, before);

    // The same file in new words, and depmod told of the folder.
    await shell(
      vm,
      `kmodctl config convert >/etc/modprobe.d/legacy.conf 2>/run/warnings
       sed -n '/^# For a file of depmod.d/,$ s/^#   //p' /etc/modprobe.d/legacy.conf >/etc/depmod.d/legacy.conf
       mv /etc/modules.conf /etc/modules.conf.old
       depmod`,
    );
    t.regex(await shell(vm, 'cat /etc/depmod.d/legacy.conf'), new RegExp(`^external \\* ${MODULES}$`, 'm'));
    const converted = await phase(vm, 'modprobe', before);
    t.deepEqual(converted.loaded, original.loaded);
    t.deepEqual(converted.removed, original.removed);

    await putKmod(vm);
    await shell(vm, `ln -sf ${KMOD_BIN}/modprobe /usr/sbin/modprobe`);
    const kmod = await phase(vm, 'modprobe', before);
    t.deepEqual(kmod.loaded, original.loaded);
    // kmod leaves the end of a chain of dependencies behind.
    const { modules: stayed, ...rest } = kmod.removed;
    const { modules: _, ...expected } = original.removed;
    t.deepEqual(rest, expected);
    t.true(original.removed.modules.every((name) => stayed.includes(name)));
  },
);

function expectOriginal(t: ExecutionContext, { loaded, removed }: Phase): void {
  t.is(loaded.exitCodes, '0 1');
  const names = `dummy parport_pc pcmcia_core scsi_debug kmodctl_params snd_dummy loop crc7 crc8 ifb`.split(
    ' ',
  );
  for (const name of [...names, ...CHAIN]) t.true(loaded.modules.includes(name), name);
  for (const name of ['kmodctl_fail', 'kmodctl_leaf_a', 'veth']) t.false(loaded.modules.includes(name), name);
  t.regex(loaded.interfaces, /dummy1[^]*ifb2/);
  t.regex(loaded.parameters, /params\/parameters\/number 3\n.*list 4,5\n.*label by alias\n.*index 1,/);
  const markers = ['cardmgr start', 'cardmgr ready', 'before trunk', 'behind ifb', 'never again'];
  t.deepEqual(loaded.commands.trim().split('\n'), markers);
  t.is(removed.exitCodes, '0');
  t.is(removed.commands, 'cardmgr stop\ncardmgr gone\n');
  const left = [
    ...CHAIN,
    'ifb',
    'loop',
    'crc7',
    'crc8',
    'pcmcia_core',
    'dummy',
    'scsi_debug',
    'snd_dummy',
    'snd_pcm',
  ];
  for (const name of left) t.false(removed.modules.includes(name), name);
}

/** What is not compared: the printed configuration, a plan's origins, and a file with an error. */
async function expectOther(
  t: ExecutionContext,
  vm: VirtualMachine,
  before: ReadonlySet<string>,
): Promise<void> {
  const printed = await shell(vm, 'modprobe -c --modules-conf');
  t.true(printed.startsWith('# Generated by modprobe -c (kmodctl'));
  t.true(printed.includes(`\npath[misc]=${MODULES}\n`));
  t.true(printed.includes('\n# Aliases\nalias eth0 dummy\nalias parport_lowlevel parport_pc\n'));
  t.true(printed.includes('\n# Commands\npre-install pcmcia_core echo "cardmgr start" >> $MARK\n'));

  const plan = JSON.parse(await shell(vm, 'kmodctl plan --json --modules-conf eth0')) as {
    readonly steps: readonly object[];
  };
  t.like(plan.steps[0], {
    module: 'dummy',
    because: { kind: 'asked', by: 'configured-alias', origin: { file: '/etc/modules.conf', line: 6 } },
    options: [{ text: 'numdummies=2', origin: { file: '/etc/modules.conf', line: 7 } }],
  });

  // rmmod runs no command, and a module that is there is left alone.
  await shell(
    vm,
    'modprobe --modules-conf pcmcia_core && modprobe --modules-conf pcmcia_core && rmmod pcmcia_core',
  );
  t.is(await shell(vm, `cat ${LOG}; rm ${LOG}`), 'cardmgr start\ncardmgr ready\n');

  // Without keep only the folder of the path is there.
  await vm.writeFile('/run/path.conf', `path[misc]=${MODULES}\n`);
  t.like(await vm.run(['modprobe', '--modules-conf=/run/path.conf', 'dummy']), { exitCode: 1 });
  t.like(await vm.run(['modprobe', '--modules-conf=/run/path.conf', 'kmodctl_leaf_a']), { exitCode: 0 });

  await vm.writeFile('/run/broken.conf', 'alias eth0 dummy\nalais eth1 dummy\n');
  const refused = await vm.run(['modprobe', '--modules-conf=/run/broken.conf', 'eth0']);
  t.is(refused.exitCode, 1);
  t.regex(
    refused.stderr,
    /\/run\/broken\.conf:2:1: error: "alais" is not a directive \(invalid-line\)\n {4}Did you mean alias\?/,
  );
  const original = await vm.run(['modprobe', '--mode=2.4', '--modules-conf=/run/broken.conf', 'eth0']);
  t.deepEqual(
    [original.exitCode, original.stderr],
    [255, 'modprobe: Invalid line 2 in /run/broken.conf\n\talais\n'],
  );
  t.false((await loadedNames(vm)).includes('dummy'));
  await clearModules(vm, before);
}
