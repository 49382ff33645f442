import test, { type ExecutionContext } from 'ava';

import { startVm, type VirtualMachine } from '../../../vm/index.ts';
import { kernels } from '../in-guest.ts';
import { putKmod } from '../kmod-in-guest.ts';
import { FAILING, ROOT, stepTree } from './step-tree.ts';

const TIMEOUT_MS = 1_500_000;
const CONCURRENT = 64;

interface Place {
  readonly root: string;
  readonly release: string;
}

/** What a storm came to. */
interface Storm {
  /** `target: loaded`, or the error, with how often that happened. */
  readonly ends: Readonly<Record<string, number>>;
  /** Letters of the modules that are in the kernel afterwards. */
  readonly left: string;
  /** What the unloading program met, with how often. */
  readonly unloads: Readonly<Record<string, number>>;
  /** Why modules were not unloaded again. */
  readonly kept: Readonly<Record<string, number>>;
  /** Content of the lock file. */
  readonly claims: string;
}

for (const kernel of kernels)
  test(`${kernel}: ${CONCURRENT} loads at the same time, of overlapping closures`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const { release, files } = await stepTree(kernel);
    await using vm = await startVm({
      kernel,
      files: { ...files, '/steps/unloader.mjs': UNLOADER },
      timeouts: { boot: 400_000, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
    });
    const place: Place = { root: ROOT, release };
    const faulty = `${ROOT}/lib/modules/${release}/kernel/kmodctl_step_g.ko`;
    await vm.run(['cp', `${FAILING}/kmodctl_step_g.ko`, faulty]);

    const run = async (targets: string, unloader: readonly string[] = [], rounds = 1): Promise<Storm> =>
      await vm.evaluate(storm, place, { targets, unloader, rounds, concurrent: CONCURRENT });

    // Only loads that fail: nothing stays.
    const failing = await run('g');
    t.log(kernel, 'failing', JSON.stringify(failing));
    t.is(failing.left, '');
    t.deepEqual(Object.keys(failing.ends), ['g: ERR_KMOD_LOAD_FAILED EIO']);

    // Loads that succeed among them: what those need stays, and nothing else.
    const mixed = await run('cegf');
    t.log(kernel, 'mixed', JSON.stringify(mixed));
    t.is(mixed.left, 'cdef');
    t.deepEqual(mixed.ends, {
      'c: loaded': 16,
      'e: loaded': 16,
      'f: loaded': 16,
      'g: ERR_KMOD_LOAD_FAILED EIO': 16,
    });
    t.is(mixed.claims, '', 'the last one out removes the claims');
    await clear(t, vm);

    // While another process unloads: ours, then kmod's.
    const kmod = await putKmod(vm);
    const kmodLoop = `echo begun; while [ ! -e /steps/stop ]; do for m in a f g b c e d; do ${kmod('modprobe').join(' ')} -r -d ${ROOT} -S ${release} kmodctl_step_$m 2>&1; done; done`;
    for (const unloader of [
      ['node', '/steps/unloader.mjs', ROOT, release],
      ['sh', '-c', kmodLoop],
    ]) {
      const contested = await run('abcefg', unloader, 3);
      t.log(kernel, unloader[0], JSON.stringify(contested));
      for (const end of Object.keys(contested.ends))
        t.regex(end, /^(?:[abcef]: loaded|g: ERR_KMOD_LOAD_FAILED EIO)$/, `${unloader[0]}: ${end}`);
      for (const end of Object.keys(contested.unloads)) t.regex(end, EXPLAINED, `${unloader[0]}: ${end}`);
      t.true(Object.values(contested.unloads).reduce((sum, count) => sum + count, 0) > 0);
      await clear(t, vm);
    }
  });

/** What kmod says of a file in /sys that goes with its module while it is read. */
const GONE_UNDER_KMOD = String.raw`(?:open '/sys/module/\w+(?:/\w+)?'|read (?:integer )?from '/sys/module/\w+/\w+')`;

