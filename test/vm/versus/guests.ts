/** Two guests from one template: in one the real kmod runs, in the other ours. */
import { readdir, readFile } from 'node:fs/promises';

import { startVm, type VirtualMachine } from '../../../vm/index.ts';
import { KMOD_BIN, putKmod } from '../kmod-in-guest.ts';
import { guestTree, TREE } from './guest-tree.ts';
import type { Side } from './guest-runner.ts';
import type { GuestRecords, GuestTask } from './guest-program.ts';
import type { ScenarioRecord, Theme } from './scenario.ts';

/** Where the compiled files of this folder lie in a guest. */
const PLACE = '/usr/lib/node_modules/kmodctl/dist/test/vm/versus';
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Three minutes without hardware virtualisation on a machine that does nothing else. */
const TIMEOUT_MS = 1_500_000;

/** What both sides did in the scenarios of a theme, in their order. */
export interface ThemeRecord {
  readonly ours: readonly ScenarioRecord[];
  readonly kmod: readonly ScenarioRecord[];
}

/** Starts both guests and runs all themes in each, one after the other. */
export async function runThemes(
  kernel: string,
  themes: readonly Theme[],
): Promise<ReadonlyMap<string, ThemeRecord>> {
  const archive = await guestTree(kernel);
  const [ours, kmod] = await Promise.all(
    (['ours', 'kmod'] as const).map((name) => runSide({ kernel, archive, themes, name })),
  );
  return new Map(themes.map(({ name }) => [name, { ours: ours?.[name] ?? [], kmod: kmod?.[name] ?? [] }]));
}

/** What one guest is to do. */
export interface SideTask {
  readonly kernel: string;
  /** See {@link guestTree}. */
  readonly archive: Buffer;
  readonly themes: readonly Theme[];
  readonly name: 'ours' | 'kmod';
}

/**
 * Runs all themes in a guest of their own.
 *
 * @param log told of each theme that is done
 */
export async function runSide(
  { kernel, archive, themes, name }: SideTask,
  log: (line: string) => void = () => {},
): Promise<GuestRecords> {
  await using vm = await startVm({
    kernel,
    timeouts: { boot: TIMEOUT_MS, command: TIMEOUT_MS, lifetime: TIMEOUT_MS },
  });
  const task: GuestTask = { themes, side: await setUp(vm, archive, name) };
  const { exitCode, stdout, stderr } = await vm.run(['node', `${PLACE}/guest-program.js`], {
    input: JSON.stringify(task),
    onOutput: (stream, text) => {
      if (stream === 'stderr') log(`${name} on ${kernel}: ${text}`);
    },
  });
  if (exitCode !== 0) throw new Error(`${name} on ${kernel}: ${stderr}`);
  return JSON.parse(stdout) as GuestRecords;
}

/** Both guests get the same files; only the side differs. */
async function setUp(vm: VirtualMachine, archive: Buffer, name: 'ours' | 'kmod'): Promise<Side> {
  // The agent has held all these files: without this its fork can fail for lack of memory, of which it needs none.
  await vm.writeFile('/proc/sys/vm/overcommit_memory', '1');
  const kmodCommand = await putKmod(vm);
  for (const file of await readdir(import.meta.dirname))
    if (file.endsWith('.js'))
      await vm.writeFile(`${PLACE}/${file}`, await readFile(`${import.meta.dirname}/${file}`));
  const { release } = vm.facts.kernel;
  await vm.run(['mkdir', '-p', '/versus']);
  const steps = [
    ['tar', '-x', '-C', '/versus'],
    ['mount', '--bind', `${TREE}/lib/modules/${release}`, `/lib/modules/${release}`],
  ];
  for (const argv of steps) {
    const { exitCode, stderr } = await vm.run(argv, argv[0] === 'tar' ? { input: archive } : {});
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  const isOurs = name === 'ours';
  if (!isOurs) await vm.writeFile('/proc/sys/kernel/modprobe', `${KMOD_BIN}/modprobe`);
  return {
    ours: isOurs,
    path: isOurs ? PATH : `${KMOD_BIN}:${PATH}`,
    command: isOurs ? ['/usr/sbin/TOOL'] : kmodCommand('TOOL'),
  };
}
