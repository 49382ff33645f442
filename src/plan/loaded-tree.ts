import type { LoadedModule } from '../kernel/loaded-module.ts';

/** A loaded module in a tree. */
export interface LoadedBranch {
  readonly module: LoadedModule;
  /** The modules that it uses; in a reversed tree those that use it. Empty where they are told at an earlier place. */
  readonly branches: readonly LoadedBranch[];
  /** Whether its branches are told at an earlier place. */
  readonly repeated: boolean;
}

/**
 * The loaded modules as trees, in the order of the list: those that no module uses, each with the modules that it uses.
 *
 * @param modules all loaded ones
 * @param names the trees of these only
 * @param reverse the other way round: from the modules that use no others to those that use them
 */
export function loadedTrees(
  modules: readonly LoadedModule[],
  { names, reverse = false }: { readonly names?: readonly string[] | undefined; readonly reverse?: boolean },
): readonly LoadedBranch[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const used = new Map<string, LoadedModule[]>();
  for (const module of modules)
    for (const user of module.users) used.set(user, [...(used.get(user) ?? []), module]);
  const usersOf = ({ users }: LoadedModule): readonly LoadedModule[] =>
    users.flatMap((user) => byName.get(user) ?? []);
  const usedBy = ({ name }: LoadedModule): readonly LoadedModule[] => used.get(name) ?? [];
  const [next, before] = reverse ? [usersOf, usedBy] : [usedBy, usersOf];
  const told = new Set<string>();
  const branchOf = (module: LoadedModule): LoadedBranch => {
    const repeated = told.has(module.name) && next(module).length > 0;
    told.add(module.name);
    return { module, repeated, branches: repeated ? [] : next(module).map(branchOf) };
  };
  const roots =
    names === undefined
      ? modules.filter((module) => before(module).length === 0)
      : names.flatMap((name) => byName.get(name) ?? []);
  return roots.map(branchOf);
}

/** The modules of some names, all that these use and all that use these; in the order of the list. */
export function relatedModules(
  modules: readonly LoadedModule[],
  names: readonly string[],
): readonly LoadedModule[] {
  const related = new Set<string>();
  const add = ({ module, branches }: LoadedBranch): void => {
    related.add(module.name);
    for (const branch of branches) add(branch);
  };
  for (const reverse of [false, true]) for (const tree of loadedTrees(modules, { names, reverse })) add(tree);
  return modules.filter(({ name }) => related.has(name));
}
