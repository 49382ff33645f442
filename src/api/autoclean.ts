import { requireOptions } from '../errors/argument.ts';
import { type AutocleanResult, autocleanRun } from '../execute/autoclean-run.ts';
import { runEffects, runEffectsSync } from '../execute/effect.ts';
import { moduleCalls } from '../native/real-calls.ts';
import { kernelOf, type PlaceOptions } from './place-options.ts';
import type { RunOptions } from './run-options.ts';

/** Options of {@link autoclean}. */
export type AutocleanOptions = Pick<PlaceOptions, 'kernelRoot'> & Pick<RunOptions, 'syscalls'>;

const optionTypes = { kernelRoot: 'string', syscalls: 'object' } as const;

/**
 * One of the two passes in which modules that were loaded with `autoclean` go away again: what is not in use and was not at
 * the last pass is unloaded; what is unused for the first time is noted.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_PROC`; Error of node:fs
 */
export async function autoclean(options: AutocleanOptions = {}): Promise<AutocleanResult> {
  requireOptions('options', options, optionTypes);
  return await runEffects(autocleanRun(kernelOf(options)), options.syscalls ?? moduleCalls);
}

/** {@link autoclean}, blocking. */
export function autocleanSync(options: AutocleanOptions = {}): AutocleanResult {
  requireOptions('options', options, optionTypes);
  return runEffectsSync(autocleanRun(kernelOf(options)), options.syscalls ?? moduleCalls);
}
