import { argumentTypeError, requireOptions } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { moduleName } from '../index-files/module-name.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { loadedGraph } from '../plan/loaded-graph.ts';
import { type LoadedBranch, loadedTrees, relatedModules } from '../plan/loaded-tree.ts';
import { drawGraph, drawGraphSvg } from './graph-picture.ts';

/** Options of {@link drawLoaded}. */
export interface LoadedPictureOptions extends KernelLocation {
  /** Only these modules (dashes count as underscores), what they use and what uses them. Default: all. */
  readonly names?: readonly string[] | undefined;
}

/** Options of {@link loadedTree}. */
export interface LoadedTreeOptions extends KernelLocation {
  /** The trees of these modules only (dashes count as underscores). Default: of all that have no module above them. */
  readonly names?: readonly string[] | undefined;
  /** From what is used to what uses it, in place of the other way. Default false. */
  readonly reverse?: boolean | undefined;
}

const pictureOptionTypes = { root: 'string', names: 'array' } as const;

/**
 * The loaded modules as trees: those that no other module uses, each with the modules that it uses. A module that several
 * use is at each of these places, with its own branches at the first one only.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_NOT_LOADED` for a name that is not loaded, and what `lsmod` throws
 */
export function loadedTree(options: LoadedTreeOptions = {}): readonly LoadedBranch[] {
  requireOptions('options', options, { ...pictureOptionTypes, reverse: 'boolean' });
  const { root, reverse = false } = options;
  const modules = loadedModules({ root });
  return loadedTrees(modules, { names: namesOf(options, modules), reverse });
}

/**
 * The picture of the loaded modules in the language of Graphviz or Mermaid: a node for each module, with the number of its
 * uses by other things than modules; an arrow to each module that it uses.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_NOT_LOADED` for a name that is not loaded, and what `lsmod` throws
 */
export function drawLoaded(language: 'dot' | 'mermaid', options: LoadedPictureOptions = {}): string {
  return drawGraph(loadedGraph(modulesOf(options)), language);
}

/**
 * {@link drawLoaded} as SVG, drawn by the optional package `@viz-js/viz`.
 *
 * @throws what {@link drawLoaded} throws; KmodError `ERR_KMOD_PEER` where that package is not installed
 */
export async function drawLoadedSvg(options: LoadedPictureOptions = {}): Promise<string> {
  return await drawGraphSvg(loadedGraph(modulesOf(options)));
}

function modulesOf(options: LoadedPictureOptions): readonly LoadedModule[] {
  requireOptions('options', options, pictureOptionTypes);
  const modules = loadedModules({ root: options.root });
  const names = namesOf(options, modules);
  return names === undefined ? modules : relatedModules(modules, names);
}

function namesOf(
  { names }: LoadedPictureOptions,
  modules: readonly LoadedModule[],
): readonly string[] | undefined {
  const given: readonly unknown[] | undefined = names;
  return given?.map((text, index) => {
    if (typeof text !== 'string') throw argumentTypeError(`options.names[${index}]`, 'of type string', text);
    const name = moduleName(text);
    if (!modules.some((module) => module.name === name))
      throw new KmodError(
        'ERR_KMOD_NOT_LOADED',
        `Module ${text} is not loaded. See lsmod for those that are.`,
        {
          module: name,
        },
      );
    return name;
  });
}
