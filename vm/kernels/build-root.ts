import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, publishDirectory } from '../packages/cache-directory.ts';
import { withLock } from '../packages/lock-file.ts';
import { type WorkOptions, withPackageSource } from '../packages/package-source.ts';
import { runTool, type ToolResult } from '../packages/tool-process.ts';
import { createMergedRoot, unpackPackages } from '../packages/unpack.ts';
import { VmError } from '../vm-error.ts';
import { catalogueEntry, debianArchitectures, hostArchitecture, readCatalogue } from './catalogue.ts';
import type { Kernel } from './kernel.ts';

/**
 * A small system of the kernel's own suite with the headers of exactly this kernel and the compiler it was built
 * with, unpacked in the cache. Nothing of it is installed, and nothing of the host is used in it.
 *
 * @throws VmError `ERR_KMOD_VM_BUILD` for a local kernel or another architecture; `ERR_KMOD_VM_PACKAGES`
 */
export async function prepareBuildRoot(kernel: Kernel, options: WorkOptions): Promise<string> {
  if (kernel.origin === 'local')
    throw new VmError(
      'ERR_KMOD_VM_BUILD',
      `Modules for the local kernel ${kernel.release} cannot be built here: its headers are not known.`,
    );
  if (kernel.architecture !== hostArchitecture())
    throw new VmError(
      'ERR_KMOD_VM_BUILD',
      `Modules for ${kernel.architecture} cannot be built on ${hostArchitecture()}.`,
    );
  const { buildPackages } = readCatalogue();
  const key = createHash('sha256')
    .update(JSON.stringify([kernel.id, buildPackages]))
    .digest('hex')
    .slice(0, 8);
  const root = join(cacheDirectory(), 'roots', `build-${kernel.release}-${key}`);
  if (existsSync(root)) return root;
  await withLock(`${root}.lock`, options, async () => {
    if (!existsSync(root))
      await publishDirectory(root, (directory) => fillBuildRoot(kernel, directory, options));
  });
  return root;
}

async function fillBuildRoot(kernel: Kernel, root: string, options: WorkOptions): Promise<void> {
  const entry = catalogueEntry(kernel.name);
  const headers = entry.headersPackage.replace('{release}', kernel.release);
  const architecture = debianArchitectures[kernel.architecture].name;
  const suites = { suites: entry.suites, mirrors: entry.mirrors, architecture };
  await createMergedRoot(root);
  const files = await withPackageSource(suites, options, async (source) => {
    const versions = (await source.lookup(headers)).map(({ version }) => version);
    if (!versions.includes(kernel.version)) throw goneError(headers, kernel, versions);
    options.log?.(`fetching ${headers} ${kernel.version} and a compiler`);
    const wanted = [`${headers}=${kernel.version}`, ...readCatalogue().buildPackages];
    // The headers depend on the image, which is not needed here and is large.
    return source.downloadClosure(wanted, kernel.packages.map(exactPackage), join(root, 'packages'));
  });
  options.log?.(`unpacking ${files.length} packages`);
  await unpackPackages(files, root, options.signal);
  await rm(join(root, 'packages'), { recursive: true });
  await makeAlternatives(root);
  for (const name of ['dev', 'proc', 'tmp']) await mkdir(join(root, name), { recursive: true });
}

function exactPackage(text: string): { name: string; version: string } {
  const equals = text.indexOf('=');
  return { name: text.slice(0, equals), version: text.slice(equals + 1) };
}

function goneError(headers: string, kernel: Kernel, versions: readonly string[]): VmError {
  const instead =
    versions.length === 0 ? 'the archive has none of that name' : `there is ${versions.join(', ')}`;
  return new VmError(
    'ERR_KMOD_VM_PACKAGES',
    `${headers} ${kernel.version} is gone from the archive (${instead}): kernel ${kernel.name} has been replaced ` +
      'by a newer one there. Fetch that one: kmodctl vm kernels --update.',
  );
}

/** The links that update-alternatives would make on an installed system. */
async function makeAlternatives(root: string): Promise<void> {
  const bin = join(root, 'usr/bin');
  const names = await readdir(bin);
  const compiler = names.filter((name) => /^gcc-\d+$/.test(name)).sort()[0];
  const links = { awk: 'mawk', sh: 'dash', gcc: compiler, cc: compiler };
  for (const [name, target] of Object.entries(links))
    if (target !== undefined && names.includes(target) && !names.includes(name))
      await symlink(target, join(bin, name));
}

/**
 * Runs a shell command in a build root, with the host's /dev/null and /proc (objtool asks it for the stack's limit)
 * mounted there for this command only. Without root that is done in a user namespace.
 *
 * @throws VmError `ERR_KMOD_VM_BUILD` if this host does not allow it
 */
export async function runInRoot(root: string, command: string, signal?: AbortSignal): Promise<ToolResult> {
  const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp' };
  const isRoot = process.getuid?.() === 0;
  const enter =
    'mount --bind /dev/null "$1/dev/null" && mount --rbind /proc "$1/proc" && exec chroot "$1" /bin/sh -c "$2"';
  const namespaces = isRoot ? ['--mount'] : ['--map-root-user', '--mount'];
  await writeFile(join(root, 'dev/null'), '', { flag: 'a' });
  const run = await runTool('unshare', [...namespaces, 'sh', '-c', enter, 'sh', root, command], {
    environment,
    signal,
  });
  if (!/^(?:unshare|mount|chroot):/m.test(run.stderr)) return run;
  if (!isRoot) throw refusedError(run.stderr);
  // Containers often allow root a chroot but no mounts; for most kernels that is enough.
  await makeNullDevice(root, signal);
  return runTool('chroot', [root, '/bin/sh', '-c', command], { environment, signal });
}

/** Whatever the build writes to /dev/null must not become a file there. */
async function makeNullDevice(root: string, signal: AbortSignal | undefined): Promise<void> {
  const path = join(root, 'dev/null');
  if ((await stat(path)).isCharacterDevice()) return;
  await rm(path);
  const run = await runTool('mknod', ['-m', '666', path, 'c', '1', '3'], { signal });
  if (run.exitCode !== 0) throw refusedError(run.stderr);
}

function refusedError(stderr: string): VmError {
  return new VmError(
    'ERR_KMOD_VM_BUILD',
    `This host does not let modules be built apart from its own system: ${stderr.trim()}. ` +
      'Run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1).',
  );
}
