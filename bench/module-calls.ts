/**
 * Loads and unloads one module over and over through `kmodctl/syscalls`: the counterpart of module-calls.c, whose
 * loop, descriptor use and output are the same. The form `both` runs `sync` and `promise` in turns.
 *
 *     node dist/bench/module-calls.js MODULE.ko MODULE_NAME [CYCLES] [WARM_UP_CYCLES] [LONGEST_PAUSE_MS] [sync|promise|both]
 */
import { closeSync, openSync } from 'node:fs';

import { deleteModule, deleteModuleSync, finitModule, finitModuleSync, O_NONBLOCK } from '../src/syscalls.ts';

const [, , , , , , pause = '0'] = process.argv;
const longestPause = Number(pause);

/** Duration of one load and unload in nanoseconds. */
type Cycle = (fd: number, name: string) => bigint | Promise<bigint>;

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

/** Outside of what is measured: see module-calls.c. */
function pauseAtRandom(): void {
  if (longestPause > 0) Atomics.wait(pauseCell, 0, 0, Math.random() * longestPause);
}

const cycleForms: Readonly<Record<string, Cycle>> = {
  sync(fd, name) {
    pauseAtRandom();
    const start = process.hrtime.bigint();
    finitModuleSync(fd, '', 0);
    deleteModuleSync(name, O_NONBLOCK);
    return process.hrtime.bigint() - start;
  },
  async promise(fd, name) {
    pauseAtRandom();
    const start = process.hrtime.bigint();
    await finitModule(fd, '', 0);
    await deleteModule(name, O_NONBLOCK);
    return process.hrtime.bigint() - start;
  },
};

async function measure(
  form: string,
  file: string,
  name: string,
  cycles: number,
  warmUp: number,
): Promise<void> {
  const cycle = cycleForms[form];
  if (!cycle)
    throw new TypeError(`unknown form "${form}"; known are ${Object.keys(cycleForms).join(', ')}, both`);
  const fd = openSync(file, 'r');
  const times = new BigInt64Array(cycles);
  for (let index = 0; index < warmUp; index++) await cycle(fd, name);
  for (let index = 0; index < cycles; index++) times[index] = await cycle(fd, name);
  closeSync(fd);
  times.sort();
  const line = {
    form,
    cycles,
    medianNanoseconds: Number(times[Math.floor(cycles / 2)]),
    minimumNanoseconds: Number(times[0]),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const [file, name, cycles = '1000', warmUp = '100', , form = 'both'] = process.argv.slice(2);
if (file === undefined || name === undefined || !(Number(cycles) >= 1) || !(Number(warmUp) >= 0)) {
  process.stderr.write(
    'usage: module-calls MODULE.ko MODULE_NAME [CYCLES] [WARM_UP_CYCLES] [LONGEST_PAUSE_MS] [sync|promise|both]\n',
  );
  process.exitCode = 2;
} else {
  for (const each of form === 'both' ? ['sync', 'promise'] : [form])
    await measure(each, file, name, Number(cycles), Number(warmUp));
}
