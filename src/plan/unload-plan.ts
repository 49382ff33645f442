import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { isShownAsBuiltin, moduleHolders } from '../kernel/module-state.ts';
import { planKmodUnload } from './kmod-unload-plan.ts';
import type { Obstacle, SkippedModule, StepReason, UnloadPlan, UnloadStep } from './plan.ts';
import { RemovalRules } from './removal-rules.ts';
import type { SoftDependency } from './soft-dependencies.ts';
import { builtinObstacle, notLoadedObstacle, stillUsedText, useObstacle } from './unload-obstacle.ts';
import type { UnloadCheck, UnloadRequest } from './unload-request.ts';
import { UseCounts } from './use-counts.ts';

export type { UnloadRequest } from './unload-request.ts';

const ASKED: StepReason = { kind: 'asked' };

/**
 * Works out the steps of an unload: the modules asked for, users before the used, then the dependencies that become
 * unused, again users before the used. Who uses whom is the kernel's word; the index adds what the kernel has no record
 * of. Use counts are carried forward from step to step, so that a whole chain of unused dependencies goes and not only
 * its top.
 *
 * Soft dependencies go in the reverse order of loading: those that are loaded after a module before it, the others
 * after it. One that is not loaded, or that another module uses, is left alone. A remove command takes the place of
 * unloading a module, loaded or not, and of unloading what it needs.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
 */
