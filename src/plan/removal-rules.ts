import type { CommandRecord, ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { matchesAliasPattern } from '../index-files/alias-pattern.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { CommandStep, StepReason } from './plan.ts';
import { type SoftDependencies, type SoftDependencySet, softDependenciesFor } from './soft-dependencies.ts';

/** What the configuration says about taking modules out. */
export class RemovalRules {
  readonly #tree: ModuleTree;
  readonly #softDependencies: SoftDependencies | undefined;
  readonly #commands: readonly CommandRecord[];

  constructor(facts: {
    readonly tree: ModuleTree;
    /** Default: the soft dependencies that the tree itself tells, and no commands. */
    readonly configuration: ModprobeConfiguration | undefined;
    readonly compat: boolean;
    /** Neither commands nor soft dependencies. */
    readonly ignored: boolean;
    /** No soft dependencies. */
    readonly alone: boolean;
  }) {
    const { tree, configuration, compat, ignored, alone } = facts;
    this.#tree = tree;
    if (!ignored && !alone) this.#softDependencies = softDependenciesFor(tree, configuration, compat);
    this.#commands = ignored ? [] : (configuration?.remove ?? []);
  }

  softDependencies(module: string): SoftDependencySet {
    return this.#softDependencies?.of(module) ?? { pre: [], post: [] };
  }

  /** The step that takes the place of the system call; undefined where no `remove` line fits. The first one counts. */
  command(module: string, because: StepReason, required: boolean): CommandStep | undefined {
    const record = this.#commands.find((candidate) => matchesAliasPattern(candidate.module, module));
    if (record === undefined) return undefined;
    return {
      action: 'command',
      directive: 'remove',
      module,
      path: this.#tree.dependencyLine(module)?.path ?? null,
      template: record.command,
      command: record.command.replaceAll('$CMDLINE_OPTS', ''),
      environment: { MODPROBE_MODULE: module },
      parameters: '',
      options: [],
      origin: record.origin,
      because,
      required,
    };
  }
}
