/** Command lines on the host, where both sets of tools see the same files and the same answers of the kernel. */
import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { configurationFiles, treeFiles } from './fixture.ts';
import { HostTree, RELEASE } from './host-tree.ts';
import { toolLines } from './lines.ts';
import { deviations } from './table.ts';

const tree = new HostTree(await referenceKmod('34.2'), { ...treeFiles, ...configurationFiles });
for (const release of [RELEASE, '6.99.0-bare']) tree.theirs(`depmod -b BASE -C empty.d ${release}`);
test.after.always(() => {
  tree.remove();
});

for (const tool of ['insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod']) {
  const lines = toolLines[tool] ?? [];
  test(`${tool}: ${lines.length} command lines`, async (t) => {
    t.deepEqual(await deviations(tree, lines), []);
  });
}