/** What an unload may say of a module that others load at the same time. */
const EXPLAINED = new RegExp(
  [
    'begun',
    'unloaded',
    'ERR_KMOD_(?:IN_USE|NOT_LOADED|UNLOAD_FAILED).*',
    String.raw`modprobe: FATAL: Module \w+ is (?:in use|not in kernel)\.`,
    String.raw`modprobe: ERROR: could not (?:remove '\w+'|${GONE_UNDER_KMOD}): .*`,
    '',
  ]
    .map((line) => `^${line}$`)
    .join('|'),
);

async function clear(t: ExecutionContext, vm: VirtualMachine): Promise<void> {
  const left = await vm.evaluate(async () => {
    const { rmmodSync } = await import('kmodctl');
    const { readFileSync } = await import('node:fs');
    const steps = (): readonly string[] =>
      readFileSync('/proc/modules', 'utf8').match(/^kmodctl_step_\w+/gm) ?? [];
    if (steps().length > 0) rmmodSync(steps());
    return steps();
  });
  t.deepEqual(left, []);
}

/** Unloads what it can until it is told to stop; prints what it met. */
const UNLOADER = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { rmmod } from '/usr/lib/node_modules/kmodctl/dist/lib/index.js';
const [root, release] = process.argv.slice(2);
while (!existsSync('/steps/stop'))
  for (const letter of 'afgbced') {
    try {
      await rmmod('kmodctl_step_' + letter, { root, release, dependencies: true });
      console.log('unloaded');
    } catch (error) {
      console.log(error.code + ' ' + (error.cause?.code ?? ''));
    }
    await sleep(1);
  }
`;

interface StormTask {
  /** Letters of the modules to load, which take turns. */
  readonly targets: string;
  /** A program that unloads at the same time. */
  readonly unloader: readonly string[];
  readonly rounds: number;
  readonly concurrent: number;
}

/** Runs in the guest. */
async function storm({ root, release }: Place, task: StormTask): Promise<Storm> {
  const { modprobe } = await import('kmodctl');
  const { spawn } = await import('node:child_process');
  const { existsSync, readFileSync, rmSync, writeFileSync } = await import('node:fs');
  const ends: Record<string, number> = {};
  const unloads: Record<string, number> = {};
  const kept: Record<string, number> = {};
  const count = (counts: Record<string, number>, what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  rmSync('/steps/stop', { force: true });
  const [program, ...argv] = task.unloader;
  const child =
    program === undefined ? undefined : spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  const begun = new Promise<void>((resolve) => {
    if (child === undefined) resolve();
    child?.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => {
    if (child === undefined) resolve();
    else
      child.once('close', () => {
        resolve();
      });
  });
  await begun;
  for (let round = 0; round < task.rounds; round++) {
    const loads = Array.from({ length: task.concurrent }, async (_, index) => {
      const letter = task.targets[index % task.targets.length] ?? '';
      try {
        await modprobe(`kmodctl_step_${letter}`, { root, release, busyTimeoutMs: 60_000 });
        count(ends, `${letter}: loaded`);
      } catch (error) {
        const { code, cause, message, notRolledBack } = error as Error & {
          code?: string;
          notRolledBack?: readonly { module: string; cause: Error }[];
        };
        for (const { module, cause: reason } of notRolledBack ?? [])
          count(kept, `${module}: ${reason.message}`);
        const answer = (cause as { code?: string } | undefined)?.code;
        count(ends, `${letter}: ${code} ${answer ?? message}`);
      }
    });
    await Promise.all(loads);
  }
  writeFileSync('/steps/stop', '');
  await closed;
  for (const line of printed.trim().split('\n')) if (child !== undefined) count(unloads, line.trim());
  const left = readFileSync('/proc/modules', 'utf8').match(/^kmodctl_step_\w+/gm) ?? [];
  return {
    ends,
    left: left
      .map((name) => name.slice(-1))
      .sort()
      .join(''),
    unloads,
    kept,
    claims: existsSync('/run/kmodctl.lock') ? readFileSync('/run/kmodctl.lock', 'utf8') : 'no lock file',
  };
}
