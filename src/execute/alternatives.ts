import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import type { StepResult } from './step-result.ts';

/** A name for several modules none of which came in. */
export interface AlternativesFailure {
  /** The step of the first of them that failed. */
  readonly step: LoadStep;
  readonly error: Error;
  /** In words, with all modules that failed. */
  readonly text: string;
}

/**
 * The first name that stands for several modules none of which came in. Undefined when each name has one that did. One
 * that the blacklist holds back has not failed.
 */
export function alternativesFailure(
  { targets, steps }: LoadPlan,
  results: readonly StepResult[],
): AlternativesFailure | undefined {
  if (targets.length < 2) return undefined;
  for (const asked of new Set(targets.map((target) => target.asked))) {
    const modules = new Set(targets.filter((target) => target.asked === asked).map(({ module }) => module));
    if (modules.size < 2) continue;
    const own = results.filter(({ module }) => modules.has(module));
    if (own.some(({ outcome }) => outcome !== 'failed-optional')) continue;
    const [first] = own;
    const step = steps.find(({ module }) => module === first?.module);
    if (first === undefined || first.error === null || step === undefined) continue;
    const text = own.map(({ module, error }) => `${module}: ${error?.message}`).join('; ');
    return {
      step,
      error: first.error,
      text: `Loading ${asked} failed, by every module of that alias: ${text}`,
    };
  }
  return undefined;
}

/** {@link alternativesFailure} for a course of steps that is known to have failed: the last name that was tried. */
export function failureOfAll(
  { targets, steps }: LoadPlan,
  results: readonly StepResult[],
): AlternativesFailure | undefined {
  const failed = results.filter(({ outcome, error }) => outcome === 'failed-optional' && error !== null);
  const first = failed.find(({ module }) => targets.some((target) => target.module === module)) ?? failed[0];
  const step = steps.find(({ module }) => module === first?.module);
  if (first?.error == null || step === undefined) return undefined;
  const asked = targets.find(({ module }) => module === first.module)?.asked ?? targets[0]?.asked;
  const text = failed.map(({ module, error }) => `${module}: ${error?.message}`).join('; ');
  return {
    step,
    error: first.error,
    text: `Loading ${asked} failed, by everything that it stands for: ${text}`,
  };
}
