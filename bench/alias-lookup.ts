import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { referenceKmod } from '../test/reference/reference-kmod.ts';
import { referenceTree } from '../test/reference/reference-tree.ts';
import { type LookupMeasure, lookupProgram } from './alias-lookup-program.ts';
import { aliasRequests, fillings } from './alias-lookup-requests.ts';

const ROUNDS = 7;
const PASSES = 6;

/**
 * All aliases of the 6.1 tree, made concrete, looked up in one process by libkmod's kmod_module_new_from_lookup with its
 * resources loaded, and by ours. Of ours the first pass of a new process, with the compiler of Node still at work, and
 * the later ones. Interleaved; the least of each.
 */
export async function aliasLookup(): Promise<void> {
  const { directory, release } = await referenceTree('6.1');
  const folder = await mkdtemp(join(tmpdir(), 'kmodctl-bench-'));
  const program = lookupProgram(await referenceKmod('34.2'), folder);
  const file = join(folder, 'requests');
  await writeFile(file, aliasRequests(directory, fillings.digits).join('\n'), 'latin1');
  const theirs: LookupMeasure[] = [];
  const first: LookupMeasure[] = [];
  const later: LookupMeasure[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(program.measure(directory, file));
    const [cold, ...warm] = ours(directory, file, PASSES);
    if (cold !== undefined) first.push(cold);
    later.push(...warm);
  }
  const bare = ours(directory, file, 0)[0]?.peakKilobytes ?? Number.NaN;
  await rm(folder, { recursive: true });

  const [libkmod, cold, warm] = [least(theirs), least(first), least(later)];
  if (libkmod.found !== warm.found)
    throw new Error(`libkmod found ${libkmod.found} modules, and we ${warm.found}`);
  const line = (name: string, { nanoseconds, requests }: LookupMeasure): string =>
    `alias-lookup ${release} ${name}: ${(nanoseconds / 1e6).toFixed(1)} ms for ${requests}, ratio ${(nanoseconds / libkmod.nanoseconds).toFixed(3)}\n`;
  process.stdout.write(line('libkmod', libkmod) + line('first pass', cold) + line('later passes', warm));
  const opened = cold.peakBefore - bare;
  const peak = Math.max(...later.map(({ peakKilobytes }) => peakKilobytes)) - bare;
  process.stdout.write(
    `alias-lookup memory: libkmod ${mebibytes(libkmod.peakKilobytes)}, of it ${mebibytes(libkmod.peakKilobytes - libkmod.peakBefore)} by the lookups; ` +
      `Node bare ${mebibytes(bare)}, with all indexes +${mebibytes(opened)}, after ${PASSES} passes +${mebibytes(peak)}\n`,
  );
}

function ours(directory: string, requests: string, passes: number): readonly LookupMeasure[] {
  const { NODE_EXTRA_CA_CERTS: _dropped, ...env } = process.env;
  const script = resolve('dist/bench/alias-lookup-process.js');
  return execFileSync(process.execPath, [script, directory, requests, String(passes)], {
    env,
    encoding: 'utf8',
  })
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LookupMeasure);
}

function least(measures: readonly LookupMeasure[]): LookupMeasure {
  const [best] = measures.toSorted((a, b) => a.nanoseconds - b.nanoseconds);
  if (best === undefined) throw new Error('nothing was measured');
  return best;
}

function mebibytes(kilobytes: number): string {
  return `${(kilobytes / 1024).toFixed(1)} MiB`;
}
