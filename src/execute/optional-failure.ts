import { KmodError } from '../errors/kmod-error.ts';
import type { UnloadStep, LoadPlan, LoadStep } from '../plan/plan.ts';

/**
 * The error of a step that is not required, when the run may go on in spite of it: a refusal by the kernel or a file
 * that cannot be used. Undefined for anything else.
 */
export function optionalFailure(step: LoadStep | UnloadStep, error: unknown): Error | undefined {
  if (step.required || !(error instanceof Error)) return undefined;
  if (error instanceof KmodError) return error;
  return 'errno' in error && typeof error.errno === 'number' ? error : undefined;
}

/** The failure of a step that is not required and known not to work: nothing is tried then. */
export function toleratedFailure({ tolerated }: LoadPlan, step: LoadStep): KmodError | undefined {
  const obstacle = tolerated.find(({ module }) => module === step.module);
  if (obstacle === undefined || step.required) return undefined;
  const { code, reason, module, path, errno } = obstacle;
  return new KmodError(code, reason, {
    module,
    ...(path !== null && { path }),
    ...(errno !== null && { errno }),
  });
}
