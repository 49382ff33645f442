import { readFile } from 'node:fs/promises';

import test, { type ExecutionContext } from 'ava';

import {
  buildTestModules,
  resolveKernel,
  startVm,
  type StartVmOptions,
  type VirtualMachine,
} from '../../vm/index.ts';

/** Kernels that every guest test runs on. */
export const kernels = ['6.1', '6.12'] as const;

/** Folder of the test modules in a guest. */
export const MODULES = '/test-modules';

/** What a test gets. */
export interface Guest {
  readonly vm: VirtualMachine;
  /** `6.1` or `6.12`. */
  readonly kernel: string;
}

/** Options of a guest test. */
export interface GuestOptions extends StartVmOptions {
  /** Test modules of `test/modules` and `test/book-modules` to put into {@link MODULES}, by name. Default none. */
  readonly testModules?: readonly string[];
  /** Kernels to run on. Default all. */
  readonly on?: readonly string[];
}

/** Declares a test for each kernel; each runs on a pristine guest of its own, which is gone afterwards. */
export function inGuest(
  title: string,
  options: GuestOptions,
  body: (t: ExecutionContext, guest: Guest) => Promise<void>,
): void {
  const { testModules = [], on = kernels, ...vmOptions } = options;
  for (const kernel of on)
    test(`${kernel}: ${title}`, async (t) => {
      const files = await testModuleFiles(kernel, testModules);
      await using vm = await startVm({ ...vmOptions, kernel, files: { ...files, ...vmOptions.files } });
      await body(t, { vm, kernel });
    });
}

/** The built test modules as files for a guest, by their path there. */
export async function testModuleFiles(
  kernel: string,
  names: readonly string[],
): Promise<Readonly<Record<string, Uint8Array>>> {
  if (names.length === 0) return {};
  const files: Record<string, Uint8Array> = {};
  for (const name of names) {
    const { modules } = await builtFolder(kernel, name.startsWith('kmodctl_') ? 'modules' : 'book-modules');
    const path = modules.get(name);
    if (path === undefined) throw new Error(`no test module ${name}`);
    files[`${MODULES}/${name}.ko`] = await readFile(path);
  }
  return files;
}

type BuiltModules = Awaited<ReturnType<typeof buildTestModules>>;

const folders = new Map<string, Promise<BuiltModules>>();

/** The modules of `test/modules`, whose names begin with `kmodctl_`, or of another folder. */
function builtFolder(kernel: string, folder: string): Promise<BuiltModules> {
  const key = `${kernel} ${folder}`;
  const known =
    folders.get(key) ?? resolveKernel(kernel).then((found) => buildTestModules(found, `test/${folder}`));
  folders.set(key, known);
  return known;
}

/** Names of the loaded modules, newest first. */
export async function loadedNames(vm: VirtualMachine): Promise<string[]> {
  const text = await vm.readFile('/proc/modules', 'utf8');
  return text.split('\n').flatMap((line) => line.split(' ')[0] || []);
}
