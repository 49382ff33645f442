import type { GraphEdge, GraphNode, ModuleGraph } from './module-graph.ts';
import type { LoadPlan, LoadStep, StepReason, UnloadPlan, UnloadStep } from './plan.ts';

/** All that a module needs, directly or not; undefined when that is not known. */
export type DependenciesOf = (module: string) => readonly string[] | undefined;

/**
 * The picture of a plan. A plan knows for each module one reason only.
 *
 * @param dependenciesOf gives the other dependencies, of which only those are drawn that no other one stands between.
 *   Default: only the reasons of the plan are drawn
 */
export function planGraph(plan: LoadPlan | UnloadPlan, dependenciesOf?: DependenciesOf): ModuleGraph {
  const builder = new GraphBuilder(plan);
  for (const step of plan.steps) builder.addStep(step);
  for (const { module, because } of [...plan.steps, ...plan.blocked]) builder.addReason(module, because);
  for (const { module, because, reason } of plan.skipped) builder.addLeft(module, because, reason);
  if (plan.kind === 'load') builder.addLoad(plan);
  if (dependenciesOf !== undefined) builder.addDependencies(dependenciesOf);
  return { name: 'plan', nodes: [...builder.nodes.values()], edges: [...builder.edges.values()] };
}

class GraphBuilder {
  readonly nodes = new Map<string, GraphNode>();
  readonly edges = new Map<string, GraphEdge>();
  /** Modules that something is in the way of. */
  readonly #blocked: ReadonlySet<string>;

  constructor(plan: LoadPlan | UnloadPlan) {
    const tolerated = plan.kind === 'load' ? plan.tolerated : [];
    this.#blocked = new Set([...plan.blocked, ...tolerated].map(({ module }) => module));
  }

  addStep(step: LoadStep | UnloadStep): void {
    const { module, required } = step;
    if (this.nodes.has(module)) return;
    const isPresent = step.action === 'skip-builtin' || step.action === 'skip-loaded';
    const kind = this.#blocked.has(module) ? 'blocked' : isPresent ? 'present' : 'act';
    this.nodes.set(module, { id: module, lines: [module, ...stepLines(step)], kind, required });
  }

  addLoad({ targets }: LoadPlan): void {
    for (const { asked, module, by, alias } of targets) {
      if (by === 'path' || asked === module) continue;
      const id = `asked ${asked}`;
      const lines = alias === null || alias === asked ? [asked] : [asked, `by ${alias}`];
      if (!this.nodes.has(id)) this.nodes.set(id, { id, lines, kind: 'name', required: true });
      this.#addNode(module);
      this.#addEdge(id, module, 'alias');
    }
  }

  addLeft(module: string, because: StepReason, reason: string): void {
    this.#addNode(module, reason);
    this.addReason(module, because);
  }

  addDependencies(dependenciesOf: DependenciesOf): void {
    for (const id of this.nodes.keys()) {
      const all = (dependenciesOf(id) ?? []).filter((name) => this.nodes.has(name));
      const indirect = new Set(all.flatMap((name) => dependenciesOf(name) ?? []));
      for (const name of all) {
        const key = edgeKey(id, name, 'dependency');
        if (indirect.has(name)) this.edges.delete(key);
        else this.#addEdge(id, name, 'dependency');
      }
    }
  }

  addReason(module: string, because: StepReason): void {
    this.#addNode(module);
    switch (because.kind) {
      case 'asked':
        return;
      case 'softdep':
        this.#addEdge(because.of, module, `softdep-${because.order}`);
        return;
      case 'holder':
        this.#addEdge(module, because.of, 'holder');
        return;
      default:
        this.#addEdge(because.of, module, because.kind);
    }
  }

  /** A module without a step: something is in its way, or it is left alone. */
  #addNode(module: string, line?: string): void {
    if (this.nodes.has(module)) return;
    const lines = line === undefined ? [module] : [module, line];
    const kind = this.#blocked.has(module) ? 'blocked' : 'left';
    this.nodes.set(module, { id: module, lines, kind, required: false });
  }

  #addEdge(from: string, to: string, kind: GraphEdge['kind']): void {
    for (const id of [from, to]) this.#addNode(id);
    this.edges.set(edgeKey(from, to, kind), { from, to, kind });
  }
}

function edgeKey(from: string, to: string, kind: GraphEdge['kind']): string {
  return JSON.stringify([from, to, kind]);
}

function stepLines(step: LoadStep | UnloadStep): readonly string[] {
  switch (step.action) {
    case 'insert':
      return step.parameters === '' ? [step.call] : [step.call, step.parameters];
    case 'command':
      return [`${step.directive}: ${step.template}`];
    case 'skip-builtin':
      return ['builtin'];
    case 'skip-loaded':
      return ['loaded already'];
    default:
      return [step.force ? 'unload by force' : 'unload'];
  }
}
