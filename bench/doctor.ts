import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { diagnose } from '../src/index.ts';
import { resolveKernel } from '../vm/index.ts';

const ROUNDS = 20;
/** Small and large, with few and many needs; amdgpu is the largest of all modules. */
const MODULES = ['dummy', 'btrfs', 'bonding', 'i915', 'amdgpu'];

/**
 * `kmodctl doctor` on healthy modules over the start of the command line (at most 50 ms more for one of usual size), and how long
 * `diagnose()` holds up the event loop at most (20 ms).
 */
export async function doctor(): Promise<void> {
  const { moduleDirectory, release } = await resolveKernel('6.1');
  const root = resolve(moduleDirectory, '../../../..');
  const cli = resolve('dist/cli/kmodctl.cjs');
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env;
  const sides: Readonly<Record<string, readonly string[]>> = {
    'list --help': [cli, 'list', '--help'],
    ...Object.fromEntries(
      MODULES.map((name) => [`doctor ${name}`, [cli, 'doctor', '-d', root, '-S', release, name]]),
    ),
  };
  const times = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, argv] of Object.entries(sides)) {
      const started = performance.now();
      spawnSync(process.execPath, argv, { env });
      times.get(name)?.push(performance.now() - started);
    }
  const tenth = (name: string): number => times.get(name)?.sort((a, b) => a - b)[ROUNDS / 10] ?? Number.NaN;
  const start = tenth('list --help');
  for (const name of Object.keys(sides))
    process.stdout.write(
      `doctor: ${name}: ${tenth(name).toFixed(1)} ms, +${(tenth(name) - start).toFixed(1)} ms, ratio ${(tenth(name) / start).toFixed(2)}\n`,
    );
  for (const thorough of [false, true]) await holdUps({ root, release, thorough });
}

// The machine's own hiccups are measured by doing nothing for as long.
async function holdUps(place: { root: string; release: string; thorough: boolean }): Promise<void> {
  const { thorough, ...options } = place;
  for (const name of MODULES) {
    const holds: number[] = [];
    let idle = 0;
    for (let round = 0; round < 5; round++) {
      const begun = performance.now();
      holds.push(
        await longestHold(diagnose(name, { ...options, thorough, running: false, configuration: false })),
      );
      idle = Math.max(idle, await longestHold(sleep(performance.now() - begun)));
    }
    // The first round compiles; of the others the lowest is what the code itself does.
    process.stdout.write(
      `doctor: diagnose ${name}${thorough ? ', thorough' : ''}: event loop held up ${Math.min(...holds).toFixed(1)} to ${Math.max(...holds).toFixed(1)} ms; by the machine alone up to ${idle.toFixed(1)} ms\n`,
    );
  }
}

/** The longest time between two turns of the event loop while something goes on, in milliseconds. */
async function longestHold(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work;
  isOver = true;
  return longest;
}
