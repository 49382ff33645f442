import { startVm } from '../vm/index.ts';
import { putKmod } from '../test/vm/kmod-in-guest.ts';

const CYCLES = 40;
const MODULE = 'dummy';
const TIMEOUT_MS = 900_000;

/**
 * A load by name from a running Node: `modprobe()` against `execFile('modprobe')` of kmod 34.2, in turns; and how much of
 * that the system call alone takes, on a file that is open.
 */
export async function loads(): Promise<void> {
  for (const kernel of ['6.1', '6.12']) {
    await using vm = await startVm({
      kernel,
      timeouts: { boot: TIMEOUT_MS, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
    });
    const command = (await putKmod(vm))('modprobe');
    const { ours, sync, bare, kmod } = await vm.evaluate(measure, {
      module: MODULE,
      cycles: CYCLES,
      command,
    });
    for (const [form, time] of [
      ['modprobe()', ours],
      ['modprobeSync()', sync],
    ] as const)
      process.stdout.write(
        `loads ${kernel}, ${form}: ${(1000 / time).toFixed(0)} loads per second, execFile of kmod ${(1000 / kmod).toFixed(0)}, ratio ${(kmod / time).toFixed(1)}; ${(time / bare).toFixed(2)} times the system call alone\n`,
      );
  }
}

interface Task {
  readonly module: string;
  readonly cycles: number;
  /** Program and first arguments of kmod's modprobe. */
  readonly command: readonly string[];
}

/** Runs in the guest. Medians in milliseconds; what is loaded is unloaded outside of what is measured. */
async function measure({
  module,
  cycles,
  command,
}: Task): Promise<Readonly<Record<'ours' | 'sync' | 'bare' | 'kmod', number>>> {
  const { modprobe, modprobeSync, plan, rmmodSync } = await import('kmodctl');
  const { finitModuleSync, MODULE_INIT_COMPRESSED_FILE } = await import('kmodctl/syscalls');
  const { openSync } = await import('node:fs');
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const execute = promisify(execFile);
  const [program = '', ...argv] = command;
  const step = plan(module).steps.at(-1);
  if (step?.action !== 'insert') throw new Error(`${module} cannot be loaded`);
  const file = openSync(step.path, 'r');
  const flags = step.call === 'finit-compressed' ? MODULE_INIT_COMPRESSED_FILE : 0;
  const forms = {
    ours: async () => {
      await modprobe(module);
    },
    sync: async () => {
      modprobeSync(module);
      await Promise.resolve();
    },
    bare: async () => {
      finitModuleSync(file, '', flags);
      await Promise.resolve();
    },
    kmod: async () => {
      await execute(program, [...argv, module]);
    },
  };
  const times: Record<keyof typeof forms, number[]> = { ours: [], sync: [], bare: [], kmod: [] };
  const names = Object.keys(forms) as (keyof typeof forms)[];
  const warmUp = 5;
  for (let cycle = 0; cycle < cycles + warmUp; cycle++)
    for (const name of names) {
      const started = performance.now();
      await forms[name]();
      if (cycle >= warmUp) times[name].push(performance.now() - started);
      rmmodSync(module);
    }
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return {
    ours: median(times.ours),
    sync: median(times.sync),
    bare: median(times.bare),
    kmod: median(times.kmod),
  };
}
