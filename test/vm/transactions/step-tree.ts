/** A small tree of modules that need each other, whole and broken, for guests. */
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { depmod } from '../../../src/api/depmod.ts';
import { buildTestModules, resolveKernel } from '../../../vm/index.ts';
import { packedByXz, patched, storedAsZstd, withoutDebugging } from '../versus/module-variants.ts';

/** Folder in the guest that holds `lib/modules`. */
export const ROOT = '/steps';
/** Folder in the guest with files of the same names whose init fails with EIO. */
export const FAILING = '/steps/failing';
/** Folder in the guest with other forms of `kmodctl_step_e`. */
export const FORMS = '/steps/forms';

const EIO = -5;
/** What the sources have before the word that init returns: 0x4b4d4f44 in memory. */
const MARK = 'DOMK';

/** Where the tree is in the guest, and its files. */
export interface StepTree {
  readonly release: string;
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Builds the modules of `test/step-modules` and their indexes. */
export async function stepTree(kernelName: string): Promise<StepTree> {
  const kernel = await resolveKernel(kernelName);
  const { modules } = await buildTestModules(kernel, 'test/step-modules');
  const { release } = kernel;
  const built = new Map([...modules].map(([name, path]) => [name, withoutDebugging(path)]));
  const temporary = await mkdtemp(join(tmpdir(), 'kmodctl-steps-'));
  const base = join(temporary, release);
  try {
    await mkdir(join(base, 'kernel'), { recursive: true });
    for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
      await writeFile(join(base, name), '');
    for (const [name, bytes] of built) await writeFile(join(base, 'kernel', `${name}.ko`), bytes);
    await depmod({ release, moduleDirectory: base, configuration: [], cache: false });
    const files: Record<string, Buffer> = {};
    const folder = `${ROOT}/lib/modules/${release}`;
    for (const name of await readdir(base))
      if (name.startsWith('modules.')) files[`${folder}/${name}`] = await readFile(join(base, name));
    for (const [name, bytes] of built) {
      files[`${folder}/kernel/${name}.ko`] = bytes;
      files[`${FAILING}/${name}.ko`] = failing(bytes);
    }
    const single = built.get('kmodctl_step_e') ?? Buffer.alloc(0);
    for (const [name, bytes] of Object.entries(formsOf(single))) files[`${FORMS}/${name}`] = bytes;
    return { release, files };
  } finally {
    await rm(temporary, { recursive: true });
  }
}

function failing(bytes: Buffer): Buffer {
  const place = bytes.indexOf(MARK, 0, 'latin1');
  if (place === -1 || bytes.indexOf(MARK, place + 1, 'latin1') !== -1) throw new Error('no single mark');
  const result = Buffer.from(bytes);
  result.writeInt32LE(EIO, place + MARK.length);
  return result;
}

function formsOf(bytes: Buffer): Readonly<Record<string, Buffer>> {
  // Not its release: that may differ where symbols have versions.
  const other = patched(bytes, ' SMP ', ' XMP ');
  return {
    'plain.ko': bytes,
    'crc32.ko.xz': packedByXz(bytes, 'crc32'),
    'crc64.ko.xz': packedByXz(bytes, 'crc64'),
    // A filter that the kernel's decompressor does not have.
    'delta.ko.xz': packedByXz(bytes, 'crc32', ['--delta']),
    'gzip.ko.gz': gzipSync(bytes),
    'zstd.ko.zst': storedAsZstd(bytes),
    'other.ko': other,
    'other-crc32.ko.xz': packedByXz(other, 'crc32'),
    'other-crc64.ko.xz': packedByXz(other, 'crc64'),
    'other.ko.gz': gzipSync(other),
    'cut.ko.xz': packedByXz(bytes, 'crc32').subarray(0, -60),
  };
}
