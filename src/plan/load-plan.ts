import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { DependencyLine, ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { kernelCompression, moduleState } from '../kernel/module-state.ts';
import type { LookupResult } from './lookup.ts';
import { type CallChoice, chooseCall } from './module-compression.ts';
import type { InsertStep, LoadPlan, LoadStep, Obstacle, SkippedModule, StepReason } from './plan.ts';

/** What to load, and from where. */
export interface LoadRequest {
  /** Modules to load, as looked up. */
  readonly targets: readonly LookupResult[];
  readonly tree: ModuleTree;
  /** Text for the targets; their dependencies get none. Default empty. */
  readonly parameters?: string | undefined;
  /** /proc and /sys of the kernel to load into. Default: the running one's. */
  readonly kernel?: KernelLocation | undefined;
  /** Plan as if nothing were loaded. Default false. */
  readonly ignoreLoaded?: boolean | undefined;
  /** A target that is in the kernel already is an obstacle. Default false. */
  readonly firstTime?: boolean | undefined;
}

const ASKED: StepReason = { kind: 'asked' };

/**
 * Works out the steps of a load: for each target its dependencies, deepest first, then itself; each module once.
 *
 * A target that is loaded needs nothing, not even its dependencies. Only `live` counts as loaded: a module on its way
 * in may still fail, and the kernel makes a second load wait for the first.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_PROC`
 */
export function planLoad(request: LoadRequest): LoadPlan {
  const planner = new LoadPlanner(request);
  for (const target of request.targets) planner.addTarget(target);
  return { kind: 'load', steps: planner.steps, blocked: planner.blocked, skipped: planner.skipped };
}

/** The plan of a single file, with no regard to what is loaded and what it needs: what insmod does. */
export function planInsert(path: string, parameters: string, kernel: KernelLocation = {}): LoadPlan {
  const module = moduleNameOfPath(path);
  const { call, obstacle } = chooseCall(path, kernelCompression(kernel));
  const because = ASKED;
  return {
    kind: 'load',
    steps: [{ action: 'insert', module, path, parameters, call, because }],
    blocked: obstacle === undefined ? [] : [{ module, path, holders: [], because, ...obstacle }],
    skipped: [],
  };
}

class LoadPlanner {
  readonly steps: LoadStep[] = [];
  readonly blocked: Obstacle[] = [];
  readonly skipped: SkippedModule[] = [];
  readonly #request: LoadRequest;
  readonly #kernel: KernelLocation;
  readonly #planned = new Map<string, StepReason>();
  #compression: { readonly name: string | undefined } | undefined;

  constructor(request: LoadRequest) {
    this.#request = request;
    this.#kernel = request.kernel ?? {};
  }

  addTarget({ module, by, path }: LookupResult): void {
    const earlier = this.#planned.get(module);
    if (earlier !== undefined) {
      const reason =
        earlier.kind === 'asked'
          ? 'it was asked for more than once'
          : `it is loaded as a dependency of ${earlier.of} already`;
      this.skipped.push({ module, reason, because: ASKED });
      return;
    }
    const { tree } = this.#request;
    if (by === 'builtin' || by === 'builtin-alias' || (by !== 'path' && tree.isBuiltin(module))) {
      this.#add({ action: 'skip-builtin', module, because: ASKED });
      if (this.#request.firstTime === true) this.#blockFirstTime(module, 'is built into the kernel');
      return;
    }
    const line = tree.dependencyLine(module);
    const file = path ?? line?.path ?? null;
    if (this.#isLoaded(module)) {
      this.#add({ action: 'skip-loaded', module, path: file, because: ASKED });
      if (this.#request.firstTime === true) this.#blockFirstTime(module, 'is loaded');
      return;
    }
    if (file === null) {
      this.#block(module, null, ASKED, {
        code: 'ERR_KMOD_NOT_FOUND',
        errno: null,
        reason: `An alias leads to the module ${module}, but ${tree.directory}/modules.dep.bin has none of that name. Run depmod.`,
      });
      return;
    }
    this.#addDependencies(module, line);
    this.#insert(module, file, this.#request.parameters ?? '', ASKED);
  }

  #addDependencies(of: string, line: DependencyLine | undefined): void {
    const because: StepReason = { kind: 'dependency', of };
    for (const path of line?.dependencies ?? []) {
      const module = moduleNameOfPath(path);
      if (this.#planned.has(module)) continue;
      if (this.#request.tree.isBuiltin(module)) this.#add({ action: 'skip-builtin', module, because });
      else if (this.#isLoaded(module)) this.#add({ action: 'skip-loaded', module, path, because });
      else this.#insert(module, path, '', because);
    }
  }

  #insert(module: string, path: string, parameters: string, because: StepReason): void {
    const { call, obstacle }: CallChoice = chooseCall(path, this.#kernelCompression());
    const step: InsertStep = { action: 'insert', module, path, parameters, call, because };
    this.#add(step);
    if (obstacle !== undefined) this.#block(module, path, because, obstacle);
  }

  #add(step: LoadStep): void {
    this.#planned.set(step.module, step.because);
    this.steps.push(step);
  }

  #blockFirstTime(module: string, state: string): void {
    this.#block(module, null, ASKED, {
      code: 'ERR_KMOD_ALREADY_LOADED',
      errno: null,
      reason: `Module ${module} ${state} already, and its first load was asked for.`,
    });
  }

  #block(
    module: string,
    path: string | null,
    because: StepReason,
    obstacle: NonNullable<CallChoice['obstacle']>,
  ): void {
    this.blocked.push({ module, path, holders: [], because, ...obstacle });
  }

  #isLoaded(module: string): boolean {
    return this.#request.ignoreLoaded !== true && moduleState(module, this.#kernel) === 'live';
  }

  // Read once per plan, and only when a file is looked at.
  #kernelCompression(): string | undefined {
    this.#compression ??= { name: kernelCompression(this.#kernel) };
    return this.#compression.name;
  }
}
