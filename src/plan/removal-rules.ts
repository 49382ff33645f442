import { indexConfiguration } from '../config/configuration-index.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { commandLoop, commandStep } from './configured-command.ts';
import type { CommandStep, Obstacle, StepReason } from './plan.ts';
import { type SoftDependencies, type SoftDependencySet, softDependenciesFor } from './soft-dependencies.ts';
import type { UnloadRequest } from './unload-request.ts';

const NONE: SoftDependencySet = { pre: [], post: [] };

/** What the configuration says about taking modules out. */
export class RemovalRules {
  readonly #tree: ModuleTree;
  readonly #request: UnloadRequest;
  readonly #softDependencies: SoftDependencies | undefined;

  constructor(request: UnloadRequest) {
    const { tree, configuration, compat = false, ignoreCommands = false } = request;
    this.#tree = tree;
    this.#request = request;
    if (!ignoreCommands && (request.softDependencies ?? 'none') !== 'none')
      this.#softDependencies = softDependenciesFor(tree, configuration, compat);
  }

  softDependencies(module: string): SoftDependencySet {
    return this.#softDependencies?.of(module) ?? NONE;
  }

  /** The step that takes the place of the system call; undefined where no `remove` line fits. The first one counts. */
  command(module: string, because: StepReason, required: boolean): CommandStep | undefined {
    const { configuration, ignoreCommands = false, compat = false, commandChain: chain } = this.#request;
    if (configuration === undefined || ignoreCommands) return undefined;
    const record = indexConfiguration(configuration).removeCommand(module);
    if (record === undefined) return undefined;
    const path = this.#tree.dependencyLine(module)?.path ?? null;
    const facts = { module, path, options: [], compat, chain, because, required } as const;
    return commandStep({ directive: 'remove', record, ...facts });
  }

  /** What is in the way of a command that would start itself for ever. */
  loop(step: CommandStep): Obstacle | undefined {
    const loop = commandLoop(step, this.#request.commandChain);
    const { module, path, because } = step;
    return loop && { module, path, holders: [], because, ...loop };
  }
}
