/** The files that attempts need in a guest: changed stock modules, and modules that were really built. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ModuleTree } from '../../../src/index-files/module-tree.ts';
import { buildTestModules, resolveKernel } from '../../../vm/index.ts';
import { changedFiles } from '../../explain/changed-modules.ts';
import { ChangedModule } from '../../fixtures/changed-module.ts';
import { MODULES, testModuleFiles } from '../in-guest.ts';
import { packedByXz, withoutDebugging } from '../versus/module-variants.ts';
import { OwnKey } from './own-key.ts';

/** Folder of the files in the guest. */
export const FILES = '/doctor';
/** A folder with a /sys that says that the kernel unpacks xz. */
export const OTHER_SYS = `${FILES}/other-sys`;

/** What attempts are made with. */
export interface Material {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** Path in the guest of the file of a title. */
  readonly place: (title: string) => string;
  readonly release: string;
}

const testModules = [
  'kmodctl_fail',
  'kmodctl_small',
  'kmodctl_pair_base',
  'kmodctl_pair_user',
  'kmodctl_noexit',
  'kmodctl_params',
  'kmodctl_slow',
];

const causeModules = [
  'kmodctl_firmware',
  'kmodctl_huge',
  'kmodctl_percpu',
  'kmodctl_wait_base',
  'kmodctl_wait_user',
];

/** Titles of files that are neither changed stock modules nor builds of `kmodctl_fail`. */
const modulesOfTitles: Readonly<Record<string, string>> = {
  loop: 'loop',
  parport: 'parport',
  parport_pc: 'parport_pc',
  'of another type': 'kmodctl_pair_base',
};

/** Makes the files for a kernel. */
export async function material(kernel: string): Promise<Material> {
  const { release, moduleDirectory } = await resolveKernel(kernel);
  const other = kernel === '6.1' ? '6.12' : '6.1';
  const { moduleDirectory: otherDirectory } = await resolveKernel(other);
  const pathOf = (directory: string, module: string): string =>
    new ModuleTree({ moduleDirectory: directory }).dependencyLine(module)?.path ?? '';
  const place = (title: string): string => {
    const stock = changedFiles.find((each) => each.title === title)?.stock;
    const module = stock ?? modulesOfTitles[title] ?? (title.startsWith('build') ? 'kmodctl_fail' : 'dummy');
    const ending = title.includes('xz') ? '.ko.xz' : '.ko';
    return `${FILES}/${title.replaceAll(/[^\w]+/g, '-')}/${module}${ending}`;
  };
  const files: Record<string, Uint8Array | string> = {};
  const built = await testModuleFiles(kernel, testModules);
  for (const [path, bytes] of Object.entries(built)) files[path] = small(bytes);
  const own = await builtForCauses(kernel);
  for (const name of causeModules) files[`${MODULES}/${name}.ko`] = own.get(name) ?? '';
  for (const { title, change, stock } of changedFiles)
    files[place(title)] = change(pathOf(moduleDirectory, stock));
  files[place('other kernel')] = new ChangedModule(pathOf(otherDirectory, 'dummy'), true).bytes;
  for (const name of ['loop', 'parport', 'parport_pc'])
    files[place(name)] = new ChangedModule(pathOf(moduleDirectory, name), true).bytes;
  files[place('damaged xz')] = damaged(
    packedByXz(new ChangedModule(pathOf(moduleDirectory, 'dummy'), true).bytes, 'crc32'),
  );
  const twin = Buffer.from(files[`${MODULES}/kmodctl_pair_base.ko`] ?? '').toString('latin1');
  files[place('exported twice')] = Buffer.from(
    twin.replaceAll('kmodctl_pair_base\0', 'kmodctl_pair_bass\0'),
    'latin1',
  );
  files[place('of another type')] = own.get('kmodctl_pair_base') ?? '';
  const [build = Buffer.alloc(0)] = Object.values(await testModuleFiles(kernel, ['kmodctl_fail']));
  const [foreign = Buffer.alloc(0)] = Object.values(await testModuleFiles(other, ['kmodctl_fail']));
  for (const [title, bytes] of Object.entries(buildsOf(build, foreign))) files[place(title)] = bytes;
  files[`${OTHER_SYS}/sys/module/compression`] = 'xz\n';
  return { files, place, release };
}

async function builtForCauses(kernel: string): Promise<ReadonlyMap<string, Buffer>> {
  const { modules } = await buildTestModules(await resolveKernel(kernel), 'test/cause-modules');
  return new Map([...modules].map(([name, path]) => [name, withoutDebugging(path)]));
}

/** What becomes of a module that was really built, on its way to the kernel. */
function buildsOf(whole: Uint8Array, foreign: Uint8Array): Readonly<Record<string, Buffer>> {
  const build = small(whole);
  const signed = new OwnKey('Nobody trusts this key').signed(build);
  return {
    'build for the other kernel': small(foreign),
    'build, stripped': stripped(whole, '--strip-all'),
    'build, stripped of what is not needed': stripped(whole, '--strip-unneeded'),
    'build, cut off': build.subarray(0, build.length >> 1),
    'build, signed': signed,
    'build, stripped after it was signed': stripped(signed, '--strip-debug'),
    'build, xz with CRC32': packedByXz(build, 'crc32'),
    'build, xz with CRC64': packedByXz(build, 'crc64'),
    'build, damaged xz': damaged(packedByXz(build, 'crc32')),
  };
}

function small(bytes: Uint8Array): Buffer {
  return stripped(bytes, '--strip-debug');
}

function stripped(bytes: Uint8Array, how: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kmodctl-strip-'));
  const path = join(folder, 'module.ko');
  try {
    writeFileSync(path, bytes);
    const { status, stderr } = spawnSync('strip', [how, path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`strip: ${stderr}`);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function damaged(packed: Buffer): Buffer {
  return Buffer.from(packed).fill(0x55, packed.length >> 1, (packed.length >> 1) + 40);
}
