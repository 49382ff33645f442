/** Contributions in a form that two readers' results can be compared in, whatever numbers they gave to the names. */
import type { Contribution, ContributionSet } from '../../src/depmod/contribution.ts';

/** A contribution with names in place of numbers. */
export interface ContributionView {
  readonly texts: readonly (readonly string[])[];
  readonly exports: readonly string[];
  readonly needs: readonly string[];
}

/** All contributions of a set, undefined where a file gave none. */
export function viewOf({ symbols, modules }: ContributionSet): readonly (ContributionView | undefined)[] {
  const name = (symbol: number): string => symbols[symbol] ?? '?';
  const view = (module: Contribution): ContributionView => ({
    texts: [module.aliases, module.softDependencies, module.weakDependencies],
    exports: [...module.exports].map(
      (symbol, index) => `${name(symbol)} ${(module.exportCrcs[index] ?? 0).toString(16)}`,
    ),
    needs: [...module.needs].map(
      (symbol, index) =>
        `${name(symbol)} ${(module.needCrcs[index] ?? 0).toString(16)} ${module.needWeak[index] ?? 0}`,
    ),
  });
  return modules.map((module) => (module === undefined ? undefined : view(module)));
}
