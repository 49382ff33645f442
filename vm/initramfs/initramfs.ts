import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Kernel } from '../kernels/kernel.ts';
import { catalogueEntry, readCatalogue } from '../kernels/catalogue.ts';
import { prepareToolRoot } from '../kernels/tool-root.ts';
import { asCacheError } from '../packages/cache-failure.ts';
import { cacheDirectory, partialName, removeAbandoned } from '../packages/cache-directory.ts';
import { withLock } from '../packages/lock-file.ts';
import type { WorkOptions } from '../packages/package-source.ts';
import { ArchiveTree } from './archive-tree.ts';
import { writeArchive } from './archive-writer.ts';
import { type BaseContents, baseTree } from './base-part.ts';
import { addExtraFiles, type ExtraFile } from './extra-files.ts';
import { fileStamp } from './file-stamp.ts';
import { prepareNodeRuntime } from './node-runtime.ts';
import { packagePart } from './package-part.ts';

/** What goes into a guest. */
export interface InitramfsDescription extends WorkOptions {
  readonly kernel: Kernel;
  /** Modules to include with their dependencies. Default: the kernel's own list, `kernel.modules`. */
  readonly modules?: readonly string[] | 'all' | undefined;
  /** Further files by absolute path; they win over what is there otherwise. Default none. */
  readonly extraFiles?: Readonly<Record<string, ExtraFile>> | undefined;
  /** Node program for the guest. Default: the one that runs this. */
  readonly node?: string | undefined;
}

/** An initramfs that can be written. */
export interface Initramfs {
  /** Another text whenever any of the contents is another. */
  readonly id: string;
  /** Writes the archive to a path, complete or not at all. */
  write(path: string): Promise<void>;
}

/** Base parts are about 150 MB each; this many are kept. */
const KEPT_BASES = 4;

/** Raise it when the form of the base part changes. */
const LAYOUT = 1;

/**
 * The guest's /bin/sh, where the host has it: BusyBox's shell runs its own applets instead of the programs of that
 * name, and a script's `modprobe` would be another one than this package's. Needs the C library only, which Node brings.
 */
const HOST_SHELL = '/usr/bin/dash';

/**
 * Describes the root of a guest. With all in the cache this only reads the package's own small files and looks at
 * the others' times. Archives are not compressed, because unpacking them without hardware virtualisation takes
 * seconds.
 *
 * @throws VmError `ERR_KMOD_VM_PACKAGES` (BusyBox cannot be fetched), `ERR_KMOD_VM_BUILD` (the package is not built),
 *   `ERR_KMOD_VM_NO_ROOM`
 */
export async function describeInitramfs(description: InitramfsDescription): Promise<Initramfs> {
  const { kernel, modules = kernel.modules, extraFiles = {}, log, signal } = description;
  const entry = catalogueEntry(kernel.origin === 'local' ? readCatalogue().default : kernel.name);
  const [tools, node] = await Promise.all([
    prepareToolRoot(entry, kernel.architecture, { log, signal }),
    prepareNodeRuntime(description.node, { log, signal }),
  ]);
  const shell = existsSync(HOST_SHELL) ? HOST_SHELL : undefined;
  const contents: BaseContents = { kernel, modules, node, shell, busybox: join(tools, 'usr/bin/busybox') };
  const own = packagePart();
  const extra = new ArchiveTree();
  const extraKey = addExtraFiles(extra, extraFiles);
  const baseKey = hashOf([
    LAYOUT,
    kernel.id,
    kernel.release,
    modules,
    node.key,
    fileStamp(contents.busybox),
    shell === undefined ? '' : fileStamp(shell),
    fileStamp(join(kernel.moduleDirectory, 'modules.dep')),
  ]);
  return {
    id: hashOf([baseKey, own.hash, extraKey]).slice(0, 16),
    write: async (path) => {
      const base = await prepareBase(baseKey.slice(0, 16), contents, { log, signal });
      await writeWhole(path, async (partial) => {
        await copyFile(base, partial, constants.COPYFILE_FICLONE);
        await appendArchives(partial, [own.tree, extra]);
      });
    },
  };
}

async function prepareBase(key: string, contents: BaseContents, options: WorkOptions): Promise<string> {
  const directory = join(cacheDirectory(), 'initramfs');
  const path = join(directory, `base-${key}.cpio`);
  const now = new Date();
  if (!existsSync(path))
    await withLock(`${path}.lock`, options, async () => {
      if (existsSync(path)) return;
      options.log?.(`writing the guest's root for ${contents.kernel.release}`);
      const tree = await baseTree(contents);
      await writeWhole(path, (partial) => appendArchives(partial, [tree]));
      await prune(directory);
    });
  await utimes(path, now, now);
  return path;
}

async function appendArchives(path: string, trees: readonly ArchiveTree[]): Promise<void> {
  const output = await open(path, 'a', 0o644);
  try {
    for (const tree of trees) if (tree.entries().length > 0) await writeArchive(output, tree);
  } finally {
    await output.close();
  }
}

async function writeWhole(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = partialName(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await removeAbandoned(path);
    await write(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw asCacheError(error, dirname(path));
  }
}

/** Removes the base parts that have not been used for longest. */
async function prune(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^base-.*\.cpio$/.test(name));
  const bases = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(directory, name))).mtimeMs })),
  );
  bases.sort((a, b) => b.used - a.used);
  for (const { name } of bases.slice(KEPT_BASES)) await rm(join(directory, name), { force: true });
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
