import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireOptions } from '../../src/errors/argument.ts';
import { cacheDirectory, publishDirectory } from '../packages/cache-directory.ts';
import { withLock } from '../packages/lock-file.ts';
import type { WorkOptions } from '../packages/package-source.ts';
import { VmError } from '../vm-error.ts';
import { prepareBuildRoot, runInRoot } from './build-root.ts';
import type { Kernel } from './kernel.ts';

/** Modules that were built from one folder. */
export interface BuiltModules {
  /** Folder with the `.ko` files and the versions of what they export, Module.symvers. */
  readonly directory: string;
  /** Module name to path of the `.ko` file, in the order of the names. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * Builds every `*.c` file of a folder as a module of its own name for a kernel, all of them in one go, so that they
 * can use each other's symbols. The result is cached by kernel and sources; the first build for a kernel fetches its
 * headers and compiler (about 90 MB).
 *
 * @throws VmError `ERR_KMOD_VM_BUILD` with what the compiler says, or if the folder has no sources;
 *   `ERR_KMOD_VM_PACKAGES` if headers or compiler cannot be had
 */
export async function buildTestModules(
  kernel: Kernel,
  sourceDirectory: string,
  options: WorkOptions = {},
): Promise<BuiltModules> {
  requireOptions('options', options, { log: 'function', signal: 'object' });
  const sources = await readSources(sourceDirectory);
  const names = [...sources.keys()].filter((name) => name.endsWith('.c')).map((name) => name.slice(0, -2));
  if (names.length === 0)
    throw new VmError('ERR_KMOD_VM_BUILD', `${sourceDirectory} holds no module sources (*.c).`);
  const hash = createHash('sha256');
  for (const [name, content] of sources) hash.update(`${name}\0${content.length}\0`).update(content);
  const key = `${kernel.id}-${hash.digest('hex').slice(0, 12)}`;
  const directory = join(cacheDirectory(), 'modules', key);
  const cached = await builtModules(directory, names);
  if (cached !== undefined) return cached;
  await withLock(`${directory}.lock`, options, async () => {
    if ((await builtModules(directory, names)) !== undefined) return;
    const root = await prepareBuildRoot(kernel, options);
    options.log?.(`building ${names.length} modules for ${kernel.release}`);
    await publishDirectory(directory, (target) => build({ kernel, root, sources, names, target, options }));
  });
  const built = await builtModules(directory, names);
  if (built === undefined) throw new VmError('ERR_KMOD_VM_BUILD', `${directory} has just been removed.`);
  return built;
}

/** The C files and headers of a folder, sorted by name. */
async function readSources(directory: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(directory).catch((error: unknown) => {
    throw new VmError('ERR_KMOD_VM_BUILD', `Module sources: ${(error as Error).message}`, { cause: error });
  });
  const names = entries.filter((name) => /\.[ch]$/.test(name) && !name.endsWith('.mod.c')).sort();
  const contents = await Promise.all(names.map((name) => readFile(join(directory, name))));
  return new Map(names.map((name, index) => [name, contents[index] ?? Buffer.alloc(0)]));
}

async function builtModules(directory: string, names: readonly string[]): Promise<BuiltModules | undefined> {
  const files = new Set(await readdir(directory).catch(() => []));
  if (!names.every((name) => files.has(`${name}.ko`))) return undefined;
  return { directory, modules: new Map(names.map((name) => [name, join(directory, `${name}.ko`)])) };
}

interface Build {
  readonly kernel: Kernel;
  readonly root: string;
  readonly sources: ReadonlyMap<string, Buffer>;
  readonly names: readonly string[];
  /** Folder that takes the `.ko` files. */
  readonly target: string;
  readonly options: WorkOptions;
}

async function build({ kernel, root, sources, names, target, options }: Build): Promise<void> {
  const inside = `/build-${process.pid}-${randomBytes(4).toString('hex')}`;
  const outside = join(root, inside);
  await mkdir(outside);
  try {
    for (const [name, content] of sources) await writeFile(join(outside, name), content);
    await writeFile(join(outside, 'Kbuild'), `obj-m := ${names.map((name) => `${name}.o`).join(' ')}\n`);
    const headers = `/usr/src/linux-headers-${kernel.release}`;
    const command = `exec make -j 2 -C '${headers}' M='${inside}' modules 2>&1`;
    const run = await runInRoot(root, command, options.signal);
    if (run.exitCode !== 0) throw buildError(kernel, run.stdout);
    for (const name of names) await copyFile(join(outside, `${name}.ko`), join(target, `${name}.ko`));
    await copyFile(join(outside, 'Module.symvers'), join(target, 'Module.symvers'));
  } finally {
    await rm(outside, { recursive: true, force: true });
  }
}

function buildError(kernel: Kernel, output: string): VmError {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /error|ERROR|undefined!|\*\*\*/.test(line));
  const shown = (errors.length > 0 ? errors : lines).slice(-20);
  return new VmError('ERR_KMOD_VM_BUILD', `Modules for ${kernel.release} do not build:\n${shown.join('\n')}`);
}
