/** The modules of the guests in which both modprobes are compared. */
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { depmod } from '../../../src/api/depmod.ts';
import { buildTestModules, resolveKernel } from '../../../vm/index.ts';
import { moduleClosure, parseModulesDep } from '../../../vm/initramfs/module-closure.ts';
import { packedByXz, patched, renamedModule, storedAsZstd, withoutDebugging } from './module-variants.ts';

/** Folder in the guest with files that are in no index. */
export const FILES = '/versus/files';
/** Folder in the guest with the tree, which takes the place of the kernel's own. */
export const TREE = '/versus/tree';

/** Modules of the kernel itself that scenarios use. */
const stock = ['dummy', 'bonding', 'loop', 'vfat', 'nls_cp437', 'nls_ascii', 'af_key'];

/** Leaves of the tree besides the one that is compiled. */
const leaves = 'bcdefghijk';

type Files = Record<string, Buffer>;

/**
 * Makes the tree with the indexes of our depmod.
 *
 * @returns a tar archive with `tree` and `files`
 */
export async function guestTree(kernelName: string): Promise<Buffer> {
  const kernel = await resolveKernel(kernelName);
  const base = await mkdtemp(join(tmpdir(), 'kmodctl-versus-'));
  const tree = join(base, 'tree/lib/modules', kernel.release);
  try {
    const built = await builtModules(kernelName);
    const write = async (folder: string, files: Files): Promise<void> => {
      for (const [name, bytes] of Object.entries(files)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), bytes);
      }
    };
    await write(tree, treeFiles(built));
    await write(join(base, 'files'), looseFiles(built));
    const dependencies = parseModulesDep(await readFile(join(kernel.moduleDirectory, 'modules.dep'), 'utf8'));
    for (const path of moduleClosure(dependencies, stock)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await copyFile(join(kernel.moduleDirectory, path), join(tree, path));
    }
    for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
      await copyFile(join(kernel.moduleDirectory, name), join(tree, name));
    await depmod({ release: kernel.release, moduleDirectory: tree, configuration: [], cache: false });
    return archive(base);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function builtModules(kernelName: string): Promise<Files> {
  const { modules } = await buildTestModules(await resolveKernel(kernelName), 'test/modules');
  const files: Files = {};
  for (const [name, path] of modules) files[name] = withoutDebugging(path);
  const leaf = files['kmodctl_leaf_a'] ?? Buffer.alloc(0);
  for (const letter of leaves)
    files[`kmodctl_leaf_${letter}`] = renamedModule(leaf, 'kmodctl_leaf_a', `kmodctl_leaf_${letter}`);
  return files;
}

function leafNamed(built: Files, letter: string): Buffer {
  const leaf = built['kmodctl_leaf_a'];
  if (leaf === undefined) throw new Error('no kmodctl_leaf_a');
  return renamedModule(leaf, 'kmodctl_leaf_a', `kmodctl_leaf_${letter}`);
}

function treeFiles(built: Files): Files {
  const unwanted = new Set(['kmodctl_panic']);
  const plain = Object.entries(built).filter(([name]) => !unwanted.has(name));
  return {
    ...Object.fromEntries(plain.map(([name, bytes]) => [`updates/${name}.ko`, bytes])),
    'updates/packed/kmodctl_leaf_x.ko.xz': packedByXz(leafNamed(built, 'x'), 'crc32'),
    'updates/packed/kmodctl_leaf_z.ko.zst': storedAsZstd(leafNamed(built, 'z')),
    // Dashes in the file's name, underscores in the kernel's.
    'updates/kmodctl-leaf-w.ko': leafNamed(built, 'w'),
    // Fits no kernel, though its name and its place are in order.
    'updates/kmodctl_leaf_v.ko': wrongVermagic(leafNamed(built, 'v')),
    'updates/kmodctl_leaf_u.ko': orphan(built),
  };
}

/** Files for insmod and for paths. */
function looseFiles(built: Files): Files {
  const leaf = leafNamed(built, 'a');
  return {
    ...Object.fromEntries(
      ['leaf_a', 'pair_base', 'pair_user', 'params', 'fail', 'hold'].map((name) => [
        `kmodctl_${name}.ko`,
        built[`kmodctl_${name}`] ?? Buffer.alloc(0),
      ]),
    ),
    'text.ko': Buffer.from('This is no module at all, though its name says so.\n'.repeat(20)),
    'empty.ko': Buffer.alloc(0),
    'short.ko': Buffer.from('\x7fELF'),
    'cut.ko': leaf.subarray(0, leaf.length >> 1),
    'machine.ko': otherMachine(leaf),
    'vermagic.ko': wrongVermagic(leaf),
    'orphan.ko': orphan(built),
    'packed.ko.xz': packedByXz(leaf, 'crc32'),
    'packed64.ko.xz': packedByXz(leaf, 'crc64'),
    'packed.ko.zst': storedAsZstd(leaf),
    // The content decides, not the name.
    'plain-inside.ko.xz': leaf,
    'packed-inside.ko': packedByXz(leaf, 'crc32'),
    'cut.ko.xz': packedByXz(leaf, 'crc32').subarray(0, 1000),
  };
}

/** A symbol that nobody has. */
function orphan(built: Files): Buffer {
  return patched(built['kmodctl_pair_user'] ?? Buffer.alloc(0), 'kmodctl_pair_answer', 'kmodctl_lost_answer');
}

function wrongVermagic(bytes: Buffer): Buffer {
  return patched(bytes, 'vermagic=6.', 'vermagic=5.');
}

function otherMachine(bytes: Buffer): Buffer {
  const result = Buffer.from(bytes);
  result.writeUInt16LE(243, 18); // RISC-V, in e_machine
  return result;
}

function archive(base: string): Buffer {
  const { status, stdout, stderr } = spawnSync('tar', ['-C', base, '-c', 'tree', 'files'], {
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`tar: ${stderr.toString()}`);
  return stdout;
}
