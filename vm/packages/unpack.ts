import { mkdir, open, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { aptFailure } from './apt-failure.ts';
import { runTool, type ToolOptions } from './tool-process.ts';

const mergedFolders = ['bin', 'lib', 'lib64', 'sbin'];

/** Documentation is a third of some packages and is never read here. */
const skippedPaths = ['doc', 'man', 'info', 'locale', 'lintian', 'bug'].map((name) => `./usr/share/${name}`);

/**
 * Makes a folder a merged root: `/bin`, `/lib`, `/lib64` and `/sbin` are links into `/usr`. Packages of older suites
 * still have files in `/lib`, which then land in `/usr/lib`, as on an installed system.
 */
export async function createMergedRoot(root: string): Promise<void> {
  for (const name of mergedFolders) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
}

/**
 * Unpacks package files into a merged root without installing them (no scripts run), and deletes each one after.
 * tar is used rather than `dpkg -x`, which would replace the links by folders.
 *
 * @throws VmError `ERR_KMOD_VM_PACKAGES` or `ERR_KMOD_VM_NO_ROOM`
 */
export async function unpackPackages(
  files: readonly string[],
  root: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const file of files) {
    const archive = `${file}.tar`;
    await runOrFail('dpkg-deb', ['--fsys-tarfile', file], file, archive, { signal });
    await rm(file);
    const parameters = ['-x', '-f', archive, '-C', root, '--keep-directory-symlink', '--no-same-owner'];
    await runOrFail(
      'tar',
      [...parameters, ...skippedPaths.map((path) => `--exclude=${path}`)],
      file,
      undefined,
      {
        signal,
      },
    );
    await rm(archive);
  }
}

async function runOrFail(
  command: string,
  parameters: readonly string[],
  file: string,
  output: string | undefined,
  options: ToolOptions,
): Promise<void> {
  const handle = output === undefined ? undefined : await open(output, 'w');
  try {
    const run = await runTool(command, parameters, { ...options, output: handle?.fd });
    if (run.exitCode !== 0)
      throw aptFailure({ action: `unpacking ${file}`, stderr: run.stderr, directory: file });
  } finally {
    await handle?.close();
  }
}
