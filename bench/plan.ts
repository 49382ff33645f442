import { existsSync, statSync } from 'node:fs';

import { readModprobeConfiguration } from '../src/config/modprobe-config-reader.ts';
import { ModuleTree } from '../src/index-files/module-tree.ts';
import { planLoad } from '../src/plan/load-plan.ts';
import { lookUp } from '../src/plan/lookup.ts';
import type { LoadPlan } from '../src/plan/plan.ts';
import { referenceTree } from '../test/reference/reference-tree.ts';

const ROUNDS = 40;
const PLANS = 200;

/**
 * A plan of btrfs in a process that has the indexes and the configuration open, over the system calls that it makes: one for
 * each module's folder in /sys, and one for the state of each module's file. Interleaved; the least of each.
 */
export async function plan(): Promise<void> {
  for (const kernel of ['6.1', '6.12']) {
    const { directory, release } = await referenceTree(kernel);
    const tree = new ModuleTree({ moduleDirectory: directory });
    tree.readAll();
    const configuration = readModprobeConfiguration({ tree });
    const make = (): LoadPlan =>
      planLoad({ targets: lookUp(tree, 'btrfs', { configuration }), tree, configuration });
    const { steps } = make();
    const files = steps.flatMap((step) => (step.action === 'insert' ? step.path : []));
    const calls = (): void => {
      for (const { module } of steps) existsSync(`/sys/module/${module}`);
      for (const file of files) statSync(file);
    };
    const [plans, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      plans.push(microseconds(make));
      bare.push(microseconds(calls));
    }
    const [best, least] = [Math.min(...plans), Math.min(...bare)];
    process.stdout.write(
      `plan ${release} btrfs: ${best.toFixed(0)} us for ${steps.length} steps; its system calls ${least.toFixed(0)} us, ratio ${(best / least).toFixed(2)}\n`,
    );
  }
}

function microseconds(work: () => unknown): number {
  const started = performance.now();
  for (let time = 0; time < PLANS; time++) work();
  return ((performance.now() - started) * 1000) / PLANS;
}
