/** A module in a picture, or a name that was asked for and stands for modules. */
export interface GraphNode {
  /** Unique; for modules their name, for other names the name with a mark before it. */
  readonly id: string;
  /** What to write into it. */
  readonly lines: readonly string[];
  /**
   * `name`: what was asked for. `act`: something is done, or in a picture of the loaded modules: it is loaded. `present`: nothing
   * has to be done. `blocked`: it keeps the plan from being run, or it will fail. `left`: it is left alone, or on its way.
   */
  readonly kind: 'name' | 'act' | 'present' | 'blocked' | 'left';
  /** Whether its failure is one of the whole. */
  readonly required: boolean;
}

/** Why a node is there: `from` asks for `to`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind:
    'alias' | 'dependency' | 'softdep-pre' | 'softdep-post' | 'weakdep' | 'holder' | 'above' | 'below';
}

/** A picture of modules, before it is drawn. */
export interface ModuleGraph {
  /** What the picture shows, in one word. */
  readonly name: 'plan' | 'modules';
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}
