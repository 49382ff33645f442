import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { diagnose } from '../src/index.ts';
import { resolveKernel } from '../vm/index.ts';

const ROUNDS = 20;
/** Small and large, with few and many needs; amdgpu is the largest of all modules. */
const MODULES = ['dummy', 'btrfs', 'bonding', 'i915', 'amdgpu'];

/** CPU time of a command, of all its threads, in milliseconds; the clock would count what else the machine does. */
const MEASURED = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';

/**
 * `kmodctl doctor` on healthy modules over the start of the command line (at most 50 ms more for one of usual size), and how long
 * `diagnose()` holds up the event loop at most (20 ms).
 */
export async function doctor(): Promise<void> {
  const { moduleDirectory, release } = await resolveKernel('6.1');
  const root = resolve(moduleDirectory, '../../../..');
  const cli = resolve('dist/cli/kmodctl.cjs');
  const sides: Readonly<Record<string, readonly string[]>> = {
    'list --help': [cli, 'list', '--help'],
    ...Object.fromEntries(
      MODULES.map((name) => [`doctor ${name}`, [cli, 'doctor', '-d', root, '-S', release, name]]),
    ),
  };
  const times = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, argv] of Object.entries(sides)) times.get(name)?.push(cpuTime(argv));
  const tenth = (name: string): number => times.get(name)?.sort((a, b) => a - b)[ROUNDS / 10] ?? Number.NaN;
  const start = tenth('list --help');
  for (const name of Object.keys(sides))
    process.stdout.write(
      `doctor: ${name}: ${tenth(name).toFixed(1)} ms, +${(tenth(name) - start).toFixed(1)} ms, ratio ${(tenth(name) / start).toFixed(2)}\n`,
    );
  for (const thorough of [false, true]) await holdUps({ root, release, thorough });
}

function cpuTime(argv: readonly string[]): number {
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env;
  const { stderr } = spawnSync('bash', ['-c', MEASURED, 'bash', process.execPath, ...argv], {
    env,
    encoding: 'utf8',
  });
  const [user = Number.NaN, system = Number.NaN] = stderr.split(' ').map(Number);
  return 1000 * (user + system);
}

async function holdUps(place: { root: string; release: string; thorough: boolean }): Promise<void> {
  const { thorough, ...options } = place;
  for (const name of MODULES) {
    const holds: HoldUp[] = [];
    for (let round = 0; round < 5; round++)
      holds.push(
        await longestHold(diagnose(name, { ...options, thorough, running: false, configuration: false })),
      );
    const lowest = (pick: (hold: HoldUp) => number): string => Math.min(...holds.map(pick)).toFixed(1);
    // The first round compiles.
    process.stdout.write(
      `doctor: diagnose ${name}${thorough ? ', thorough' : ''}: event loop held up ${holds[0]?.cpu.toFixed(1)} ms at first, then ${lowest(({ cpu }) => cpu)} ms; by the clock ${lowest(({ clock }) => clock)} ms\n`,
    );
  }
}

/** The longest time between two turns of the event loop, in milliseconds. */
interface HoldUp {
  /** In which the main thread ran. */
  readonly cpu: number;
  readonly clock: number;
}

async function longestHold(work: Promise<unknown>): Promise<HoldUp> {
  let [cpu, clock] = [0, 0];
  let isOver = false;
  let lastClock = performance.now();
  let lastCpu = ownCpuTime();
  const turn = (): void => {
    const nowCpu = ownCpuTime();
    const nowClock = performance.now();
    cpu = Math.max(cpu, nowCpu - lastCpu);
    clock = Math.max(clock, nowClock - lastClock);
    lastCpu = nowCpu;
    lastClock = nowClock;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work;
  isOver = true;
  return { cpu, clock };
}

/** CPU time of the main thread in milliseconds, as of the last tick of the scheduler (a few milliseconds apart). */
function ownCpuTime(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ', 1)[0]) / 1e6;
}
