import type { LeftModule, LoadPlan, LoadStep, Obstacle, StepReason, UnloadPlan, UnloadStep } from './plan.ts';

/**
 * A plan as an object for JSON: with the origin of every reason.
 *
 * @param directory folder of the release's modules, which the indexes are in
 */
export function planDocument(plan: LoadPlan | UnloadPlan, directory: string): object {
  const withOrigin = (item: LoadStep | UnloadStep | Obstacle | LeftModule): object => ({
    ...item,
    because: reasonWithOrigin(item.because, { plan, directory, module: item.module }),
  });
  const lists = Object.fromEntries(
    Object.entries(plan).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== 'targets' ? value.map(withOrigin) : value,
    ]),
  );
  return lists;
}

/** The reason of a step with where it is written: a file and a line of it, a file without lines, or null for the caller. */
function reasonWithOrigin(
  because: StepReason,
  {
    plan,
    directory,
    module,
  }: { readonly plan: LoadPlan | UnloadPlan; readonly directory: string; readonly module: string },
): object {
  const index = (name: string): object => ({ file: `${directory}/${name}`, line: null });
  switch (because.kind) {
    case 'asked': {
      const target = plan.kind === 'load' ? plan.targets.find((one) => one.module === module) : undefined;
      if (target === undefined) return { ...because, name: module, by: 'name', origin: null };
      const { asked, by, origin } = target;
      const file = aliasFiles[by];
      return { ...because, name: asked, by, origin: origin ?? (file === undefined ? null : index(file)) };
    }
    case 'dependency':
      return { ...because, origin: index('modules.dep.bin') };
    case 'holder':
      return { ...because, origin: { file: `/sys/module/${because.of}/holders`, line: null } };
    default:
      return because;
  }
}

/** The indexes that tell the aliases by which a module was found. */
const aliasFiles: Readonly<Record<string, string>> = {
  alias: 'modules.alias.bin',
  symbol: 'modules.symbols.bin',
  'builtin-alias': 'modules.builtin.alias.bin',
};
