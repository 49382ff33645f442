import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rm, symlink } from 'node:fs/promises';
import { cacheDirectory, publishDirectory } from '../packages/cache-directory.ts';
import { withLock } from '../packages/lock-file.ts';
import { type WorkOptions, withPackageSource } from '../packages/package-source.ts';
import { runTool } from '../packages/tool-process.ts';
import { createMergedRoot, unpackPackages } from '../packages/unpack.ts';
import { VmError } from '../vm-error.ts';
import {
  type Architecture,
  type CatalogueEntry,
  debianArchitectures,
  hostArchitecture,
  readCatalogue,
} from './catalogue.ts';

/** The folder for the unpacked tools of a kernel's suite, whether or not it exists yet. */
function toolRootPath(entry: CatalogueEntry, architecture: Architecture): string {
  const { toolPackages } = readCatalogue();
  const key = createHash('sha256')
    .update(JSON.stringify([entry.suites, toolPackages]))
    .digest('hex')
    .slice(0, 8);
  return join(
    cacheDirectory(),
    'roots',
    `tools-${entry.suites[0]}-${debianArchitectures[architecture].name}-${key}`,
  );
}

/**
 * The tools of a kernel's own suite (kmod, BusyBox) with the libraries they need, unpacked in the cache. Of the own
 * suite, because the layout of the module indexes is that of the kmod that writes them.
 */
export async function prepareToolRoot(
  entry: CatalogueEntry,
  architecture: Architecture,
  options: WorkOptions,
): Promise<string> {
  const root = toolRootPath(entry, architecture);
  if (existsSync(root)) return root;
  const { name: debianArchitecture } = debianArchitectures[architecture];
  await withLock(`${root}.lock`, options, async () => {
    if (existsSync(root)) return;
    const suites = { suites: entry.suites, mirrors: entry.mirrors, architecture: debianArchitecture };
    await publishDirectory(root, async (directory) => {
      const packages = join(directory, 'packages');
      await createMergedRoot(directory);
      const files = await withPackageSource(suites, options, async (source) => {
        const { toolPackages } = readCatalogue();
        options.log?.(`fetching ${toolPackages.join(', ')} of ${entry.suites[0]}`);
        return source.downloadClosure(toolPackages, [], packages);
      });
      await unpackPackages(files, directory, options.signal);
      await rm(packages, { recursive: true });
      // The packages' own links /sbin/depmod -> /bin/kmod are absolute and would lead to the host's.
      await symlink('usr/bin/kmod', join(directory, 'depmod'));
    });
  });
  return root;
}

/**
 * Writes the indexes (`modules.dep` ...) of a module tree, which Debian's image packages do not contain, by the
 * suite's own depmod. It is run by its own dynamic loader and libraries, so it needs neither root nor a chroot.
 *
 * @param base folder that holds `lib/modules/RELEASE`
 * @throws VmError `ERR_KMOD_VM_KERNEL` with what depmod says
 */
export async function writeModuleIndexes(
  toolRoot: string,
  base: string,
  release: string,
  signal?: AbortSignal,
): Promise<void> {
  const libraries = join(toolRoot, 'usr/lib', debianArchitectures[hostArchitecture()].triplet);
  const loader = join(
    libraries,
    hostArchitecture() === 'x64' ? 'ld-linux-x86-64.so.2' : 'ld-linux-aarch64.so.1',
  );
  const configuration = join(toolRoot, 'usr/share');
  const parameters = ['--library-path', libraries, join(toolRoot, 'depmod'), '-b', base];
  const run = await runTool(loader, [...parameters, '-C', join(configuration, 'empty'), release], { signal });
  if (run.exitCode !== 0)
    throw new VmError('ERR_KMOD_VM_KERNEL', `depmod failed for ${release} in ${base}: ${run.stderr.trim()}`);
}
