import { readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { referenceKmod } from '../test/reference/reference-kmod.ts';
import { referenceTree } from '../test/reference/reference-tree.ts';
import { measureProcess, type ProcessMeasure } from './measured-process.ts';

/** A tree of plain files and one of compressed ones, with the number of rounds. */
const trees = [
  ['6.1', 9],
  ['6.12', 3],
] as const;

/**
 * modinfo over all modules of a kernel: kmod's and ours, each one process with all files as operands. Interleaved; the
 * least of each. Both unpack with the same liblzma.
 */
export async function modinfo(): Promise<void> {
  const kmod = await referenceKmod('34.2');
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-bench-'));
  await symlink(join(kmod.libraries, 'liblzma.so.5'), join(folder, 'liblzma.so.5'));
  await symlink(resolve('dist/cli/kmodctl.cjs'), join(folder, 'modinfo'));
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env; // 40 ms at each start of Node 20
  try {
    for (const [kernel, rounds] of trees) {
      const { directory, release } = await referenceTree(kernel);
      const files = readdirSync(join(directory, 'kernel'), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.ko(?:\.xz)?$/.test(name))
        .map((name) => join(directory, 'kernel', name));
      const [theirs, ours]: [ProcessMeasure[], ProcessMeasure[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        theirs.push(await measureProcess([...kmod.command('modinfo'), ...files], env));
        const command = [process.execPath, join(folder, 'modinfo'), ...files] as const;
        ours.push(await measureProcess(command, { ...env, LD_LIBRARY_PATH: folder }));
      }
      const ratio = least(ours) / least(theirs);
      process.stdout.write(
        `modinfo ${release}, ${files.length} modules: kmod ${least(theirs).toFixed(0)} ms with ${peak(theirs)}, ` +
          `ours ${least(ours).toFixed(0)} ms with ${peak(ours)}, ratio ${ratio.toFixed(2)}\n`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function least(measures: readonly ProcessMeasure[]): number {
  return Math.min(...measures.map(({ milliseconds }) => milliseconds));
}

function peak(measures: readonly ProcessMeasure[]): string {
  return `${(Math.max(...measures.map(({ peakKilobytes }) => peakKilobytes)) / 1024).toFixed(0)} MiB`;
}
