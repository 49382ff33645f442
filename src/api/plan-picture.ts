import { requireOptions } from '../errors/argument.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleGraph } from '../plan/module-graph.ts';
import type { LoadPlan, UnloadPlan } from '../plan/plan.ts';
import { planGraph } from '../plan/plan-graph.ts';
import { drawGraph, drawGraphSvg } from './graph-picture.ts';
import { type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/**
 * The picture of a plan in the language of Graphviz or Mermaid: a node for each module with its call and parameters,
 * edges for dependencies, soft and weak dependencies, users and aliases. What is in the way stands out.
 *
 * @param options where the module tree is, that knows which module needs which
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function drawPlan(
  plan: LoadPlan | UnloadPlan,
  language: 'dot' | 'mermaid',
  options: PlaceOptions = {},
): string {
  return drawGraph(graphOf(plan, options), language);
}

/**
 * {@link drawPlan} as SVG, drawn by the optional package `@viz-js/viz`.
 *
 * @throws what {@link drawPlan} throws; KmodError `ERR_KMOD_PEER` where that package is not installed
 */
export async function drawPlanSvg(plan: LoadPlan | UnloadPlan, options: PlaceOptions = {}): Promise<string> {
  return await drawGraphSvg(graphOf(plan, options));
}

function graphOf(plan: LoadPlan | UnloadPlan, options: PlaceOptions): ModuleGraph {
  requireOptions('options', options, placeOptionTypes);
  const tree = treeOf(options);
  return planGraph(plan, (module) => tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath));
}
