import type { ModuleFacts } from '../config/lint-finding.ts';
import { type ModuleIndexes, openIndexes } from '../index-files/module-indexes.ts';
import { modinfoSync } from './modinfo.ts';
import type { PlaceOptions } from './place-options.ts';

/**
 * What the indexes and module files of a release say, for the lint of configuration.
 *
 * @throws KmodError `ERR_KMOD_INDEX_MISSING` without indexes; `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function moduleFacts(options: PlaceOptions): ModuleFacts {
  const { root, release, moduleDirectory } = options;
  const place = { root, release, moduleDirectory };
  const indexes = openIndexes(place);
  let needed: ReadonlyMap<string, readonly string[]> | undefined;
  return {
    hasModule: (name) => indexes.dependenciesOf(name) !== undefined || indexes.isBuiltin(name),
    isAlias: (name) => [...indexes.modulesOfAlias(name), ...indexes.builtinsOfAlias(name)].length > 0,
    parameters: (module) => parametersOf(module, place),
    dependents: (module) => {
      needed ??= dependents(indexes);
      return needed.get(module) ?? [];
    },
  };
}

function parametersOf(
  module: string,
  place: Omit<PlaceOptions, 'kernelRoot'>,
): readonly string[] | undefined {
  try {
    return modinfoSync([module], place).flatMap(({ parameters }) => parameters.map(({ name }) => name));
  } catch {
    // A file that cannot be read says nothing.
    return undefined;
  }
}

/** Which modules need a module, by its name. */
function dependents(indexes: ModuleIndexes): ReadonlyMap<string, readonly string[]> {
  const needed = new Map<string, string[]>();
  for (const module of indexes.moduleNames())
    for (const path of indexes.dependenciesOf(module)?.dependencies ?? []) {
      const name = path
        .replace(/^.*\//, '')
        .replace(/\.ko(?:\.\w+)?$/, '')
        .replaceAll('-', '_');
      const list = needed.get(name);
      if (list === undefined) needed.set(name, [module]);
      else list.push(module);
    }
  return needed;
}
