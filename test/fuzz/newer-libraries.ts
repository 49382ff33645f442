import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { catalogueEntry, debianArchitectures, hostArchitecture } from '../../vm/kernels/catalogue.ts';
import { cacheDirectory, publishDirectory } from '../../vm/packages/cache-directory.ts';
import { withPackageSource } from '../../vm/packages/package-source.ts';
import { createMergedRoot, unpackPackages } from '../../vm/packages/unpack.ts';
import { runChild } from '../native/child-process.ts';

/** Has libraries of the age that Jazzer.js is compiled for (glibc 2.38, GCC 13). */
const NEWER_SUITE_KERNEL = '6.12';

/**
 * Program and first arguments that run this Node so that Jazzer.js's addon can be loaded. It wants a newer C library
 * than Debian 12 has; there Node is started by the dynamic loader, and with the libraries, of Debian 13.
 */
export async function nodeForJazzer(): Promise<readonly [string, ...string[]]> {
  const addon = createRequire(import.meta.url).resolve('@jazzer.js/fuzzer');
  const load = ['-e', 'require(process.argv[1])', addon];
  const direct = await runChild(process.execPath, load);
  if (direct.code === 0) return [process.execPath];
  const libraries = await newerLibraries();
  const loader = hostArchitecture() === 'x64' ? 'ld-linux-x86-64.so.2' : 'ld-linux-aarch64.so.1';
  const command = [join(libraries, loader), '--library-path', libraries, process.execPath] as const;
  const [program, ...before] = command;
  const indirect = await runChild(program, [...before, ...load]);
  if (indirect.code === 0) return command;
  throw new Error(
    `Jazzer.js cannot be loaded:\n${direct.stderr}\nand with ${libraries}:\n${indirect.stderr}`,
  );
}

async function newerLibraries(): Promise<string> {
  const { suites, mirrors } = catalogueEntry(NEWER_SUITE_KERNEL);
  const { name: architecture, triplet } = debianArchitectures[hostArchitecture()];
  const root = join(cacheDirectory(), 'roots', `libraries-${suites[0]}-${architecture}`);
  if (!existsSync(root))
    await publishDirectory(root, async (directory) => {
      const packages = join(directory, 'packages');
      await createMergedRoot(directory);
      const files = await withPackageSource({ suites, mirrors, architecture }, {}, (source) =>
        source.downloadClosure(['libstdc++6'], [], packages),
      );
      await unpackPackages(files, directory, undefined);
      await rm(packages, { recursive: true });
    });
  return join(root, 'usr/lib', triplet);
}
