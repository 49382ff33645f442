import { readFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel } from '../kernels/kernel.ts';
import { runTool } from '../packages/tool-process.ts';
import { ArchiveTree } from './archive-tree.ts';
import { moduleClosure, parseModulesDep } from './module-closure.ts';
import type { NodeRuntime } from './node-runtime.ts';

/** What the base part is made of. */
export interface BaseContents {
  readonly kernel: Kernel;
  readonly modules: readonly string[] | 'all';
  readonly node: NodeRuntime;
  /** The static BusyBox program. */
  readonly busybox: string;
  /** The program to be /bin/sh; undefined: BusyBox. */
  readonly shell: string | undefined;
}

/** The applets that the package under test provides itself. */
const replacedApplets = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod']);

const folders = [
  'dev',
  'proc',
  'sys',
  'run',
  'mnt',
  'etc/modprobe.d',
  'etc/depmod.d',
  'usr/lib/modprobe.d',
  'var/log',
];

const textFiles: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  'etc/hostname': 'guest\n',
  'etc/shells': '/bin/sh\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  // BusyBox's shell, which has line editing, serves terminals; its own applets must not hide this package's tools.
  'etc/kmodctl-shell': ['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod']
    .map((tool) => `alias ${tool}=/usr/sbin/${tool}\n`)
    .join(''),
  'etc/os-release': 'ID=kmodctl-guest\nNAME="kmodctl guest"\n',
};

/** The part of a guest's root that does not depend on this package: Node, BusyBox, modules. */
export async function baseTree({
  kernel,
  modules,
  node,
  busybox,
  shell,
}: BaseContents): Promise<ArchiveTree> {
  const tree = new ArchiveTree();
  tree.mergedLinks();
  for (const folder of folders) tree.directory(`/${folder}`);
  tree.directory('/root', 0o700);
  for (const folder of ['tmp', 'var/tmp']) tree.directory(`/${folder}`, 0o1777);
  for (const [path, text] of Object.entries(textFiles)) tree.data(`/${path}`, text);
  // The kernel opens the console before anything can mount devtmpfs.
  tree.set('/dev/console', { kind: 'device', mode: 0o600, device: [5, 1] });
  tree.set('/dev/null', { kind: 'device', mode: 0o666, device: [1, 3] });
  tree.file('/usr/bin/node', node.program, 0o755);
  for (const library of node.libraries) tree.file(library, library, 0o755);
  await addBusybox(tree, busybox);
  if (shell !== undefined) tree.file('/usr/bin/sh', shell, 0o755);
  await addModules(tree, kernel, modules);
  return tree;
}

async function addBusybox(tree: ArchiveTree, busybox: string): Promise<void> {
  tree.file('/usr/bin/busybox', busybox, 0o755);
  const { stdout } = await runTool(busybox, ['--list-full']);
  for (const path of stdout.split('\n')) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name === '' || name === 'busybox' || replacedApplets.has(name)) continue;
    const folder = /(?:^|\/)sbin\//.test(path) ? 'usr/sbin' : 'usr/bin';
    tree.link(`/${folder}/${name}`, '/usr/bin/busybox');
  }
}

/** All indexes, whatever modules are there: a guest's modprobe is to see the whole of the kernel's tree. */
async function addModules(
  tree: ArchiveTree,
  kernel: Kernel,
  names: readonly string[] | 'all',
): Promise<void> {
  const target = `/usr/lib/modules/${kernel.release}`;
  tree.directory(target);
  for (const name of readdirSync(kernel.moduleDirectory))
    if (name.startsWith('modules.')) tree.file(`${target}/${name}`, join(kernel.moduleDirectory, name));
  const dependencies = parseModulesDep(await readFile(join(kernel.moduleDirectory, 'modules.dep'), 'utf8'));
  for (const path of moduleClosure(dependencies, names))
    tree.file(`${target}/${path}`, join(kernel.moduleDirectory, path));
}
