import { judgeObstacles, type MetObstacle } from '../load-obstacles.ts';
import type { LookupResult } from '../lookup.ts';
import type { LeftModule, LoadPlan, LoadStep, Obstacle, StepGroup } from '../plan.ts';

/** Positions of steps, and groups of them. */
export type Members = readonly (number | StepGroup)[];

/** A plan of a load while it is made. */
export class LoadDraft {
  readonly steps: LoadStep[] = [];
  readonly targets: LookupResult[] = [];
  readonly #obstacles: MetObstacle[] = [];
  readonly #skipped: LeftModule[] = [];

  /** Adds a step and answers its position. */
  add(step: LoadStep): number {
    return this.steps.push(step) - 1;
  }

  hinder(
    { module, because, required }: Pick<MetObstacle, 'module' | 'because' | 'required'>,
    { path, code, reason, errno }: Pick<Obstacle, 'path' | 'code' | 'reason' | 'errno'>,
  ): void {
    this.#obstacles.push({ module, because, required, path, code, reason, errno, holders: [] });
  }

  leave(
    kind: LeftModule['kind'],
    module: string,
    { reason, because, origin = null }: Pick<LeftModule, 'reason' | 'because'> & Partial<LeftModule>,
  ): void {
    this.#skipped.push({ kind, module, reason, because, origin });
  }

  /** A state that {@link reset} leads back to. */
  mark(): readonly number[] {
    return [this.steps.length, this.targets.length, this.#obstacles.length];
  }

  reset(mark: readonly number[]): void {
    for (const [at, list] of [this.steps, this.targets, this.#obstacles].entries())
      list.length = mark[at] ?? 0;
  }

  /** The plan, whose steps hang together as the members say. */
  finish(members: Members): LoadPlan {
    const { steps, targets } = this;
    const planned = (module: string): LoadStep | undefined => steps.find((step) => step.module === module);
    // Steps that simply follow each other need no more than their order.
    const isFlat = steps.every(({ action, required }) => required && action !== 'command');
    const course: StepGroup = { kind: 'all', module: null, essential: true, members };
    return {
      kind: 'load',
      targets: targets.map(({ asked, module, by, alias, origin }) => ({ asked, module, by, alias, origin })),
      steps,
      ...(!isFlat && { course }),
      ...judgeObstacles(this.#obstacles, { targets, planned }),
      skipped: this.#skipped,
    };
  }
}
