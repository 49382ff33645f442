import type { LoadedModule } from '../kernel/loaded-module.ts';
import type { GraphEdge, GraphNode, ModuleGraph } from './module-graph.ts';

/** The picture of loaded modules: each one with an edge to every module that it uses. */
export function loadedGraph(modules: readonly LoadedModule[]): ModuleGraph {
  const names = new Set(modules.map(({ name }) => name));
  const edges = modules.flatMap(({ name, users }): readonly GraphEdge[] =>
    users.filter((user) => names.has(user)).map((user) => ({ from: user, to: name, kind: 'dependency' })),
  );
  return { name: 'modules', nodes: modules.map(loadedNode), edges };
}

function loadedNode(module: LoadedModule): GraphNode {
  const { name, state, permanent } = module;
  const others = otherUses(module);
  const lines = [
    name,
    ...(others > 0 ? [`in use: ${others}`] : []),
    ...(permanent ? ['permanent'] : []),
    ...(state === 'live' ? [] : [state]),
  ];
  return { id: name, lines, kind: state === 'live' ? 'act' : 'left', required: true };
}

/** How often something else than a module uses it; a module on its way holds itself. */
export function otherUses({ refcount, users, state }: LoadedModule): number {
  return state === 'live' && refcount !== null ? Math.max(0, refcount - users.length) : 0;
}