export function planUnload(request: UnloadRequest): UnloadPlan {
  if (request.compat === true) {
    const { passed: _, ...plan } = planKmodUnload(request, { isFrozen: false, endsAtRefusal: false });
    return plan;
  }
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
  readonly steps: UnloadStep[] = [];
  readonly blocked: Obstacle[] = [];
  readonly skipped: SkippedModule[] = [];
  readonly #request: UnloadRequest;
  readonly #kernel: KernelLocation;
  readonly #rules: RemovalRules;
  readonly #check: UnloadCheck;
  #counts: UseCounts;
  /** What was in use when it was looked at. */
  #waiting: Candidate[] = [];
  /** What is dealt with: asked for, looked at, or being looked at. */
  #seen: Set<string>;

  constructor(request: UnloadRequest) {
    const { loaded, modules } = request;
    this.#request = request;
    this.#kernel = request.kernel ?? {};
    this.#check = request.check ?? 'all';
    this.#counts = new UseCounts(loaded);
    this.#seen = new Set(modules);
    this.#rules = new RemovalRules(request);
  }

  addAsked(): void {
    let waiting = this.#withHolders();
    // Each round takes one whose users are gone; what is left after a round without any is in use.
    for (;;) {
      const ready = waiting.find((candidate) => this.#tryRequired(candidate)) ?? this.#waitFor(waiting);
      if (ready === undefined) break;
      waiting = waiting.filter((candidate) => candidate !== ready);
    }
    for (const { module, because } of waiting)
      this.blocked.push(useObstacle({ module, because, counts: this.#counts, kernel: this.#kernel }));
  }

  addUnused(): void {
    if (this.blocked.length > 0) return;
    for (const step of this.steps.slice()) if (step.required) this.#considerFollowers(step);
    // One that was in use may be so no longer, now that others are gone.
    for (let progress = true; progress;) {
      const before = this.steps.length;
      for (const candidate of this.#waiting.splice(0)) this.#considerLoaded(candidate);
      progress = this.steps.length > before;
    }
    for (const { module, because } of this.#waiting)
      this.skipped.push({ module, because, reason: stillUsedText(module, this.#counts) });
  }

  /** The modules asked for, each after those that use it if these are to go too. */
  #withHolders(): readonly Candidate[] {
    const asked = [...this.#seen].filter((module) => this.#canGo(module));
    const because = ASKED;
    if (this.#request.removeHolders !== true) return asked.map((module) => ({ module, because }));
    const found = new Map<string, Candidate>();
    const isAsked = new Set(asked);
    const visit = (candidate: Candidate): void => {
      const { module } = candidate;
      if (found.has(module)) return;
      found.set(module, candidate);
      // A command does what there is to do, users included.
      const isCommand = this.#rules.command(module, ASKED, true) !== undefined;
      const of: StepReason = { kind: 'holder', of: module };
      if (!isCommand)
        for (const holder of moduleHolders(module, this.#kernel).toReversed())
          visit({ module: holder, because: isAsked.has(holder) ? ASKED : of });
      // Behind its users.
      found.delete(module);
      found.set(module, candidate);
    };
    for (const module of asked) visit({ module, because });
    for (const module of found.keys()) this.#seen.add(module);
    return [...found.values()];
  }

  #tryRequired(candidate: Candidate): boolean {
    return this.#tryDelete(candidate, true, () => !this.#isInUse(candidate.module, this.#check));
  }

  /** With the time to wait, one that is in use goes when its turn comes: after those of its users that go too. */
  #waitFor(waiting: readonly Candidate[]): Candidate | undefined {
    if (this.#request.waits !== true) return undefined;
    const names = new Set(waiting.map(({ module }) => module));
    const next = waiting.find(
      ({ module }) =>
        !this.#counts.users(module).some((user) => names.has(user)) &&
        (this.#check !== 'all' || this.#request.force === true || !this.#counts.isPermanent(module)),
    );
    if (next !== undefined) this.#tryDelete(next, true, () => true);
    return next;
  }

  #consider(candidate: Candidate): void {
    const { module, because } = candidate;
    if (this.#seen.has(module)) return;
    this.#seen.add(module);
    // Without checks soft dependencies are listed whether they are loaded or not; a command never asks.
    const isSoft = because.kind === 'softdep';
    const isUnchecked = this.#check === 'none' && isSoft;
    const isCommand = isSoft && this.#rules.command(module, because, false) !== undefined;
    if (isUnchecked || isCommand || this.#counts.has(module)) this.#considerLoaded(candidate, isUnchecked);
  }

  #considerLoaded(candidate: Candidate, isUnchecked = false): void {
    const { module, because } = candidate;
    // Uses that are not by symbols, as of a checksum by its name, end with the modules that go: the kernel decides.
    const check = because.kind === 'softdep' && because.order === 'pre' ? 'holders' : 'counts';
    const isFree = (): boolean =>
      isUnchecked || (!this.#isInUse(module, check) && !this.#counts.isPermanent(module));
    if (this.#tryDelete(candidate, false, isFree)) this.#considerFollowers(candidate);
    else this.#waiting.push(candidate);
  }

  /** What was loaded after a module goes before it, unless the module stays. */
  #tryDelete({ module, because }: Candidate, required: boolean, isFree: () => boolean): boolean {
    const isDependency = because.kind === 'dependency';
    const command = isDependency ? undefined : this.#rules.command(module, because, required);
    const post = isDependency ? [] : this.#rules.softDependencies(module).post;
    const steps = this.steps.length;
    const state = post.length > 0 ? { counts: this.#counts.copy(), waiting: [...this.#waiting] } : undefined;
    const seen = state && new Set(this.#seen);
    this.#considerSoft(post);
    const loop = command && this.#rules.loop(command);
    if (loop !== undefined && required) this.blocked.push(loop);
    else if (loop !== undefined) this.skipped.push({ module, because, reason: loop.reason });
    if (loop !== undefined) return true;
    if (command !== undefined || isFree()) {
      this.#counts.remove(module);
      const force = this.#request.force === true && required;
      this.steps.push(command ?? { action: 'delete', module, force, because, required });
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
    const isDependency = because.kind === 'dependency';
    const isCommand = !isDependency && this.#rules.command(module, because, false) !== undefined;
    // A dependency's own dependencies are among those of the module that it is one of.
    if (dependencies && !isDependency && !isCommand) {
      const reason: StepReason = { kind: 'dependency', of: module };
      for (const dependency of this.#dependenciesOf(module))
        this.#consider({ module: dependency, because: reason });
    }
    if (!isDependency || softDependencies === 'all')
      this.#considerSoft(this.#rules.softDependencies(module).pre);
  }

  #considerSoft(members: readonly SoftDependency[]): void {
    for (const { modules, because } of members.toReversed())
      for (const { module } of modules.toReversed()) this.#consider({ module, because });
  }

  /** In reversed load order: whatever uses a dependency comes before it. What only the kernel knows comes last. */
  #dependenciesOf(module: string): readonly string[] {
    const { loaded, tree } = this.#request;
    const line = tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath) ?? [];
    // Asked of the state before the first step: by now the module's own uses are gone.
    return [...line.toReversed(), ...new UseCounts(loaded).dependencies(module).toReversed()];
  }

  /** Whether there is something to do for a module asked for. */
  #canGo(module: string): boolean {
    const { tree, firstTime = true } = this.#request;
    if (this.#check === 'none' || this.#counts.has(module)) return true;
    if (this.#rules.command(module, ASKED, true) !== undefined) return true;
    if (tree.isBuiltin(module) || isShownAsBuiltin(module, this.#kernel))
      this.blocked.push(builtinObstacle(module, ASKED));
    else if (firstTime) this.blocked.push(notLoadedObstacle(module, ASKED));
    else this.skipped.push({ module, reason: 'it is not loaded', because: ASKED });
    return false;
  }

  #isInUse(module: string, check: UnloadCheck): boolean {
    if (check === 'none') return false;
    const refcount = this.#counts.refcount(module);
    if (check === 'users') return refcount !== null && refcount > 0;
    if (this.#counts.users(module).length > 0) return true;
    if (check === 'holders') return false;
    if (refcount !== 0) return true;
    return check === 'all' && this.#request.force !== true && this.#counts.isPermanent(module);
  }
}
