import { requireOptions } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import { graphDot } from '../plan/graph-dot.ts';
import { graphMermaid } from '../plan/graph-mermaid.ts';
import { importModule } from '../native/dynamic-import.ts';
import type { LoadPlan, UnloadPlan } from '../plan/plan.ts';
import { planGraph, type PlanGraph } from '../plan/plan-graph.ts';
import { type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';

/** Draws SVG. Optional, as it is large: whoever wants pictures installs it. */
const PEER = '@viz-js/viz';

/** What is used of the peer. */
interface Viz {
  readonly instance: () => Promise<{
    readonly renderString: (dot: string, options: { readonly format: 'svg' }) => string;
  }>;
}

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
  const graph = graphOf(plan, options);
  if (language === 'dot') return graphDot(graph);
  if (language === 'mermaid') return graphMermaid(graph);
  throw new TypeError(`The language of a picture is "dot" or "mermaid", not ${JSON.stringify(language)}`);
}

/**
 * {@link drawPlan} as SVG, drawn by the optional package `@viz-js/viz`.
 *
 * @throws what {@link drawPlan} throws; KmodError `ERR_KMOD_PEER` where that package is not installed
 */
export async function drawPlanSvg(plan: LoadPlan | UnloadPlan, options: PlaceOptions = {}): Promise<string> {
  const dot = graphDot(graphOf(plan, options));
  const { instance } = await importPeer();
  return (await instance()).renderString(dot, { format: 'svg' });
}

function graphOf(plan: LoadPlan | UnloadPlan, options: PlaceOptions): PlanGraph {
  requireOptions('options', options, placeOptionTypes);
  const tree = treeOf(options);
  return planGraph(plan, (module) => tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath));
}

async function importPeer(): Promise<Viz> {
  try {
    return (await importModule(PEER)) as Viz;
  } catch (cause) {
    throw new KmodError(
      'ERR_KMOD_PEER',
      `For SVG the package ${PEER} is needed, and it cannot be loaded. Install it beside kmodctl: npm install ${PEER}@3`,
      { cause },
    );
  }
}
