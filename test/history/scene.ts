/** Guests that play scenes one after the other and keep what was seen in each: a guest for each kernel, started with its first. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { buildTestModules, resolveKernel, startVm, type VirtualMachine } from '../../vm/index.ts';
import { withoutDebugging } from '../vm/versus/module-variants.ts';
import { blockIn, HISTORY_PAGE, sameButForTheMoment } from './history-page.ts';

/** Folder in the guest in which all commands are run; the modules of `test/book-modules` are in it. */
export const BOOK = '/root/book';

/** What a scene gets. */
export interface Stage {
  readonly t: ExecutionContext;
  readonly vm: VirtualMachine;
  /** `6.1` or `6.12`. */
  readonly kernel: string;
  /** What `uname -r` says. */
  readonly release: string;
  /**
   * Runs a line of shell and keeps it, with all that it prints, for the transcript.
   *
   * @param status exit status that it is to have; default 0
   */
  readonly run: (line: string, status?: number) => Promise<string>;
}

/** A piece of the story: a test of its own, and a transcript under its name. */
export interface Scene {
  readonly title: string;
  /** Name of the transcript in docs/history.md. */
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
}

/** What is put into a guest, by path. */
export type Properties = (kernel: string) => Promise<Readonly<Record<string, string | Uint8Array>>>;

/**
 * Declares each scene as a test for each kernel. What is seen is compared with the transcript in docs/history.md, but for
 * addresses and times; with KMODCTL_TRANSCRIPTS=FOLDER it is written there instead.
 */
export function declareScenes(
  kernels: readonly string[],
  scenes: readonly Scene[],
  properties: Properties,
): void {
  for (const kernel of kernels) {
    let started: Promise<VirtualMachine> | undefined;
    const stop = async (): Promise<void> => {
      const vm = await started?.catch(() => undefined);
      await vm?.stop();
    };
    for (const scene of scenes)
      test.serial(`${kernel}: ${scene.title}`, async (t) => {
        started ??= startGuest(kernel, properties);
        const vm = await started;
        try {
          await compareWithPage(t, { kernel, name: scene.name }, await play({ t, vm, kernel, scene }));
        } finally {
          await clear(vm);
        }
        // The next kernel's guest is not to share the processor with this one.
        if (scene === scenes.at(-1)) await stop();
      });
    test.after.always(stop);
  }
}

/** What one scene leaves and no other one is to see. A guest that is lost has told so already. */
async function clear(vm: VirtualMachine): Promise<void> {
  await vm.run(['dmesg', '-c']).catch(() => undefined);
  await vm.writeFile('/proc/sys/kernel/modprobe', '/sbin/modprobe').catch(() => undefined);
}

async function startGuest(kernel: string, properties: Properties): Promise<VirtualMachine> {
  const vm = await startVm({
    kernel,
    files: await properties(kernel),
    timeouts: { boot: 400_000, command: 240_000, lifetime: 3_000_000 },
  });
  await vm.run(['ln', '-s', '/usr/lib/node_modules', `${BOOK}/node_modules`]);
  await vm.run(['dmesg', '-c']);
  return vm;
}

interface Performance {
  readonly t: ExecutionContext;
  readonly vm: VirtualMachine;
  readonly kernel: string;
  readonly scene: Scene;
}

async function play({ t, vm, kernel, scene }: Performance): Promise<string> {
  const seen: string[] = [];
  const run = async (line: string, status = 0): Promise<string> => {
    const { stdout, exitCode } = await vm.run(['sh', '-c', `exec 2>&1\n${line}`], { cwd: BOOK });
    t.is(exitCode, status, `${line}\n${stdout}`);
    seen.push(`# ${line}\n${stdout}${stdout === '' || stdout.endsWith('\n') ? '' : '\n'}`);
    if (status !== 0) seen.push(`[exit status ${status}]\n`);
    return stdout;
  };
  await scene.play({ t, vm, kernel, release: vm.facts.kernel.release, run });
  return seen.join('');
}

async function compareWithPage(
  t: ExecutionContext,
  { kernel, name }: { readonly kernel: string; readonly name: string },
  seen: string,
): Promise<void> {
  const folder = process.env['KMODCTL_TRANSCRIPTS'];
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${kernel} ${name}`), seen);
    return;
  }
  const block = blockIn(await readFile(HISTORY_PAGE, 'utf8'), `${kernel} ${name}`);
  // One kernel's answer is enough where both say the same.
  if (block === undefined && kernel !== '6.12') return;
  t.is(sameButForTheMoment(seen), sameButForTheMoment(block ?? ''), `${HISTORY_PAGE} shows something else`);
}

/** Built modules of a folder as files in {@link BOOK}, without their debugging symbols. */
export async function moduleFiles(
  kernel: string,
  folder: string,
  names?: readonly string[],
): Promise<Record<string, Uint8Array>> {
  const { modules } = await buildTestModules(await resolveKernel(kernel), folder);
  const chosen = [...modules].filter(([name]) => names?.includes(name) ?? true);
  return Object.fromEntries(chosen.map(([name, path]) => [`${BOOK}/${name}.ko`, withoutDebugging(path)]));
}
