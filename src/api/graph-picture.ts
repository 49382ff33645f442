import { KmodError } from '../errors/kmod-error.ts';
import { importModule } from '../native/dynamic-import.ts';
import { graphDot } from '../plan/graph-dot.ts';
import { graphMermaid } from '../plan/graph-mermaid.ts';
import type { ModuleGraph } from '../plan/module-graph.ts';

/** Draws SVG. Optional, as it is large: whoever wants pictures installs it. */
const PEER = '@viz-js/viz';

/** What is used of the peer. */
interface Viz {
  readonly instance: () => Promise<{
    readonly renderString: (dot: string, options: { readonly format: 'svg' }) => string;
  }>;
}

/**
 * A graph in one of two languages.
 *
 * @throws TypeError for another language
 */
export function drawGraph(graph: ModuleGraph, language: 'dot' | 'mermaid'): string {
  if (language === 'dot') return graphDot(graph);
  if (language === 'mermaid') return graphMermaid(graph);
  throw new TypeError(`The language of a picture is "dot" or "mermaid", not ${JSON.stringify(language)}`);
}

/**
 * A graph as SVG.
 *
 * @throws KmodError `ERR_KMOD_PEER` where the package that draws it is not installed
 */
export async function drawGraphSvg(graph: ModuleGraph): Promise<string> {
  const { instance } = await importPeer();
  return (await instance()).renderString(graphDot(graph), { format: 'svg' });
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
