import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { catalogueEntry, debianArchitectures, hostArchitecture } from '../../vm/kernels/catalogue.ts';
import { cacheDirectory, publishDirectory } from '../../vm/packages/cache-directory.ts';
import { withLock } from '../../vm/packages/lock-file.ts';
import { withPackageSource } from '../../vm/packages/package-source.ts';
import { createMergedRoot, unpackPackages } from '../../vm/packages/unpack.ts';

/** Debian 13, which has the shells as they are today. */
const SUITE_KERNEL = '6.12';
const PACKAGES = ['zsh', 'fish', 'mandoc'] as const;

/** Debian packages, unpacked and not installed. */
export interface ShellRoot {
  readonly path: string;
  /** Folder of the libraries. */
  readonly libraries: string;
  /** Program and first arguments that run a program of the packages, by their own dynamic loader. */
  readonly command: (program: string) => readonly [string, ...string[]];
}

/** zsh, fish and mandoc. Fetched if the cache does not have them. */
export async function shellRoot(): Promise<ShellRoot> {
  const { suites, mirrors } = catalogueEntry(SUITE_KERNEL);
  const { name: architecture, triplet } = debianArchitectures[hostArchitecture()];
  const key = createHash('sha256').update(JSON.stringify(PACKAGES)).digest('hex').slice(0, 8);
  const path = join(cacheDirectory(), 'roots', `shells-${suites[0]}-${architecture}-${key}`);
  if (!existsSync(path))
    await withLock(`${path}.lock`, {}, async () => {
      if (!existsSync(path)) await fetchInto(path, { suites, mirrors, architecture });
    });
  const libraries = join(path, 'usr/lib', triplet);
  const loader = hostArchitecture() === 'x64' ? 'ld-linux-x86-64.so.2' : 'ld-linux-aarch64.so.1';
  const command: ShellRoot['command'] = (program) => [
    join(libraries, loader),
    '--library-path',
    libraries,
    join(path, 'usr/bin', program),
  ];
  return { path, libraries, command };
}

async function fetchInto(path: string, suites: Parameters<typeof withPackageSource>[0]): Promise<void> {
  await publishDirectory(path, async (directory) => {
    const packages = join(directory, 'packages');
    await createMergedRoot(directory);
    const files = await withPackageSource(suites, {}, (source) =>
      source.downloadClosure(PACKAGES, [], packages),
    );
    await unpackPackages(files, directory, undefined);
    await rm(packages, { recursive: true });
  });
}
