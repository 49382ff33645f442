/** Command lines on the host, where both sets of tools see the same files and the same answers of the kernel. */
import test from 'ava';

import { referenceKmod } from '../reference/reference-kmod.ts';
import { configurationFiles, treeFiles } from './fixture.ts';
import { HostTree, RELEASE } from './host-tree.ts';
import { configurationLines, helpLines, modprobeLines, symbolLines, toolLines } from './lines.ts';
import { differences } from './differences.ts';
import { deviations, differenceDeviations } from './table.ts';

const tree = new HostTree(await referenceKmod('34.2'), { ...treeFiles, ...configurationFiles });
for (const release of [RELEASE, '6.99.0-bare']) tree.theirs(`depmod -b BASE -C empty.d ${release}`);
test.after.always(() => {
  tree.remove();
});

const tables: Readonly<Record<string, readonly string[]>> = {
  'sets of configuration': configurationLines,
  modprobe: modprobeLines,
  'symbols and versions': symbolLines,
  ...toolLines,
};
for (const [name, lines] of Object.entries(tables))
  test(`${name}: ${lines.length} command lines`, async (t) => {
    t.deepEqual(await deviations(tree, lines), []);
  });

test(`${differences.length} command lines with the two answers of docs/compatibility.md`, async (t) => {
  t.deepEqual(await differenceDeviations(tree, differences), []);
});

test('a mistake after which the help is shown', async (t) => {
  for (const line of helpLines) {
    const { stdout, ...rest } = await tree.ours(line);
    const { stdout: theirHelp, ...expected } = tree.theirs(line);
    t.deepEqual(rest, expected, line);
    t.regex(stdout, /Usage:/);
    t.regex(theirHelp, /Usage:/);
  }
});
