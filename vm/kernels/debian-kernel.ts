import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { asCacheError } from '../packages/cache-failure.ts';
import { cacheDirectory, partialName, publishDirectory } from '../packages/cache-directory.ts';
import type { PackageRecord } from '../packages/control-record.ts';
import { withLock } from '../packages/lock-file.ts';
import { selectPackages } from '../packages/package-selection.ts';
import { type WorkOptions, withPackageSource } from '../packages/package-source.ts';
import { createMergedRoot, unpackPackages } from '../packages/unpack.ts';
import { VmError } from '../vm-error.ts';
import { type CatalogueEntry, debianArchitectures, hostArchitecture, readCatalogue } from './catalogue.ts';
import type { Kernel } from './kernel.ts';
import { prepareToolRoot, writeModuleIndexes } from './tool-root.ts';
import { extractVmlinux } from './vmlinux.ts';

/** Raise it when the contents of a kernel's folder change their form. */
const LAYOUT = 1;

/** What is remembered of a kernel; paths are relative to the cache, which may be moved. */
type StoredKernel = Omit<Kernel, 'modules' | 'origin' | 'name'> & { readonly source: string };

/** The kernel of a catalogue entry if the cache has it. Reads one small file. */
export async function cachedDebianKernel(entry: CatalogueEntry): Promise<Kernel | undefined> {
  const text = await readFile(recordPath(entry), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { source, ...stored } = JSON.parse(text) as StoredKernel;
  const kernel: Kernel = {
    ...stored,
    name: entry.name,
    origin: 'debian',
    vmlinux: join(cacheDirectory(), stored.vmlinux),
    vmlinuz: join(cacheDirectory(), stored.vmlinuz),
    moduleDirectory: join(cacheDirectory(), stored.moduleDirectory),
    modules: readCatalogue().modules,
  };
  const complete =
    source === sourceKey(entry) && existsSync(kernel.vmlinux) && existsSync(kernel.moduleDirectory);
  return complete ? kernel : undefined;
}

/**
 * Fetches the newest kernel of a catalogue entry, unpacks and indexes it. Where the cache has that very version,
 * nothing but the package lists is fetched.
 */
export async function fetchDebianKernel(entry: CatalogueEntry, options: WorkOptions): Promise<Kernel> {
  await withLock(`${recordPath(entry)}.lock`, options, async () => {
    const architecture = debianArchitectures[entry.architecture].name;
    const suites = { suites: entry.suites, mirrors: entry.mirrors, architecture };
    const toolRoot = await prepareToolRoot(entry, hostArchitecture(), options);
    await withPackageSource(suites, options, async (source) => {
      const pattern = new RegExp(entry.packages);
      const packages = await selectPackages((name) => source.lookup(name), entry.metaPackage, pattern);
      const directory = join(cacheDirectory(), 'kernels', directoryName(packages, architecture));
      if (!existsSync(directory))
        await publishDirectory(directory, async (partial) => {
          options.log?.(`fetching ${packages.map(describePackage).join(', ')}`);
          const files = await source.download(packages, partial);
          await assemble({ entry, directory: partial, files, toolRoot }, options);
        });
      await writeRecord(entry, directory, packages);
    });
  });
  const kernel = await cachedDebianKernel(entry);
  if (kernel === undefined)
    throw new VmError('ERR_KMOD_VM_KERNEL', `${recordPath(entry)} has just been removed.`);
  return kernel;
}

interface Assembly {
  readonly entry: CatalogueEntry;
  /** Folder to fill. */
  readonly directory: string;
  /** The kernel's package files. */
  readonly files: readonly string[];
  readonly toolRoot: string;
}

async function assemble(
  { entry, directory, files, toolRoot }: Assembly,
  { log, signal }: WorkOptions,
): Promise<void> {
  const root = join(directory, 'root');
  await createMergedRoot(root);
  log?.('unpacking');
  await unpackPackages(files, root, signal);
  const release = await onlyRelease(root);
  log?.(`extracting vmlinux and indexing the modules of ${release}`);
  // Both are waited for even if one fails: the folder is removed then, and nobody may still be writing into it.
  const done = await Promise.allSettled([
    extractVmlinux(join(root, imagePath(entry, release)), join(directory, 'vmlinux'), signal),
    writeModuleIndexes(toolRoot, root, release, signal),
  ]);
  for (const result of done) if (result.status === 'rejected') throw result.reason;
}

async function onlyRelease(root: string): Promise<string> {
  const releases = await readdir(join(root, 'usr/lib/modules')).catch(() => []);
  const [release] = releases;
  if (release !== undefined && releases.length === 1) return release;
  throw new VmError(
    'ERR_KMOD_VM_KERNEL',
    `The packages hold the modules of ${releases.length} kernels (${releases.join(', ')}) instead of one: ` +
      'mend "packages" in vm/kernels.json.',
  );
}

async function writeRecord(
  entry: CatalogueEntry,
  directory: string,
  packages: readonly PackageRecord[],
): Promise<void> {
  const release = await onlyRelease(join(directory, 'root'));
  const here = relative(cacheDirectory(), directory);
  const names = packages.map(({ name, version }) => `${name}=${version}`).sort();
  const record: StoredKernel = {
    release,
    version: packages[0]?.version ?? '',
    architecture: entry.architecture,
    vmlinux: join(here, 'vmlinux'),
    vmlinuz: join(here, 'root', imagePath(entry, release)),
    moduleDirectory: join(here, 'root/usr/lib/modules', release),
    id: hashOf([LAYOUT, entry.architecture, names, readCatalogue().toolPackages]).slice(0, 12),
    packages: names,
    source: sourceKey(entry),
  };
  const path = recordPath(entry);
  const partial = partialName(path);
  try {
    await writeFile(partial, `${JSON.stringify(record, undefined, 2)}\n`);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw asCacheError(error, path);
  }
}

function imagePath(entry: CatalogueEntry, release: string): string {
  return entry.image.replaceAll('{release}', release);
}

/** The folder is named by the version of every package in it, so that a rebuilt package is another folder. */
function directoryName(packages: readonly PackageRecord[], architecture: string): string {
  const names = packages.map(({ name, version }) => `${name}=${version}`).sort();
  return `${packages[0]?.version}-${architecture}-${hashOf([LAYOUT, names]).slice(0, 8)}`;
}

function recordPath(entry: CatalogueEntry): string {
  return join(cacheDirectory(), 'kernels', `${entry.name}.json`);
}

function sourceKey(entry: CatalogueEntry): string {
  return hashOf([
    LAYOUT,
    entry.suites,
    entry.metaPackage,
    entry.packages,
    entry.architecture,
    entry.mirrors ?? {},
  ]);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function describePackage({ name, version, size }: PackageRecord): string {
  return `${name} ${version} (${(size / 1e6).toFixed(1)} MB)`;
}
