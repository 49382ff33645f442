import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { hasModuleFolder, kernelCompression, moduleState } from '../kernel/module-state.ts';
import { isBuiltin, type LookupResult } from './lookup.ts';
import { chooseCall } from './module-compression.ts';
import type { LoadPlan, LoadStep, Obstacle, SkippedModule, StepReason } from './plan.ts';
import { listProbes, type Probe } from './probe-list.ts';
import { type SoftDependencies, softDependenciesOf } from './soft-dependencies.ts';

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
  /** Keep a step for each time that kmod would try a module, for printing them. Default false: each module once. */
  readonly keepRepeats?: boolean | undefined;
  /** Default: those that the tree itself tells. */
  readonly softDependencies?: SoftDependencies | undefined;
}

const ASKED: StepReason = { kind: 'asked' };

/**
 * Works out the steps of a load: for each target its dependencies, deepest first, then itself, and around each of them
 * its soft dependencies; each module once, at the first of its places.
 *
 * A target that is loaded needs nothing, not even its dependencies. Only `live` counts as loaded: a module on its way
 * in may still fail, and the kernel makes a second load wait for the first.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_PROC`
 */
export function planLoad(request: LoadRequest): LoadPlan {
  const planner = new LoadPlanner(request);
  for (const target of request.targets) planner.addTarget(target);
  return planner.finish();
}

/** The plan of a single file, with no regard to what is loaded and what it needs: what insmod does. */
export function planInsert(path: string, parameters: string, kernel: KernelLocation = {}): LoadPlan {
  const module = moduleNameOfPath(path);
  const { call, obstacle } = chooseCall(path, () => kernelCompression(kernel));
  const because = ASKED;
  return {
    kind: 'load',
    steps: [
      {
        action: 'insert',
        module,
        path,
        parameters,
        options: parameters === '' ? [] : [{ text: parameters, origin: null }],
        call,
        because,
        required: true,
      },
    ],
    blocked: obstacle === undefined ? [] : [{ module, path, holders: [], because, ...obstacle }],
    tolerated: [],
    skipped: [],
  };
}

/** What keeps a step from being run. */
type StepObstacle = Omit<Obstacle, 'because'>;

class LoadPlanner {
  readonly #steps: LoadStep[] = [];
  readonly #blocked: Obstacle[] = [];
  readonly #obstacles: StepObstacle[] = [];
  readonly #skipped: SkippedModule[] = [];
  readonly #request: LoadRequest;
  readonly #kernel: KernelLocation;
  readonly #softDependencies: SoftDependencies;
  /** Where the first step of a module is. */
  readonly #places = new Map<string, number>();
  /** Reads it once per plan. */
  readonly #kernelCompression: () => string | undefined;

  constructor(request: LoadRequest) {
    this.#request = request;
    this.#kernel = request.kernel ?? {};
    this.#softDependencies = request.softDependencies ?? softDependenciesOf(request.tree);
    let compression: { readonly name: string | undefined } | undefined;
    this.#kernelCompression = () => (compression ??= { name: kernelCompression(this.#kernel) }).name;
  }

