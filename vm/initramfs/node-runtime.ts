import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asCacheError } from '../packages/cache-failure.ts';
import { cacheDirectory, partialName } from '../packages/cache-directory.ts';
import type { WorkOptions } from '../packages/package-source.ts';
import { runTool } from '../packages/tool-process.ts';
import { VmError } from '../vm-error.ts';
import { fileStamp } from './file-stamp.ts';

/** Node and the libraries that it needs, as they go into a guest. */
export interface NodeRuntime {
  /** The program, without debugging symbols. */
  readonly program: string;
  /** Shared libraries and the dynamic loader, at the paths at which they are looked for. */
  readonly libraries: readonly string[];
  /** Another text whenever one of the files has changed. */
  readonly key: string;
}

interface StoredRuntime {
  readonly stamps: readonly string[];
  readonly program: string;
  readonly libraries: readonly string[];
}

/** Libraries that the addon opens by itself, for compressed modules. */
const openedLibraries = ['liblzma.so.5', 'libzstd.so.1', 'libz.so.1'];

/**
 * Prepares a Node program for guests: a stripped copy in the cache (a guest unpacks it on every boot, and symbols
 * are a fifth of it), and the list of its libraries. With all in the cache, only files are looked at.
 *
 * @param node the program. Default: the one that runs this
 * @throws VmError `ERR_KMOD_VM_KERNEL` if it cannot be read or is not for this host
 */
export async function prepareNodeRuntime(
  node = process.execPath,
  options: WorkOptions = {},
): Promise<NodeRuntime> {
  const stamp = stampOrFail(node);
  const name = createHash('sha256').update(stamp).digest('hex').slice(0, 12);
  const record = join(cacheDirectory(), 'tools', `node-${name}.json`);
  const stored = await readStored(record);
  if (stored !== undefined) return asRuntime(stored);
  options.log?.(`preparing ${node} for guests`);
  const program = join(dirname(record), `node-${name}`);
  try {
    await mkdir(dirname(record), { recursive: true });
    await strip(node, program, options.signal);
    const libraries = await neededLibraries(node, options.signal);
    const fresh: StoredRuntime = { program, libraries, stamps: [program, ...libraries].map(fileStamp) };
    const partial = partialName(record);
    await writeFile(partial, JSON.stringify(fresh));
    await rename(partial, record);
    return asRuntime(fresh);
  } catch (error) {
    throw asCacheError(error, dirname(record));
  }
}

/** The stored description if none of the files it names has changed. */
async function readStored(record: string): Promise<StoredRuntime | undefined> {
  const text = await readFile(record, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as StoredRuntime;
  const files = [stored.program, ...stored.libraries];
  const same = files.every((file, index) => existsSync(file) && fileStamp(file) === stored.stamps[index]);
  return same ? stored : undefined;
}

function asRuntime({ program, libraries, stamps }: StoredRuntime): NodeRuntime {
  return { program, libraries, key: stamps.join('\n') };
}

function stampOrFail(node: string): string {
  try {
    return fileStamp(node);
  } catch (error) {
    throw new VmError('ERR_KMOD_VM_KERNEL', `The Node program for the guest: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Without strip (package binutils) the program is taken as it is, and guests take a little longer to boot. */
async function strip(node: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const partial = partialName(target);
  try {
    const stripped = await runTool('strip', ['-o', partial, node], { signal }).catch(() => undefined);
    if (stripped?.exitCode !== 0) await copyFile(node, partial);
    await chmod(partial, 0o755);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

async function neededLibraries(node: string, signal: AbortSignal | undefined): Promise<string[]> {
  const run = await runTool('ldd', [node], { signal });
  if (/not a dynamic executable|statically linked/.test(run.stdout + run.stderr)) return [];
  if (run.exitCode !== 0)
    throw new VmError('ERR_KMOD_VM_KERNEL', `ldd ${node}: ${run.stderr.trim() || run.stdout.trim()}`);
  const libraries = parseLdd(run.stdout);
  const folder = dirname(libraries.find((path) => /\/libc\.so\.\d+$/.test(path)) ?? '/usr/lib/libc.so.6');
  const opened = openedLibraries.map((library) => join(folder, library)).filter((path) => existsSync(path));
  return [...new Set([...libraries, ...opened])].sort();
}

/** Paths in ldd's output: `NAME => PATH (0x...)`, and the loader's `PATH (0x...)`. The vdso has none. */
export function parseLdd(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const missing = /^\s*(\S+) => not found/.exec(line);
    if (missing)
      throw new VmError('ERR_KMOD_VM_KERNEL', `Node's library ${missing[1]} was not found on this host.`);
    return /(\/\S+) \(0x/.exec(line)?.[1] ?? [];
  });
}
