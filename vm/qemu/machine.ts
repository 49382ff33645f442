import type { Accelerator } from './accelerator.ts';

/** Descriptors that QEMU inherits, one end each of a socket pair. Standard input, output and error come before. */
export const machineDescriptors = { control: 3, agent: 4, console: 5, fallback: 6, terminal: 7 } as const;

/** Descriptor of the saved state, in a clone. */
export const STATE_DESCRIPTOR = 8;

/** Everything that decides how the virtual machine is built. */
export interface Machine {
  readonly accelerator: Accelerator;
  /** Guest memory in MiB. */
  readonly memory: number;
  /** Virtual processors. */
  readonly cpus: number;
  readonly vmlinux: string;
  /** Undefined in a clone: the files lie unpacked in its memory. */
  readonly initramfs: string | undefined;
  /** Whole kernel command line. */
  readonly commandLine: string;
}

/** The file that the guest's memory lies in, and whether writes reach it. */
export interface MachineMemory {
  readonly path: string;
  readonly shared: boolean;
}

/**
 * QEMU's arguments. Without a file the memory is QEMU's own, and no busy disk can hold the guest up.
 *
 * `-machine pc` with the uncompressed kernel (PVH): microvm hangs on a busy host without hardware virtualisation, and a
 * compressed kernel would be unpacked by translated code. The clock of a template stands in 2020, so that it
 * jumps by years in each clone: random generators that reseed after some minutes (OpenSSL's) do so at once.
 * vmgenid gets a new identifier in each clone, which makes the kernel reseed its own generator.
 */
export function machineArguments(machine: Machine, memory: MachineMemory | undefined): string[] {
  const size = `${machine.memory}M`;
  const groups: readonly (readonly string[])[] = [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-accel', machine.accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm'],
    ['-cpu', machine.accelerator === 'tcg' ? TCG_CPU : 'host'],
    ['-smp', String(machine.cpus), '-m', size, '-rtc', 'base=2020-01-01T00:00:00'],
    ['-object', `${memoryBackend(memory)},id=ram,size=${size}`],
    ['-machine', 'pc,memory-backend=ram'],
    socketDevice('control', ['-mon', 'chardev=control,mode=control']),
    socketDevice('console', ['-serial', 'chardev:console']),
    socketDevice('fallback', ['-serial', 'chardev:fallback']),
    socketDevice('terminal', ['-serial', 'chardev:terminal']),
    ['-device', 'virtio-serial-pci'],
    socketDevice('agent', ['-device', 'virtserialport,chardev=agent,name=kmodctl.agent']),
    ['-device', 'vmgenid,guid=auto'],
    ['-kernel', machine.vmlinux, '-append', machine.commandLine],
    machine.initramfs === undefined ? [] : ['-initrd', machine.initramfs],
  ];
  return groups.flat();
}

// AVX would make raid6_pq, which btrfs needs, measure twice as many algorithms at load; Node needs no more than this.
const TCG_CPU = 'Nehalem';

function memoryBackend(memory: MachineMemory | undefined): string {
  if (memory === undefined) return 'memory-backend-ram';
  return `memory-backend-file,mem-path=${memory.path},share=${memory.shared ? 'on' : 'off'}`;
}

function socketDevice(name: keyof typeof machineDescriptors, device: readonly string[]): string[] {
  return ['-chardev', `socket,id=${name},fd=${machineDescriptors[name]}`, ...device];
}

/**
 * What every guest's command line begins with. Translated code pays for what the last two switch off: programs at another
 * place in each process cost a sixth of each start of Node, and that Debian's kernels clear all memory that they hand out
 * costs another tenth.
 */
export const baseCommandLine: readonly string[] = [
  'console=ttyS0',
  'quiet',
  'loglevel=4',
  'panic=-1',
  'oops=panic',
  'printk.devkmsg=on',
  'mitigations=off',
  'nokaslr',
  'no_timer_check',
  'cryptomgr.notests',
  'norandmaps',
  'init_on_alloc=0',
];
