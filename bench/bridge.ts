import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildTestModules, resolveKernel, startVm, type VirtualMachine } from '../vm/index.ts';

interface Line {
  readonly form: string;
  readonly medianNanoseconds: number;
}

// A load and unload mostly sleeps, for RCU grace periods. The last guest hardly waits for any, which shows the
// difference of the two sides in its worst light.
const guests: readonly (readonly [kernel: string, words: readonly string[]])[] = [
  ['6.1', []],
  ['6.12', []],
  ['6.1', ['rcupdate.rcu_expedited=1']],
];
const ROUNDS = 5;
const PROGRAM = '/root/module-calls';
const SCRIPT = '/usr/lib/node_modules/kmodctl/dist/bench/module-calls.js';
const MODULE = '/root/kmodctl_small.ko';

/** finit_module and delete_module in a loop: this package against a C program that makes the same calls. */
export async function bridge(): Promise<void> {
  const program = await compile();
  for (const [kernel, words] of guests) {
    const { modules } = await buildTestModules(await resolveKernel(kernel), 'test/modules');
    await using vm = await startVm({
      kernel,
      commandLine: words,
      files: {
        [MODULE]: await readFile(modules.get('kmodctl_small') ?? ''),
        [SCRIPT]: await readFile(new URL('./module-calls.js', import.meta.url)),
      },
    });
    await vm.writeFile(PROGRAM, program, 0o755);
    for (const pause of [0, 8]) await compare(vm, [kernel, ...words].join(' '), pause);
  }
}

// The host's compiler: the program is static, so that it needs nothing of the guest.
async function compile(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-bench-'));
  try {
    const path = join(folder, 'module-calls');
    execFileSync('gcc', ['-O2', '-static', '-o', path, 'bench/module-calls.c']);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

// In turns, and the ratio of each turn: what slows the machine down for a while slows both sides.
async function compare(vm: VirtualMachine, guest: string, pause: number): Promise<void> {
  const turns: ReadonlyMap<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const medians = new Map<string, number>();
    for (const argv of [[PROGRAM], ['node', SCRIPT]]) {
      const { stdout, stderr, exitCode } = await vm.run(
        [...argv, MODULE, 'kmodctl_small', '100', '20', String(pause)],
        {
          timeout: 300_000,
        },
      );
      if (exitCode !== 0) throw new Error(stderr);
      for (const text of stdout.trim().split('\n')) {
        const { form, medianNanoseconds } = JSON.parse(text) as Line;
        medians.set(form, medianNanoseconds / 1000);
      }
    }
    turns.push(medians);
  }
  const time = (turn: ReadonlyMap<string, number>, form: string): number => turn.get(form) ?? Number.NaN;
  for (const form of ['sync', 'promise']) {
    const ratio = median(turns.map((turn) => time(turn, form) / time(turn, 'c')));
    const ours = median(turns.map((turn) => time(turn, form)));
    const c = median(turns.map((turn) => time(turn, 'c')));
    process.stdout.write(
      `bridge ${guest}, ${pause === 0 ? 'one after the other' : `pauses up to ${pause} ms`}, ${form}: load and unload ${ours.toFixed(0)} us, in C ${c.toFixed(0)} us, ratio ${ratio.toFixed(3)}\n`,
    );
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
