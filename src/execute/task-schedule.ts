/** A part of a run that may go on beside others. */
export interface Task<Run> {
  /** Positions of the tasks that have to be done before. */
  readonly after: readonly number[];
  readonly run: () => Run;
}

/**
 * Performs tasks, some at the same time. Of those that can begin the first in the list does. When one fails no further one
 * begins, and those under way are waited for.
 *
 * @param jobs how many at a time, at least 1
 * @throws what the first task in the list threw that failed
 */
export async function performTasks<Run>(
  tasks: readonly Task<Run>[],
  jobs: number,
  perform: (run: Run) => Promise<void>,
): Promise<void> {
  const done = new Set<number>();
  const failures = new Map<number, unknown>();
  const underWay = new Map<number, Promise<void>>();
  const waiting = new Set(tasks.keys());
  for (;;) {
    if (failures.size === 0)
      for (const position of waiting) {
        if (underWay.size >= jobs) break;
        const task = tasks[position];
        if (task === undefined || !task.after.every((other) => done.has(other))) continue;
        waiting.delete(position);
        underWay.set(position, track(position, perform(task.run())));
      }
    if (underWay.size === 0) break;
    await Promise.race(underWay.values());
  }
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));

  async function track(position: number, work: Promise<void>): Promise<void> {
    try {
      await work;
      done.add(position);
    } catch (error) {
      failures.set(position, error);
    } finally {
      underWay.delete(position);
    }
  }
}