  finish(): LoadPlan {
    const blocked = [...this.#blocked];
    const tolerated: Obstacle[] = [];
    // Only now: a later target may need what was optional for an earlier one.
    for (const { module, ...facts } of this.#obstacles) {
      const step = this.#planned(module);
      if (step === undefined) continue;
      const { because, required } = step;
      (required ? blocked : tolerated).push({ module, ...facts, because });
    }
    return { kind: 'load', steps: this.#steps, blocked, tolerated, skipped: this.#skipped };
  }

  addTarget(target: LookupResult): void {
    const { module } = target;
    const earlier = this.#planned(module);
    if (earlier !== undefined) {
      this.#skipped.push({ module, reason: earlierText(earlier.because), because: ASKED });
      if (earlier.required) return;
    }
    const { tree } = this.#request;
    const isPartOfKernel = isBuiltin(tree, target);
    if (this.#request.ignoreLoaded !== true && (isPartOfKernel || this.#isLoaded(module))) {
      if (earlier === undefined) this.#addPresentTarget(target, isPartOfKernel);
      return;
    }
    const { probes, unknown } = listProbes(target, { tree, softDependencies: this.#softDependencies });
    for (const probe of probes) this.#addProbe(probe, module);
    for (const { name, because } of unknown)
      this.#skipped.push({ module: name, reason: 'nothing in the tree has this name', because });
  }

  /** A target that is in the kernel needs nothing. */
  #addPresentTarget({ module, path }: LookupResult, isPartOfKernel: boolean): void {
    const facts = { module, because: ASKED, required: true } as const;
    const file = path ?? this.#request.tree.dependencyLine(module)?.path ?? null;
    this.#add(
      isPartOfKernel ? { action: 'skip-builtin', ...facts } : { action: 'skip-loaded', path: file, ...facts },
    );
    if (this.#request.firstTime !== true) return;
    const state = isPartOfKernel ? 'is built into the kernel' : 'is loaded';
    const reason = `Module ${module} ${state} already, and its first load was asked for.`;
    this.#obstacles.push({
      module,
      path: null,
      code: 'ERR_KMOD_ALREADY_LOADED',
      reason,
      errno: null,
      holders: [],
    });
  }

  #addProbe(probe: Probe, target: string): void {
    const { module, path } = probe;
    const earlier = this.#places.get(module);
    if (earlier !== undefined && this.#request.keepRepeats !== true) {
      this.#promote(earlier, probe);
      return;
    }
    // A soft dependency that leads back to the target by another name comes before it in the list.
    const isTarget = module === target && this.#request.keepRepeats !== true;
    const because = isTarget ? ASKED : probe.because;
    const facts = { module, because, required: probe.required || isTarget } as const;
    if (probe.isBuiltin) {
      this.#add({ action: 'skip-builtin', ...facts });
    } else if (this.#isLoaded(module)) {
      this.#add({ action: 'skip-loaded', path, ...facts });
    } else if (path === null) {
      this.#addWithoutFile(module, because);
    } else {
      const { call, obstacle } = chooseCall(path, this.#kernelCompression);
      const parameters = because.kind === 'asked' ? (this.#request.parameters ?? '') : '';
      const options = parameters === '' ? [] : [{ text: parameters, origin: null }];
      this.#add({ action: 'insert', ...facts, path, parameters, options, call });
      if (obstacle !== undefined) this.#obstacles.push({ module, path, holders: [], ...obstacle });
    }
  }

  #addWithoutFile(module: string, because: StepReason): void {
    const reason = `An alias leads to the module ${module}, but ${this.#request.tree.directory}/modules.dep.bin has none of that name. Run depmod.`;
    const facts = { path: null, code: 'ERR_KMOD_NOT_FOUND', errno: null, holders: [] } as const;
    if (because.kind === 'asked') this.#blocked.push({ module, ...facts, reason, because });
    else this.#skipped.push({ module, reason, because });
  }

  /** A step that was optional so far and is needed after all. */
  #promote(place: number, { because, required }: Probe): void {
    const step = this.#steps[place];
    if (step === undefined || step.required || !required) return;
    const reason = because.kind === 'dependency' ? because : step.because;
    this.#steps[place] = { ...step, because: reason, required };
  }

  #add(step: LoadStep): void {
    if (!this.#places.has(step.module)) this.#places.set(step.module, this.#steps.length);
    this.#steps.push(step);
  }

  #planned(module: string): LoadStep | undefined {
    const place = this.#places.get(module);
    return place === undefined ? undefined : this.#steps[place];
  }

  #isLoaded(module: string): boolean {
    if (this.#request.ignoreLoaded === true) return false;
    // Most are not loaded, and to look for the folder costs a fraction of opening a file that is not there.
    return hasModuleFolder(module, this.#kernel) && moduleState(module, this.#kernel) === 'live';
  }
}

function earlierText(because: StepReason): string {
  switch (because.kind) {
    case 'asked':
      return 'it was asked for more than once';
    case 'dependency':
    case 'holder':
      return `it is loaded as a dependency of ${because.of} already`;
    default:
      return `it is loaded as a soft dependency of ${because.of} already`;
  }
}
