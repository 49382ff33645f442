import { readFileSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { startVm } from '../../vm/index.ts';
import { type Attempt, type Outcome, outcomesOf } from './doctor/attempt.ts';
import { buildAttempts } from './doctor/build-attempts.ts';
import {
  callAttempts,
  changedAttempts,
  initAttempts,
  unloadAttempts,
  waitingAttempts,
} from './doctor/call-attempts.ts';
import { material, type Material } from './doctor/material.ts';
import { nomoduleAttempts, policyAttempts } from './doctor/policy-attempts.ts';
import { treeAttempts } from './doctor/tree-attempts.ts';

type Verdict = 'right' | 'unsure' | 'wrong';
type Count = Record<Verdict, number>;

/** What a guest's command line has against two modules. */
const COMMAND_LINE = ['module_blacklist=ifb', 'initcall_blacklist=kmodctl_small_init'];
const LEAST_CAUSES = 60;
const timeouts = { command: 300_000, boot: 400_000, lifetime: 1_200_000 };

function attemptsOn(kernel: string, found: Material): readonly Attempt[] {
  return [
    ...waitingAttempts([
      ...changedAttempts(kernel, found),
      ...callAttempts(found),
      ...buildAttempts(kernel, found),
      ...initAttempts(kernel, found),
    ]),
    ...unloadAttempts,
    ...treeAttempts(found),
    ...policyAttempts(found),
  ];
}

function verdictBefore({ cause, before = cause ?? 'none' }: Attempt, outcome: Outcome): Verdict {
  const expected = before === 'none' ? null : before;
  return outcome.before === expected ? 'right' : outcome.before === null ? 'unsure' : 'wrong';
}

interface Sums {
  readonly attempts: number;
  readonly before: Count;
  readonly after: Count;
  /** That were named rightly after an attempt. */
  readonly causes: ReadonlySet<string>;
}

/** Compares what the doctor said with what it had to say, and prints the sums. */
function assertOutcomes(t: ExecutionContext, list: readonly Attempt[], outcomes: readonly Outcome[]): Sums {
  const before: Count = { right: 0, unsure: 0, wrong: 0 };
  const after: Count = { right: 0, unsure: 0, wrong: 0 };
  const causes = new Set<string>();
  for (const [index, attempt] of list.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error(`no outcome of ${attempt.title}`);
    const text = `${attempt.title}: ${JSON.stringify(outcome)}`;
    if (attempt.kind !== 'rmmod' && attempt.result === undefined) {
      const verdict = verdictBefore(attempt, outcome);
      before[verdict]++;
      if (verdict === 'unsure') t.log(`unsure before: ${attempt.title}`);
      t.not(verdict, 'wrong', text);
      if (attempt.note !== undefined) t.true(outcome.notes.includes(attempt.note), text);
    }
    after[outcome.after === attempt.cause ? 'right' : outcome.after === 'unknown' ? 'unsure' : 'wrong']++;
    t.is(outcome.after, attempt.cause, text);
    if (outcome.after !== null && outcome.after === attempt.cause) causes.add(outcome.after);
  }
  const slowest = outcomes.map(({ durationMs }, index) => `${durationMs} ${list[index]?.title}`);
  t.log('slowest, in ms', slowest.toSorted((a, b) => parseInt(b, 10) - parseInt(a, 10)).slice(0, 5));
  t.log({ attempts: list.length, before, after, causes: causes.size });
  return { attempts: list.length, before, after, causes };
}

/** Compares docs/errors.md with what was tried and counted. */
function assertDocumented(t: ExecutionContext, kernel: string, list: readonly Attempt[], sums: Sums): void {
  const text = readFileSync('docs/errors.md', 'utf8').replaceAll(/ +/g, ' ');
  for (const { title, cause } of list) if (cause !== null) t.true(text.includes(title), title);
  const { attempts, before, after, causes } = sums;
  const verdicts = [before, after].flatMap(({ right, unsure, wrong }) => [right, unsure, wrong]);
  const row = `| ${[kernel, attempts, ...verdicts, causes.size].join(' | ')} |`;
  t.true(text.includes(row), row);
}

for (const kernel of ['6.1', '6.12']) {
  test.serial(
    `${kernel}: the doctor names the cause of every failure, before where it can and after always`,
    async (t) => {
      const found = await material(kernel);
      await using vm = await startVm({ kernel, commandLine: COMMAND_LINE, files: found.files, timeouts });
      const list = attemptsOn(kernel, found);
      const sums = assertOutcomes(t, list, await outcomesOf(vm, list));
      assertDocumented(t, kernel, list, sums);
      const { causes } = sums;
      t.true(causes.size >= LEAST_CAUSES, `${causes.size}: ${[...causes].toSorted().join(' ')}`);
    },
  );

  test.serial(`${kernel}: a guest booted with nomodule`, async (t) => {
    const { files, place } = await material(kernel);
    const target = place('not changed');
    await using vm = await startVm({
      kernel,
      commandLine: ['nomodule'],
      template: false,
      files: { [target]: files[target] ?? '' },
      timeouts,
    });
    const list = nomoduleAttempts(target);
    const outcomes = await outcomesOf(vm, list);
    assertOutcomes(t, list, outcomes);
    t.true(outcomes[0]?.evidence.includes('"text":"nomodule","source":"/proc/cmdline"'));
  });
}
