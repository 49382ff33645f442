import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { testKernels } from '../reference/test-kernels.ts';
import { compareTree, copyModule, modulesOf, moveModule, openTreeCopy } from './tree-comparison.ts';

const kmod = await referenceKmod('34.2');

for (const kernel of testKernels) {
  test.serial(`${kernel}: every byte like kmod`, async (t) => {
    t.true(compareTree(t, await openTreeCopy(t, kernel), { kmod }) > 3000);
  });

  test.serial(`${kernel} with copies in updates and extra, moved modules and configuration`, async (t) => {
    const tree = await openTreeCopy(t, kernel);
    for (const [index, path] of modulesOf(tree).entries()) {
      if (index % 97 === 0) copyModule(tree, path, 'updates/dkms');
      if (index % 131 === 0) copyModule(tree, path, 'extra');
      if (index % 211 === 0) moveModule(tree, path, 'elsewhere');
    }
    const config = join(tree.base, 'depmod.conf');
    writeFileSync(
      config,
      'search extra updates built-in\noverride ext4 * kernel/fs/ext4\nexclude bluetooth\n',
    );
    t.true(compareTree(t, tree, { kmod, config }) > 3000);
  });
}

test.serial("6.1 without the lists of the kernel's build", async (t) => {
  const tree = await openTreeCopy(t, '6.1');
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    rmSync(join(tree.directory, name));
  t.true(compareTree(t, tree, { kmod, compat: true }) > 4000);
});

// There is no kmod of Debian's that unpacks gzip, so the plain modules are the measure.
test.serial('6.1, modules packed with gzip: like kmod with plain ones', async (t) => {
  const tree = await openTreeCopy(t, '6.1');
  const chosen = modulesOf(tree).filter((path, index) => {
    if (index % 4 > 0) rmSync(join(tree.directory, path));
    return index % 4 === 0;
  });
  const change = (): void => {
    for (const path of chosen) {
      const file = join(tree.directory, path);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 1 }));
      rmSync(file);
    }
  };
  t.true(compareTree(t, tree, { kmod, change, expected: packed }) > 1000);
});

/** What kmod has written for plain modules as it would be for packed ones. */
function packed(name: string, content: Buffer): Buffer | undefined {
  // The index's own format is compared elsewhere, and its text is that of modules.dep.
  if (name === 'modules.dep.bin') return undefined;
  if (name !== 'modules.dep') return content;
  return Buffer.from(content.toString().replaceAll(/\.ko(?=[: \n])/g, '.ko.gz'));
}
