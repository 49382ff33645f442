import { type Decide, DemandLoader } from '../demand/demand-loader.ts';
import { argumentTypeError, requireOptions } from '../errors/argument.ts';
import { kernelOf, type PlaceOptions } from './place-options.ts';

/** Options of {@link loadOnDemand}. */
export type DemandLoaderOptions = Pick<PlaceOptions, 'kernelRoot'>;

/**
 * Decides about what the kernel asks for, where kmodctl's modprobe is its helper: each request is put to `decide`, and modprobe
 * does what it answers. After 10 seconds without an answer it does what it would do anyway. Names that no kernel asks for are
 * refused before.
 *
 * @param decide answers `default`, `{ load: names }` or `{ refuse: reason }`, or a promise of that
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_HELPER` when another program decides already; Error of node:fs or
 *   node:net without the right to
 */
export async function loadOnDemand(decide: Decide, options: DemandLoaderOptions = {}): Promise<DemandLoader> {
  if (typeof decide !== 'function') throw argumentTypeError('decide', 'a function', decide);
  requireOptions('options', options, { kernelRoot: 'string' });
  return await DemandLoader.open(decide, kernelOf(options));
}
