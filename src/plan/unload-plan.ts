import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { hasModuleFolder, moduleHolders } from '../kernel/module-state.ts';
import type { DeleteStep, Obstacle, SkippedModule, StepReason, UnloadPlan } from './plan.ts';
import { UseCounts } from './use-counts.ts';

/** What to unload. */
export interface UnloadRequest {
  /** The kernel's names of the modules, with underscores. */
  readonly modules: readonly string[];
  /** The modules now loaded. */
  readonly loaded: readonly LoadedModule[];
  /** Tells built-in modules and dependencies. */
  readonly tree: ModuleTree;
  /** /proc and /sys of the kernel to unload from. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Also unload what the modules needed and nothing needs any more. Default false. */
  readonly dependencies?: boolean | undefined;
  /** Tell the kernel to ignore users and a missing exit function. Default false. */
  readonly force?: boolean | undefined;
  /**
   * `all` looks at everything that keeps a module in the kernel, `holders` leaves out users that are no modules,
   * `none` lets the kernel judge. Default `all`.
   */
  readonly check?: 'all' | 'holders' | 'none' | undefined;
  /** A module that is not loaded is an obstacle and not just skipped. Default true. */
  readonly firstTime?: boolean | undefined;
}

const ASKED: StepReason = { kind: 'asked' };

/**
 * Works out the steps of an unload: the modules asked for, users before the used, then the dependencies that become
 * unused, again users before the used. Use counts are carried forward from step to step, so that a whole chain of
 * unused dependencies goes and not only its top.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function planUnload(request: UnloadRequest): UnloadPlan {
  const planner = new UnloadPlanner(request);
  planner.addAsked();
  if (request.dependencies === true) planner.addUnusedDependencies();
  return { kind: 'unload', steps: planner.steps, blocked: planner.blocked, skipped: planner.skipped };
}

class UnloadPlanner {
  readonly steps: DeleteStep[] = [];
  readonly blocked: Obstacle[] = [];
  readonly skipped: SkippedModule[] = [];
  readonly #request: UnloadRequest;
  readonly #kernel: KernelLocation;
  readonly #counts: UseCounts;

  constructor(request: UnloadRequest) {
    this.#request = request;
    this.#kernel = request.kernel ?? {};
    this.#counts = new UseCounts(request.loaded);
  }

  addAsked(): void {
    const { check = 'all', modules } = this.#request;
    let waiting = [...new Set(modules)];
    if (check === 'none') {
      for (const module of waiting) this.#delete(module, ASKED);
      return;
    }
    waiting = waiting.filter((module) => this.#isLoaded(module));
    // Each round takes those whose users are gone; what is left after a round without any is in use.
    for (let progress = true; progress;) {
      const ready = waiting.find((module) => !this.#isInUse(module, check));
      progress = ready !== undefined;
      if (ready === undefined) break;
      waiting = waiting.filter((module) => module !== ready);
      this.#delete(ready, ASKED);
    }
    for (const module of waiting) this.#blockInUse(module);
  }

  addUnusedDependencies(): void {
    if (this.blocked.length > 0) return;
    for (const asked of this.steps.slice()) {
      const because: StepReason = { kind: 'dependency', of: asked.module };
      // Reversed load order: whatever uses a dependency comes before it.
      for (const module of this.#dependenciesOf(asked.module).toReversed()) {
        if (!this.#counts.has(module) || this.skipped.some((skip) => skip.module === module)) continue;
        const users = this.#counts.users(module);
        const refcount = this.#counts.refcount(module);
        if (refcount === 0 && users.length === 0) this.#delete(module, because);
        else this.skipped.push({ module, because, reason: stillUsedText(users) });
      }
    }
  }

  /** Of a module that is not in the tree the kernel's own record of users tells the dependencies. */
  #dependenciesOf(module: string): readonly string[] {
    const line = this.#request.tree.dependencyLine(module);
    if (line !== undefined) return line.dependencies.map(moduleNameOfPath);
    // Asked of the state before the first step: by now the module's own uses are gone.
    return new UseCounts(this.#request.loaded).dependencies(module);
  }

  #isLoaded(module: string): boolean {
    const { tree, firstTime = true } = this.#request;
    if (this.#counts.has(module)) return true;
    // A folder without being in the list belongs to a built-in module with parameters.
    if (tree.isBuiltin(module) || hasModuleFolder(module, this.#kernel))
      this.#block(module, 'ERR_KMOD_BUILTIN', `Module ${module} is builtin: it cannot be unloaded.`);
    else if (firstTime)
      this.#block(module, 'ERR_KMOD_NOT_LOADED', `Module ${module} is not loaded, so it cannot be unloaded.`);
    else this.skipped.push({ module, reason: 'it is not loaded', because: ASKED });
    return false;
  }

  #isInUse(module: string, check: 'all' | 'holders'): boolean {
    if (this.#counts.users(module).length > 0) return true;
    return check === 'all' && this.#counts.refcount(module) !== 0;
  }

  #blockInUse(module: string): void {
    const refcount = this.#counts.refcount(module);
    const order = moduleHolders(module, this.#kernel);
    const holders = this.#counts.users(module).toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
    if (holders.length > 0)
      this.#block(
        module,
        'ERR_KMOD_IN_USE',
        `Module ${module} is in use by: ${holders.join(' ')}. Unload these first.`,
        holders,
      );
    else if (refcount === null)
      this.#block(
        module,
        'ERR_KMOD_NO_UNLOAD_SUPPORT',
        `Module ${module} stays: the running kernel cannot unload modules (CONFIG_MODULE_UNLOAD=n).`,
      );
    else if (refcount < 0)
      this.#block(module, 'ERR_KMOD_IN_USE', `Module ${module} is being unloaded by someone else.`);
    else
      this.#block(
        module,
        'ERR_KMOD_IN_USE',
        `Module ${module} is in use by something other than a module (use count ${refcount}): an open device, a mount, a socket or an interface. Close that first.`,
      );
  }

  #block(module: string, code: Obstacle['code'], reason: string, holders: readonly string[] = []): void {
    this.blocked.push({ module, path: null, code, reason, errno: null, holders, because: ASKED });
  }

  #delete(module: string, because: StepReason): void {
    this.#counts.remove(module);
    this.steps.push({ action: 'delete', module, force: this.#request.force === true, because });
  }
}

function stillUsedText(users: readonly string[]): string {
  return users.length > 0 ? `it is still used by ${users.join(' ')}` : 'it is still in use';
}
