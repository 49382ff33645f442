import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { cacheDirectory } from '../packages/cache-directory.ts';
import type { WorkOptions } from '../packages/package-source.ts';
import { withLock } from '../packages/lock-file.ts';
import { VmError } from '../vm-error.ts';
import { hostArchitecture, readCatalogue } from './catalogue.ts';
import type { Kernel } from './kernel.ts';
import { imageError, imageRelease } from './kernel-image.ts';
import { extractVmlinux } from './vmlinux.ts';

/**
 * A kernel given as `vmlinuz:modules-dir`. The folder is that of the release (`/lib/modules/6.12.1`) or the one above
 * it (`/lib/modules`), and must have been indexed by depmod.
 *
 * @throws VmError `ERR_KMOD_VM_KERNEL` if one of the two does not exist or they do not fit together
 */
export async function resolveLocalKernel(spec: string, options: WorkOptions): Promise<Kernel> {
  const colon = spec.indexOf(':');
  if (colon <= 0 || colon === spec.length - 1)
    throw new VmError(
      'ERR_KMOD_VM_KERNEL',
      `A kernel of your own is given as vmlinuz:modules-dir, for example ` +
        `/boot/vmlinuz-6.12.1:/lib/modules/6.12.1; received ${JSON.stringify(spec)}.`,
    );
  const vmlinuz = resolve(spec.slice(0, colon));
  const moduleRoot = resolve(spec.slice(colon + 1));
  const { release: imageName, stamp } = await readImage(vmlinuz);
  const { release, moduleDirectory } = await findModules(moduleRoot, imageName);
  if (imageName !== undefined && imageName !== release)
    throw new VmError(
      'ERR_KMOD_VM_KERNEL',
      `${vmlinuz} is kernel ${imageName}, but ${moduleDirectory} holds the modules of ${release}.`,
    );
  const id = createHash('sha256')
    .update(`${stamp} ${release} ${await stampOf(join(moduleDirectory, 'modules.dep'))}`)
    .digest('hex')
    .slice(0, 12);
  return {
    name: release,
    release,
    version: release,
    architecture: hostArchitecture(),
    origin: 'local',
    vmlinux: await cachedVmlinux(vmlinuz, stamp, options),
    vmlinuz,
    moduleDirectory,
    id,
    modules: readCatalogue().modules,
    packages: [],
  };
}

async function readImage(path: string): Promise<{ release: string | undefined; stamp: string }> {
  try {
    const handle = await open(path);
    try {
      // The release string lies in the setup code, which takes at most 64 sectors.
      const start = Buffer.alloc(65 * 512);
      const { bytesRead } = await handle.read(start, 0, start.length, 0);
      return { release: imageRelease(start.subarray(0, bytesRead)), stamp: await stampOf(path) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw imageError(path, (error as Error).message, error);
  }
}

async function findModules(
  moduleRoot: string,
  imageName: string | undefined,
): Promise<{ release: string; moduleDirectory: string }> {
  if (existsSync(join(moduleRoot, 'modules.dep')))
    return { release: basename(moduleRoot), moduleDirectory: moduleRoot };
  const releases = await readdir(moduleRoot).catch((error: unknown) => {
    throw new VmError('ERR_KMOD_VM_KERNEL', `The module folder cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  });
  const release = imageName ?? (releases.length === 1 ? releases[0] : undefined);
  if (release !== undefined && existsSync(join(moduleRoot, release, 'modules.dep')))
    return { release, moduleDirectory: join(moduleRoot, release) };
  throw new VmError(
    'ERR_KMOD_VM_KERNEL',
    `${moduleRoot} has no modules.dep${release === undefined ? '' : `, nor has ${release} in it`}: ` +
      'index it by depmod -b, or name another folder.',
  );
}

async function cachedVmlinux(vmlinuz: string, stamp: string, options: WorkOptions): Promise<string> {
  const directory = join(cacheDirectory(), 'kernels', 'local');
  const target = join(directory, `vmlinux-${createHash('sha256').update(stamp).digest('hex').slice(0, 12)}`);
  if (existsSync(target)) return target;
  await mkdir(directory, { recursive: true });
  await withLock(`${target}.lock`, options, async () => {
    if (existsSync(target)) return;
    options.log?.(`extracting vmlinux from ${vmlinuz}`);
    await extractVmlinux(vmlinuz, target, options.signal);
  });
  return target;
}

/** Path, size and time of a file: changes whenever the file is written. */
async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}
