import type { SlowSyscalls } from './slow-syscall.ts';

/** One stage of life-stage.ts, and how a process that goes through it has to end. */
export interface LifeScenario {
  readonly stage: string;
  readonly calls: readonly number[];
  readonly syscalls: SlowSyscalls;
  readonly code: number;
  /** What the child prints as JSON, one value a line. */
  readonly prints: (calls: number) => readonly unknown[];
  readonly stderr?: RegExp;
}

// Long enough that a process which waits for its calls is killed by the test's own limit of 20 s.
const endless: SlowSyscalls = { milliseconds: 30_000, result: -17 };
const short: SlowSyscalls = { milliseconds: 100, result: -17 };
const counts = [0, 1, 50];
const nothing = (): readonly unknown[] => [];
const uncaught = /Error: uncaught on purpose/;

export const lifeScenarios: readonly LifeScenario[] = [
  {
    stage: 'settle',
    calls: counts,
    syscalls: short,
    code: 0,
    prints: (calls) => [Array.from({ length: calls }, () => -17)],
  },
  {
    stage: 'stat-first',
    calls: [50],
    syscalls: short,
    code: 0,
    prints: (calls) => [['stat', ...Array.from({ length: calls }, () => 'call')]],
  },
  { stage: 'exit', calls: counts, syscalls: endless, code: 7, prints: nothing },
  { stage: 'exit-later', calls: counts, syscalls: endless, code: 7, prints: nothing },
  { stage: 'exit-later', calls: [50], syscalls: { milliseconds: 50, result: -17 }, code: 7, prints: nothing },
  { stage: 'uncaught', calls: counts, syscalls: endless, code: 1, prints: nothing, stderr: uncaught },
  { stage: 'uncaught-later', calls: counts, syscalls: endless, code: 1, prints: nothing, stderr: uncaught },
  {
    stage: 'terminate',
    calls: counts,
    syscalls: endless,
    code: 0,
    prints: () => [{ terminated: 1 }],
  },
  { stage: 'worker-exit', calls: counts, syscalls: endless, code: 0, prints: () => [{ workerExit: 7 }] },
  {
    stage: 'worker-uncaught',
    calls: counts,
    syscalls: endless,
    code: 0,
    prints: () => [{ workerError: 'uncaught on purpose' }, { workerExit: 1 }],
  },
  {
    stage: 'terminate-around-completion',
    calls: [1, 50],
    syscalls: { milliseconds: 20, result: -17 },
    code: 0,
    prints: () => [{ terminated: 60 }],
  },
  {
    stage: 'terminate-while-starting',
    calls: [0, 1, 50],
    syscalls: { milliseconds: 1, result: -17 },
    code: 0,
    prints: () => [{ terminated: 60 }],
  },
];
