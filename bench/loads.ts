import { startVm } from '../vm/index.ts';
import { putKmod } from '../test/vm/kmod-in-guest.ts';

const CYCLES = 40;
const MODULE = 'dummy';
const TIMEOUT_MS = 900_000;

/** A load by name from a running Node: `modprobe()` against `execFile('modprobe')` of kmod 34.2, in turns. */
export async function loads(): Promise<void> {
  for (const kernel of ['6.1', '6.12']) {
    await using vm = await startVm({
      kernel,
      timeouts: { boot: TIMEOUT_MS, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
    });
    const command = (await putKmod(vm))('modprobe');
    const { ours, sync, kmod } = await vm.evaluate(measure, {
      module: MODULE,
      cycles: CYCLES,
      command,
    });
    for (const [form, time] of [
      ['modprobe()', ours],
      ['modprobeSync()', sync],
    ] as const)
      process.stdout.write(
        `loads ${kernel}, ${form}: ${(1000 / time).toFixed(0)} loads per second, execFile of kmod ${(1000 / kmod).toFixed(0)}, ratio ${(kmod / time).toFixed(1)}\n`,
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
}: Task): Promise<Readonly<Record<'ours' | 'sync' | 'kmod', number>>> {
  const { modprobe, modprobeSync, rmmodSync } = await import('kmodctl');
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const execute = promisify(execFile);
  const [program = '', ...argv] = command;
  const forms = {
    ours: async () => {
      await modprobe(module);
    },
    sync: async () => {
      modprobeSync(module);
      await Promise.resolve();
    },
    kmod: async () => {
      await execute(program, [...argv, module]);
    },
  };
  const times: Record<keyof typeof forms, number[]> = { ours: [], sync: [], kmod: [] };
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
  return { ours: median(times.ours), sync: median(times.sync), kmod: median(times.kmod) };
}
