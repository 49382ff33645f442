import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { LoadedModule } from '../kernel/loaded-module.ts';
import { hasModuleFolder, moduleHolders } from '../kernel/module-state.ts';
import type { DeleteStep, Obstacle, SkippedModule, StepReason, UnloadPlan } from './plan.ts';
import { type SoftDependencies, type SoftDependency, softDependenciesOf } from './soft-dependencies.ts';
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
  /**
   * Whose soft dependencies are unloaded with them, as far as nothing uses them. `asked`: those of the modules asked
   * for, and those of these soft dependencies in turn, as kmod does. `all`: also those that the unused dependencies
   * wanted before themselves. Default `none`.
   */
  readonly softDependencies?: 'none' | 'asked' | 'all' | undefined;
  /** Default: the soft dependencies that the tree itself tells. */
  readonly softDependencySource?: SoftDependencies | undefined;
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
 * Soft dependencies go in the reverse order of loading: those that are loaded after a module before it, the others
 * after it. One that is not loaded, or that another module uses, is left alone.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function planUnload(request: UnloadRequest): UnloadPlan {
  const planner = new UnloadPlanner(request);
  planner.addAsked();
  planner.addUnused();
  return { kind: 'unload', steps: planner.steps, blocked: planner.blocked, skipped: planner.skipped };
}

/** A module that goes if nothing uses it. */
interface Candidate {
  readonly module: string;
  readonly because: StepReason;
}

class UnloadPlanner {
  readonly steps: DeleteStep[] = [];
  readonly blocked: Obstacle[] = [];
  readonly skipped: SkippedModule[] = [];
  readonly #request: UnloadRequest;
  readonly #kernel: KernelLocation;
  readonly #softDependencies: SoftDependencies | undefined;
  #counts: UseCounts;
  /** What was in use when it was looked at. */
  #waiting: Candidate[] = [];
  /** What is dealt with: asked for, looked at, or being looked at. */
  #seen: Set<string>;

  constructor(request: UnloadRequest) {
    const { loaded, modules, softDependencies = 'none', softDependencySource, tree } = request;
    this.#request = request;
    this.#kernel = request.kernel ?? {};
    this.#counts = new UseCounts(loaded);
    this.#seen = new Set(modules);
    if (softDependencies !== 'none')
      this.#softDependencies = softDependencySource ?? softDependenciesOf(tree);
  }

  addAsked(): void {
    let waiting = [...this.#seen];
    if (this.#request.check !== 'none') waiting = waiting.filter((module) => this.#isLoaded(module));
    // Each round takes one whose users are gone; what is left after a round without any is in use.
    for (let progress = true; progress;) {
      const ready = waiting.find((module) => this.#tryAsked(module));
      progress = ready !== undefined;
      waiting = waiting.filter((module) => module !== ready);
    }
    for (const module of waiting) this.#blockInUse(module);
  }

  addUnused(): void {
    if (this.blocked.length > 0) return;
    for (const { module, because } of this.steps.slice())
      if (because.kind === 'asked') this.#considerFollowers({ module, because });
    // One that was in use may be so no longer, now that others are gone.
    for (let progress = true; progress;) {
      const before = this.steps.length;
      for (const candidate of this.#waiting.splice(0)) this.#considerLoaded(candidate);
      progress = this.steps.length > before;
    }
    for (const { module, because } of this.#waiting)
      this.skipped.push({ module, because, reason: stillUsedText(this.#counts.users(module)) });
  }

  #tryAsked(module: string): boolean {
    const { check = 'all' } = this.#request;
    return this.#tryDelete(
      { module, because: ASKED },
      () => check === 'none' || !this.#isInUse(module, check),
    );
  }

  #consider(candidate: Candidate): void {
    const { module } = candidate;
    if (this.#seen.has(module)) return;
    this.#seen.add(module);
    // Without checks soft dependencies are listed whether they are loaded or not.
    const isUnchecked = this.#request.check === 'none' && candidate.because.kind === 'softdep';
    if (isUnchecked || this.#counts.has(module)) this.#considerLoaded(candidate, isUnchecked);
  }

  #considerLoaded(candidate: Candidate, isUnchecked = false): void {
    const { module, because } = candidate;
    // Uses that are not by symbols, as of a checksum by its name, end with the modules that go: the kernel decides.
    const check = because.kind === 'softdep' && because.order === 'pre' ? 'holders' : 'all';
    const isGone = this.#tryDelete(candidate, () => isUnchecked || !this.#isInUse(module, check));
    if (isGone) this.#considerFollowers(candidate);
    else this.#waiting.push(candidate);
  }

  /** What was loaded after a module goes before it, unless the module stays. */
  #tryDelete({ module, because }: Candidate, isFree: () => boolean): boolean {
    const post = because.kind === 'dependency' ? [] : (this.#softDependencies?.of(module).post ?? []);
    const steps = this.steps.length;
    const state = post.length > 0 ? { counts: this.#counts.copy(), waiting: [...this.#waiting] } : undefined;
    const seen = state && new Set(this.#seen);
    this.#considerSoft(post);
    if (isFree()) {
      this.#delete(module, because);
      return true;
    }
    if (state !== undefined && seen !== undefined) {
      this.steps.length = steps;
      this.#counts = state.counts;
      this.#waiting = state.waiting;
      this.#seen = seen;
    }
    return false;
  }

  /** What a module that goes may leave without use. */
  #considerFollowers({ module, because }: Candidate): void {
    const { dependencies = false, softDependencies } = this.#request;
    // A dependency's own dependencies are among those of the module that it is one of.
    if (dependencies && because.kind !== 'dependency') {
      const reason: StepReason = { kind: 'dependency', of: module };
      // Reversed load order: whatever uses a dependency comes before it.
      for (const dependency of this.#dependenciesOf(module).toReversed())
        this.#consider({ module: dependency, because: reason });
    }
    if (because.kind !== 'dependency' || softDependencies === 'all')
      this.#considerSoft(this.#softDependencies?.of(module).pre ?? []);
  }

  #considerSoft(members: readonly SoftDependency[]): void {
    for (const { modules, because } of members.toReversed())
      for (const { module } of modules.toReversed()) this.#consider({ module, because });
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
    this.steps.push({
      action: 'delete',
      module,
      force: this.#request.force === true,
      because,
      required: because.kind === 'asked',
    });
  }
}

function stillUsedText(users: readonly string[]): string {
  return users.length > 0 ? `it is still used by ${users.join(' ')}` : 'it is still in use';
}
