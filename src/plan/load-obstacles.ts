import type { LookupResult } from './lookup.ts';
import type { LoadStep, Obstacle } from './plan.ts';

/** An obstacle as it was met; what it is for may turn out to be required later on. */
export interface MetObstacle extends Obstacle {
  readonly required: boolean;
}

/** Obstacles that keep the whole from being run, and those that do not. */
export interface JudgedObstacles {
  readonly blocked: readonly Obstacle[];
  readonly tolerated: readonly Obstacle[];
}

/**
 * Tells whose obstacles are the whole plan's: those of steps that are required, and those of alternatives of which every
 * single one has an obstacle. To be called when all steps are planned: a later target may need what was optional for an
 * earlier one.
 */
export function judgeObstacles(obstacles: readonly MetObstacle[], plan: PlannedTargets): JudgedObstacles {
  const blocked: Obstacle[] = [];
  const tolerated: Obstacle[] = [];
  const hopeless = obstacles.length > 0 ? hopelessTargets(obstacles, plan) : undefined;
  for (const { required: wasRequired, ...obstacle } of obstacles) {
    const step = plan.planned(obstacle.module);
    const isRequired = step?.required ?? wasRequired;
    const because = step?.because ?? obstacle.because;
    const isHopeless = because.kind === 'asked' && hopeless?.has(obstacle.module) === true;
    (isRequired || isHopeless ? blocked : tolerated).push({ ...obstacle, because });
  }
  return { blocked, tolerated };
}

interface PlannedTargets {
  readonly targets: readonly LookupResult[];
  /** The step of a module; undefined when none was planned for it. */
  readonly planned: (module: string) => LoadStep | undefined;
}

/** The modules of names that stand for several, none of which can be loaded. */
function hopelessTargets(
  obstacles: readonly MetObstacle[],
  { targets, planned }: PlannedTargets,
): ReadonlySet<string> {
  const hindered = new Set(obstacles.map(({ module }) => module));
  const possible = new Set(
    targets
      .filter(({ module }) => planned(module) !== undefined && !hindered.has(module))
      .map(({ asked }) => asked),
  );
  return new Set(targets.filter(({ asked }) => !possible.has(asked)).map(({ module }) => module));
}
