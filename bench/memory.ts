import { execFileSync } from 'node:child_process';

import { referenceTree } from '../test/reference/reference-tree.ts';

const ROUNDS = 5;

/** A script that ends by printing the memory that is resident, in kilobytes. */
const script = (work: string): string => `
  ${work}
  await new Promise((done) => setTimeout(done, 50));
  const { readFileSync } = await import('node:fs');
  console.log(/^VmRSS:\\s*(\\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]);`;

/** Memory of a process that has all indexes of a release open, over one of Node alone. Medians. */
export async function memory(): Promise<void> {
  for (const kernel of ['6.1', '6.12']) {
    const { directory, release } = await referenceTree(kernel);
    const open = `const { openIndexes } = await import('kmodctl');
      globalThis.indexes = openIndexes({ moduleDirectory: ${JSON.stringify(directory)} });
      indexes.modulesOfAlias('pci:v00008086d0000153Asv00001028sd000005A3bc02sc00i00');
      indexes.dependenciesOf('btrfs');`;
    const [bare, ours] = [median(''), median(open)];
    process.stdout.write(
      `memory ${release}, all indexes open: ${(ours / 1024).toFixed(1)} MiB, Node alone ${(bare / 1024).toFixed(1)} MiB, +${((ours - bare) / 1024).toFixed(1)} MiB\n`,
    );
  }
}

function median(work: string): number {
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env;
  const sizes = Array.from({ length: ROUNDS }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script(work)], { env })),
  );
  return sizes.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}
