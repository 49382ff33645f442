/** depmod and modinfo against kmod's on trees whose modules are packed otherwise than Debian packs them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { modinfoSync } from '../../src/api/modinfo.ts';
import { unpackModuleSync } from '../../src/module-file/compression.ts';
import { compareTree, modulesOf, openTreeCopy } from '../depmod/tree-comparison.ts';
import { nodeBinary } from '../native/node-versions.ts';
import { referenceKmod } from '../reference/reference-kmod.ts';
import type { TreeCopy } from '../reference/reference-tree.ts';
import { testKernels } from '../reference/test-kernels.ts';

const kmod = await referenceKmod('34.2');

/** Newer versions of Node can pack with zstd. */
const packWithZstd = `
  const { readFileSync, writeFileSync, rmSync } = require('node:fs');
  const { constants, zstdCompressSync } = require('node:zlib');
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  for (const file of readFileSync(0, 'utf8').split('\\n')) {
    writeFileSync(file + '.zst', zstdCompressSync(readFileSync(file), { params }));
    rmSync(file);
  }`;

/** Packings that Debian's kmod reads. */
const packers: Readonly<Record<string, (files: readonly string[]) => Promise<void>>> = {
  plain: async () => {},
  xz: async (files) => {
    const list = files.join('\n');
    run('xargs', ['-P', '2', '-n', '200', '-d', '\\n', 'xz', '-0', '--check=crc64'], list);
  },
  zstd: async (files) => {
    run(await nodeBinary(24), ['-e', packWithZstd], files.join('\n'));
  },
};

function run(program: string, args: readonly string[], input: string): void {
  const { status, stderr } = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program}: ${stderr.toString()}`);
}

/** Unpacks every module of a copy; a new file takes the place of the link to the cache's. */
function unpackTree(tree: TreeCopy): readonly string[] {
  return modulesOf(tree).map((name) => {
    const path = join(tree.directory, name);
    const plain = path.replace(/\.(?:gz|xz|zst)$/, '');
    writeFileSync(`${plain}.new`, unpackModuleSync(readFileSync(path), { path }));
    renameSync(`${plain}.new`, plain);
    if (plain !== path) spawnSync('rm', [path]);
    return plain;
  });
}

for (const kernel of testKernels)
  for (const [packing, pack] of Object.entries(packers))
    test.serial(`${kernel}, ${packing}: every byte of the indexes like kmod`, async (t) => {
      t.timeout(1_200_000);
      const tree = await openTreeCopy(t, kernel);
      await pack(unpackTree(tree));
      t.true(compareTree(t, tree, { kmod }) > 3000);
      // Every module is readable as packed, whatever its name says.
      const first =
        readdirSync(join(tree.directory, 'kernel/lib')).find((name) => name.includes('.ko')) ?? '';
      t.is(modinfoSync(join(tree.directory, 'kernel/lib', first), { kind: 'file' }).builtin, false);
    });
