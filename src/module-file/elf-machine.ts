/** Names of `e_machine`, as `uname -m` has them, of what Linux runs or ran on. */
const machines: ReadonlyMap<number, string> = new Map([
  [2, 'sparc'],
  [3, 'i386'],
  [4, 'm68k'],
  [8, 'mips'],
  [15, 'parisc'],
  [18, 'sparc32plus'],
  [20, 'ppc'],
  [21, 'ppc64'],
  [22, 's390'],
  [40, 'arm'],
  [42, 'sh'],
  [43, 'sparc64'],
  [50, 'ia64'],
  [62, 'x86_64'],
  [93, 'arc'],
  [94, 'xtensa'],
  [113, 'nios2'],
  [92, 'openrisc'],
  [164, 'hexagon'],
  [183, 'aarch64'],
  [189, 'microblaze'],
  [195, 'arc'],
  [243, 'riscv'],
  [252, 'csky'],
  [258, 'loongarch'],
  [0x9026, 'alpha'],
]);

/** The name of a machine; null for one that is not known. */
export function machineName(machine: number): string | null {
  return machines.get(machine) ?? null;
}
