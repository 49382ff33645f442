import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { resolveKernel } from '../vm/index.ts';

const ROUNDS = 40;
const ALIAS = 'pci:v00008086d0000153Asv00001028sd000005A3bc02sc00i00';

/** The start of the command line tools, over an empty script. Interleaved; the tenth percentile of each. */
export async function startUp(): Promise<void> {
  const { moduleDirectory, release } = await resolveKernel('6.12');
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-bench-'));
  const root = resolve(moduleDirectory, '../../../..');
  const cli = resolve('dist/cli/kmodctl.cjs');
  for (const tool of ['modprobe', 'lsmod', 'rmmod', 'insmod', 'modinfo'])
    await symlink(cli, join(folder, tool));
  const place = ['-d', root, '-S', release];
  await writeFile(join(folder, 'empty.cjs'), '');
  const sides: Readonly<Record<string, readonly string[]>> = {
    'empty script': [join(folder, 'empty.cjs')],
    '--version': [cli, '--version'],
    'lsmod --help': [cli, 'lsmod', '--help'],
    'modprobe -n btrfs': [join(folder, 'modprobe'), '-n', ...place, 'btrfs'],
    'modprobe -n ALIAS': [join(folder, 'modprobe'), '-n', ...place, ALIAS],
    // As the kernel calls it. It fails at the kernel's refusal, without privilege or module support.
    'modprobe -q -- ALIAS': [join(folder, 'modprobe'), '-q', ...place, '--', 'net-pf-38'],
    lsmod: [join(folder, 'lsmod')],
    'rmmod NAME': [join(folder, 'rmmod'), 'no_such_module'],
    'insmod FILE': [join(folder, 'insmod'), join(root, 'no-such-file.ko')],
    'modinfo btrfs': [join(folder, 'modinfo'), '-b', root, '-k', release, 'btrfs'],
    "import 'kmodctl'": ['--input-type=module', '--eval', "import 'kmodctl'"],
  };
  const times = new Map<string, number[]>(Object.keys(sides).map((name) => [name, []]));
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env; // 40 ms at each start of Node 20
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, argv] of Object.entries(sides)) {
      const started = performance.now();
      spawnSync(process.execPath, argv, { env });
      times.get(name)?.push(performance.now() - started);
    }
  await rm(folder, { recursive: true });
  const tenth = (name: string): number => times.get(name)?.sort((a, b) => a - b)[ROUNDS / 10] ?? Number.NaN;
  const empty = tenth('empty script');
  for (const name of Object.keys(sides))
    process.stdout.write(
      `start-up ${name}: ${tenth(name).toFixed(1)} ms, +${(tenth(name) - empty).toFixed(1)} ms, ratio ${(tenth(name) / empty).toFixed(2)}\n`,
    );
}
