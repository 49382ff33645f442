import { moduleNameOfPath } from '../index-files/module-name.ts';
import { hasModuleFolder, moduleHolders } from '../kernel/module-state.ts';
import type { Obstacle, SkippedModule, StepReason, UnloadPlan, UnloadStep } from './plan.ts';
import { RemovalRules } from './removal-rules.ts';
import type { SoftDependency } from './soft-dependencies.ts';
import { builtinObstacle, notLoadedObstacle, useObstacle } from './unload-obstacle.ts';
import type { UnloadRequest } from './unload-request.ts';
import { UseCounts } from './use-counts.ts';

/** How kmod's modprobe is run. */
export interface KmodManner {
  /** A dry run: use counts stay, so that what would become unused is not found. */
  readonly isFrozen: boolean;
  /** Whether the message on a module that stays ends the program, be it a soft dependency: without -a and -q. */
  readonly endsAtRefusal: boolean;
}

/** A plan of kmod's, and what it says of soft dependencies on the way. */
export interface KmodUnloadPlan extends UnloadPlan {
  /** Why soft dependencies stay. */
  readonly passed: readonly Obstacle[];
}

/**
 * What kmod 34.2's `modprobe -r` does, mistakes included: dependencies are looked at deepest first, and so only the
 * top of an unused chain goes; holders are not followed upwards, and what goes as a dependency of a holder is removed
 * twice; the first module that stays, soft dependency or not, ends the program after what was done before.
 *
 * @returns `blocked` is what the program ends with once the steps are done
 */
export function planKmodUnload(request: UnloadRequest, manner: KmodManner): KmodUnloadPlan {
  const removal = new KmodRemoval(request, manner);
  for (const module of request.modules) if (!removal.addTarget(module)) break;
  const { steps, blocked, skipped, passed } = removal;
  return { kind: 'unload', steps, blocked, skipped, passed };
}

interface Candidate {
  readonly module: string;
  readonly because: StepReason;
  readonly required: boolean;
  readonly withHolders: boolean;
}

class KmodRemoval {
  readonly steps: UnloadStep[] = [];
  readonly blocked: Obstacle[] = [];
  readonly skipped: SkippedModule[] = [];
  readonly passed: Obstacle[] = [];
  readonly #request: UnloadRequest;
  readonly #manner: KmodManner;
  readonly #rules: RemovalRules;
  readonly #counts: UseCounts;
  /** Ends loops of soft dependencies, in which kmod would not end. */
  readonly #open = new Set<string>();

  constructor(request: UnloadRequest, manner: KmodManner) {
    this.#request = request;
    this.#manner = manner;
    this.#counts = new UseCounts(request.loaded);
    this.#rules = new RemovalRules({ ...request, compat: true });
  }

  /** Answers whether the next one is tried too. */
  addTarget(module: string): boolean {
    const withHolders = this.#request.removeHolders === true;
    return this.#remove({ module, because: { kind: 'asked' }, required: true, withHolders });
  }

  #remove(candidate: Candidate): boolean {
    const { module } = candidate;
    if (this.#open.has(module)) return true;
    this.#open.add(module);
    const isDone = this.#removeOpened(candidate);
    this.#open.delete(module);
    return isDone;
  }

  #removeOpened(candidate: Candidate): boolean {
    const { module, because, required } = candidate;
    const { check = 'all', waits = false } = this.#request;
    const command = this.#rules.command(module, because, required);
    const isChecked = command === undefined && check !== 'none';
    if (isChecked) {
      const state = this.#stateOf(module);
      if (state !== 'loaded') return this.#leaveOut(candidate, state);
    }
    const { pre, post } = this.#rules.softDependencies(module);
    if (!this.#removeSoft(post) || !this.#removeHolders(candidate)) return false;
    const loop = command && this.#rules.loop(command);
    if (loop !== undefined) return this.#refuse(candidate, loop);
    const refcount = this.#counts.refcount(module);
    if (isChecked && !waits && check !== 'holders' && refcount !== null && refcount > 0) {
      const { kernel = {} } = this.#request;
      return this.#refuse(candidate, useObstacle({ module, because, counts: this.#counts, kernel }));
    }
    if (command === undefined) this.#delete(module, because, required);
    else this.#perform(command);
    if (command === undefined && this.#request.dependencies === true) this.#removeUnused(module);
    return this.#removeSoft(pre);
  }

  #stateOf(module: string): 'loaded' | 'builtin' | 'none' {
    const { tree, kernel } = this.#request;
    if (tree.isBuiltin(module)) return 'builtin';
    return this.#counts.has(module) || hasModuleFolder(module, kernel) ? 'loaded' : 'none';
  }

  #leaveOut(candidate: Candidate, state: 'builtin' | 'none'): boolean {
    const { module, because } = candidate;
    if (state === 'builtin') {
      if (because.kind !== 'asked') return true;
      return this.#refuse(candidate, builtinObstacle(module, because));
    }
    if (this.#request.firstTime === false) {
      if (because.kind === 'asked') this.skipped.push({ module, reason: 'it is not loaded', because });
      return true;
    }
    return this.#refuse(candidate, notLoadedObstacle(module, because));
  }

  #refuse({ module, because, required }: Candidate, obstacle: Obstacle): boolean {
    // Otherwise kmod's error goes up to where errors of soft dependencies are ignored.
    if (required || this.#manner.endsAtRefusal) {
      this.blocked.push(obstacle);
      return false;
    }
    this.passed.push(obstacle);
    this.skipped.push({ module, because, reason: obstacle.reason });
    return false;
  }

  /** Answers false only where a message has ended the program. */
  #removeSoft(members: readonly SoftDependency[]): boolean {
    for (const { modules, because } of members.toReversed())
      for (const { module } of modules.toReversed())
        if (!this.#remove({ module, because, required: false, withHolders: false }) && this.#isOver())
          return false;
    return true;
  }

  #removeHolders({ module, withHolders, required }: Candidate): boolean {
    if (!withHolders) return true;
    const order = moduleHolders(module, this.#request.kernel);
    const holders = this.#counts.users(module).toSorted((a, b) => order.indexOf(b) - order.indexOf(a));
    const because: StepReason = { kind: 'holder', of: module };
    return holders.every((holder) => this.#remove({ module: holder, because, required, withHolders: false }));
  }

  #removeUnused(module: string): void {
    const because: StepReason = { kind: 'dependency', of: module };
    for (const path of this.#request.tree.dependencyLine(module)?.dependencies ?? []) {
      const dependency = moduleNameOfPath(path);
      if (this.#counts.has(dependency) && this.#counts.refcount(dependency) === 0)
        this.#delete(dependency, because, false);
    }
  }

  #delete(module: string, because: StepReason, required: boolean): void {
    this.#perform({ action: 'delete', module, force: this.#request.force === true, because, required });
  }

  #perform(step: UnloadStep): void {
    this.steps.push(step);
    if (!this.#manner.isFrozen && this.#counts.users(step.module).length === 0)
      this.#counts.remove(step.module);
  }

  #isOver(): boolean {
    return this.blocked.length > 0;
  }
}
