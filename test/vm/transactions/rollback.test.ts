import test from 'ava';

import { startVm, type VirtualMachine } from '../../../vm/index.ts';
import { kernels } from '../in-guest.ts';
import { FAILING, ROOT, stepTree } from './step-tree.ts';

/** One broken load. */
interface Row {
  readonly way: string;
  readonly preloaded: readonly string[];
  readonly position: string;
  readonly fault: string;
  /** Code and errno, or exit code and messages. */
  readonly end: string;
  /** What the kernel shows of modules before and after. */
  readonly before: string;
  readonly after: string;
}

const TIMEOUT_MS = 1_500_000;

for (const kernel of kernels)
  test(`${kernel}: a chain that breaks at any position leaves the kernel as it was`, async (t) => {
    t.timeout(TIMEOUT_MS);
    const { release, files } = await stepTree(kernel);
    await using vm = await startVm({
      kernel,
      files,
      timeouts: { boot: 400_000, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
    });
    const place = { root: ROOT, failing: FAILING, release };
    const rows = [...(await vm.evaluate(breakLoads, place, 'library')), ...(await breakByCommand(vm, place))];
    for (const { before, after, ...row } of rows) t.is(after, before, JSON.stringify(row));
    const positions = new Set(rows.map(({ position }) => position));
    t.deepEqual(
      [...positions].sort(),
      ['a', 'b', 'c', 'd', 'e'].map((letter) => `kmodctl_step_${letter}`),
    );
    t.true(rows.length >= 50, `${rows.length} loads`);
    t.log(`${rows.length} broken loads`);
    for (const row of rows) {
      const expected = row.way === 'library' ? /^ERR_KMOD_(?:LOAD_FAILED|MODULE_FILE) -\d+/ : /^1 .*ERROR/;
      t.regex(row.end, expected, JSON.stringify(row));
    }
    const kept = await vm.evaluate(keepOnRequest, place);
    t.deepEqual(kept, ['--no-rollback: b c d e', '--compat=kmod: b c d e', 'default: ']);
  });

interface Place {
  readonly root: string;
  readonly failing: string;
  readonly release: string;
}

async function breakByCommand(vm: VirtualMachine, place: Place): Promise<readonly Row[]> {
  return await vm.evaluate(breakLoads, place, 'modprobe');
}

/** Runs in the guest. */
async function breakLoads(
  { root, failing, release }: Place,
  way: 'library' | 'modprobe',
): Promise<readonly Row[]> {
  const { modprobe, modprobeSync, plan, rmmodSync } = await import('kmodctl');
  const { spawnSync } = await import('node:child_process');
  const { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } =
    await import('node:fs');
  const target = 'kmodctl_step_a';
  const place = { root, release };
  const fileOf = (module: string): string => `${root}/lib/modules/${release}/kernel/${module}.ko`;
  const state = (): string => {
    const lines = readFileSync('/proc/modules', 'utf8').trim().split('\n').sort();
    const shown = lines.map((line) => line.split(' ').slice(0, 5).join(' '));
    for (const line of lines) {
      const name = line.split(' ')[0] ?? '';
      for (const kind of ['parameters', 'holders']) {
        const folder = `/sys/module/${name}/${kind}`;
        if (!existsSync(folder)) continue;
        for (const entry of readdirSync(folder).sort()) {
          const isReadable = kind === 'parameters' && name.startsWith('kmodctl');
          shown.push(
            `${name} ${kind} ${entry} ${isReadable ? readFileSync(`${folder}/${entry}`, 'utf8') : ''}`,
          );
        }
      }
    }
    return shown.join('\n');
  };
  const clear = (): void => {
    const steps = readFileSync('/proc/modules', 'utf8').match(/^kmodctl_step_\w+/gm) ?? [];
    if (steps.length > 0) rmmodSync(steps);
  };
  const load = async (onStart: (module: string) => void, parameters: string): Promise<string> => {
    if (way === 'modprobe') {
      const argv = ['-d', root, '-S', release, '-C', `${root}/conf`, target];
      const { status, stderr } = spawnSync('modprobe', argv, { encoding: 'utf8' });
      return `${status} ${stderr}`;
    }
    try {
      await modprobe(target, {
        ...place,
        parameters,
        onStep: ({ phase, step }) => {
          if (phase === 'start') onStart(step.module);
        },
      });
      return 'loaded';
    } catch (error) {
      const { code, errno, message } = error as Error & { code?: string; errno?: number };
      return `${code} ${errno}: ${message}`;
    }
  };
  const rows: Row[] = [];
  const faults = ['corrupt', 'init', 'missing', way === 'library' ? 'vanished' : 'parameter'];
  for (const preloaded of [[], ['kmodctl_step_d'], ['kmodctl_step_c', 'kmodctl_step_e']]) {
    clear();
    for (const module of preloaded) modprobeSync(module, { ...place, parameters: 'value=7' });
    // The order of a whole load, without what is there.
    const positions = plan(target, place).steps.flatMap(({ action, module }) =>
      action === 'insert' ? module : [],
    );
    for (const position of positions)
      for (const fault of position === target && way === 'library' ? [...faults, 'parameter'] : faults) {
        const path = fileOf(position);
        const content = readFileSync(path);
        writeFileSync(`${root}/conf`, fault === 'parameter' ? `options ${position} value=none\n` : '');
        const before = state();
        if (fault === 'corrupt') writeFileSync(path, Buffer.from(content).fill(0, content.length >> 1));
        if (fault === 'init') copyFileSync(`${failing}/${position}.ko`, path);
        if (fault === 'missing') rmSync(path);
        const end = await load(
          (module) => {
            if (fault === 'vanished' && module === position) rmSync(path);
          },
          fault === 'parameter' ? 'value=none' : '',
        );
        rows.push({ way, preloaded, position, fault, end, before, after: state() });
        rmSync(path, { force: true });
        writeFileSync(path, content);
      }
  }
  clear();
  return rows;
}

/** Runs in the guest: what is left of a load that fails at its end. */
async function keepOnRequest({ root, failing, release }: Place): Promise<readonly string[]> {
  const { rmmodSync } = await import('kmodctl');
  const { spawnSync } = await import('node:child_process');
  const { copyFileSync, readFileSync } = await import('node:fs');
  copyFileSync(`${failing}/kmodctl_step_a.ko`, `${root}/lib/modules/${release}/kernel/kmodctl_step_a.ko`);
  const results: string[] = [];
  for (const option of ['--no-rollback', '--compat=kmod', '']) {
    spawnSync('modprobe', ['-d', root, '-S', release, ...(option === '' ? [] : [option]), 'kmodctl_step_a']);
    const left = readFileSync('/proc/modules', 'utf8').match(/^kmodctl_step_\w+/gm) ?? [];
    const letters = left.map((name) => name.slice(-1)).sort();
    results.push(`${option === '' ? 'default' : option}: ${letters.join(' ')}`);
    if (left.length > 0) rmmodSync(left);
  }
  return results;
}
