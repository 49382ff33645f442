import { setTimeout as delay } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import { EventSource } from '../../src/kernel/watch/event-source.ts';
import type { ModuleChange } from '../../src/kernel/watch/module-ledger.ts';
import { pseudoRandom } from '../fixtures/pseudo-random.ts';
import { UeventModel } from './uevent-model.ts';

const NAMES = ['a', 'b', 'c', 'd'];

interface History {
  readonly model: UeventModel;
  readonly source: EventSource;
  readonly initial: readonly string[];
  readonly changes: readonly ModuleChange[];
  overruns: number;
  readonly collect: () => void;
  readonly before: ReadonlyMap<string, { readonly added: number; readonly removed: number }>;
}

/** A kernel under change before, while and after a watch begins, that is read seldom. */
function history(seed: number, capacity: number, rounds: number, failureRate: number): History {
  const below = pseudoRandom(seed);
  const random = (): number => below(1 << 20) / (1 << 20);
  const model = new UeventModel(random, NAMES, capacity);
  model.run(20);
  const before = new Map([...model.truth].map(([name, truth]) => [name, { ...truth }]));
  let clock = 0;
  const source = new EventSource(
    model,
    () => undefined,
    1000,
    () => clock,
  );
  const initial = source.modules;
  model.failureRate = failureRate;
  const changes: ModuleChange[] = [];
  const collect = (): void => {
    const { changes: more, isOverrun } = source.collect();
    changes.push(...more);
    if (isOverrun) run.overruns++;
  };
  const run: History = { model, source, initial, changes, before, collect, overruns: 0 };
  for (let round = 0; round < rounds; round++) {
    model.run(random() < 0.2 ? 60 : 6);
    // No message is as late as that.
    model.tellAdded();
    clock += random() * 1000;
    collect();
  }
  model.settle();
  collect();
  model.failureRate = 0;
  return run;
}

/** That comings and goings alternate, and end in what is there. */
function isConsistent(t: ExecutionContext, seed: number, { model, source, initial, changes }: History): void {
  const there = new Set(initial);
  for (const { type, module } of changes) {
    t.is(there.has(module), type === 'removed', `seed ${seed}: ${module} ${type}`);
    if (type === 'added') there.add(module);
    else there.delete(module);
  }
  t.deepEqual([...there].sort(), [...model.live].sort(), `seed ${seed}: the last state`);
  t.deepEqual([...source.modules].sort(), [...model.live].sort(), `seed ${seed}: modules`);
}

const SEEDS = 1000;

/** Runs a history for each seed, gives all of them the time for a further scan, and ends them. */
async function histories(
  capacityOf: (seed: number) => number,
  rounds: number,
  failureRate = 0,
): Promise<readonly History[]> {
  const runs = Array.from({ length: SEEDS }, (_, seed) =>
    history(seed, capacityOf(seed), rounds, failureRate),
  );
  await delay(300);
  for (const { collect, source } of runs) {
    collect();
    source.close();
  }
  return runs;
}

test('without a loss every coming and going is told once, from the beginning on', async (t) => {
  for (const [seed, run] of (await histories(() => 100_000, 8)).entries()) {
    isConsistent(t, seed, run);
    t.is(run.overruns, 0);
    t.true(run.changes.every(({ seen }) => seen === 'event'));
    for (const name of NAMES) {
      const count = (type: string): number =>
        run.changes.filter((change) => change.module === name && change.type === type).length;
      const truth = run.model.truth.get(name) ?? { added: 0, removed: 0 };
      const before = run.before.get(name) ?? { added: 0, removed: 0 };
      // What happened while it began is told, or part of the beginning.
      t.true(count('added') <= truth.added - before.added, `seed ${seed}: ${name}`);
      t.true(count('removed') <= truth.removed - before.removed, `seed ${seed}: ${name}`);
      const wasThere = run.initial.includes(name) ? 1 : 0;
      t.is(wasThere + count('added') - count('removed'), run.model.live.includes(name) ? 1 : 0);
    }
  }
});

test('after losses the last state is right, and nothing is told that did not happen', async (t) => {
  let overruns = 0;
  let scans = 0;
  for (const [seed, run] of (await histories((each) => 3 + (each % 12), 12)).entries()) {
    isConsistent(t, seed, run);
    overruns += run.overruns;
    scans += run.changes.filter(({ seen }) => seen === 'scan').length;
    for (const name of NAMES) {
      const told = run.changes.filter((change) => change.module === name && change.type === 'removed').length;
      t.true(told <= (run.model.truth.get(name)?.removed ?? 0), `seed ${seed}: ${name}`);
    }
  }
  t.log(`${overruns} overruns, ${scans} changes found by scans`);
  t.true(overruns > SEEDS);
  t.true(scans > 100);
});

test('a scan that fails for want of descriptors is done again, and what was told meanwhile is kept', async (t) => {
  const runs = await histories((each) => 3 + (each % 12), 12, 0.5);
  for (const [seed, run] of runs.entries()) isConsistent(t, seed, run);
  t.true(runs.reduce((sum, { overruns }) => sum + overruns, 0) > SEEDS);
});
