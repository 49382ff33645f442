import {
  type ConfigurationIndex,
  indexConfiguration,
  treeConfiguration,
} from '../config/configuration-index.ts';
import type { BlacklistRecord, ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { hasModuleFolder, kernelCompression, moduleState } from '../kernel/module-state.ts';
import { commandLoop, commandStep, parameterTextOf } from './configured-command.ts';
import { judgeObstacles, type MetObstacle } from './load-obstacles.ts';
import { isBuiltin, type LookupResult } from './lookup.ts';
import { chooseCall } from './module-compression.ts';
import type { LeftModule, LoadPlan, LoadStep, Obstacle, OptionText, StepReason } from './plan.ts';
import { listProbes, type Probe, type ProbeSource } from './probe-list.ts';
import { softDependenciesFor } from './soft-dependencies.ts';

/** What to load, and from where. */
export interface LoadRequest {
  /** Modules to load, as looked up. Those with the same name asked for are alternatives. */
  readonly targets: readonly LookupResult[];
  readonly tree: ModuleTree;
  /** Default: what the tree itself says. */
  readonly configuration?: ModprobeConfiguration | undefined;
  /** kmod's answer where kmod is wrong. Default false. */
  readonly compat?: boolean | undefined;
  /** Neither install command nor soft dependencies of the targets count, but those of their dependencies do. Default false. */
  readonly ignoreCommands?: boolean | undefined;
  /**
   * For what the blacklist holds. `aliases`: targets found by an alias, as for modprobe; `asked`: all targets, as with its
   * `-b`; `all`: also what they need. Default `aliases`.
   */
  readonly blacklist?: 'aliases' | 'asked' | 'all' | undefined;
  /** Value of this process's `KMODCTL_COMMAND_CHAIN`: the commands above it, which must not be run again. Default none. */
  readonly commandChain?: string | undefined;
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
}

const ASKED: StepReason = { kind: 'asked' };

/**
 * Works out the steps of a load: for each target its dependencies, deepest first, then itself, and around each of them
 * its soft dependencies; each module once, at the first of its places.
 *
 * A target that is loaded needs nothing, not even its dependencies. Only `live` counts as loaded: a module on its way
 * in may still fail, and the kernel makes a second load wait for the first.
 *
 * Several targets with the same name asked for, which is an alias of all of them, are alternatives: none of them is
 * required by itself. With `compat` the last one is.
 *
 * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_PROC`
 */
export function planLoad(request: LoadRequest): LoadPlan {
  const planner = new LoadPlanner(request);
  const modules = new Map<string, Set<string>>();
  for (const { asked, module } of request.targets)
    modules.set(asked, (modules.get(asked) ?? new Set()).add(module));
  const last = new Map(request.targets.map(({ asked, module }) => [asked, module]));
  for (const target of request.targets) {
    const { asked, module } = target;
    const isLast = request.compat === true && last.get(asked) === module;
    planner.addTarget(target, isLast || modules.get(asked)?.size === 1);
  }
  return planner.finish();
}

class LoadPlanner {
  readonly #steps: LoadStep[] = [];
  readonly #obstacles: MetObstacle[] = [];
  readonly #skipped: LeftModule[] = [];
  readonly #request: LoadRequest;
  readonly #kernel: KernelLocation;
  readonly #index: ConfigurationIndex;
  readonly #source: Omit<ProbeSource, 'isRequired'>;
  /** The files that the caller named, by module. */
  readonly #files = new Map<string, string>();
  /** Where the first step of a module is. */
  readonly #places = new Map<string, number>();
  /** Reads it once per plan. */
  readonly #kernelCompression: () => string | undefined;

  constructor(request: LoadRequest) {
    const { tree, configuration = treeConfiguration(tree), compat = false } = request;
    this.#request = request;
    this.#kernel = request.kernel ?? {};
    for (const { module, path } of request.targets) if (path !== null) this.#nameFile(module, path);
    this.#index = indexConfiguration(configuration);
    this.#source = {
      tree,
      index: this.#index,
      softDependencies: softDependenciesFor(tree, configuration, compat),
      ignoreCommands: request.ignoreCommands === true,
      files: this.#files,
      compat,
    };
    let compression: { readonly name: string | undefined } | undefined;
    this.#kernelCompression = () => (compression ??= { name: kernelCompression(this.#kernel) }).name;
  }

  finish(): LoadPlan {
    const { targets } = this.#request;
    const steps = this.#steps;
    const planned = (module: string): LoadStep | undefined => this.#planned(module);
    const { blocked, tolerated } = judgeObstacles(this.#obstacles, { targets, planned });
    return {
      kind: 'load',
      targets: targets.map(({ asked, module, by, alias, origin }) => ({ asked, module, by, alias, origin })),
      steps,
      blocked,
      tolerated,
      skipped: this.#skipped,
    };
  }

  addTarget(target: LookupResult, isRequired: boolean): void {
    const { module } = target;
    const earlier = this.#planned(module);
    if (earlier !== undefined) {
      this.#leave('repeated', module, { reason: earlierText(earlier.because), because: ASKED });
      if (earlier.required || !isRequired) return;
    }
    const { tree, ignoreLoaded } = this.#request;
    const isPartOfKernel = isBuiltin(tree, target);
    if (ignoreLoaded !== true && (isPartOfKernel || this.#isLoaded(module))) {
      if (earlier === undefined) this.#addPresentTarget(target, { isPartOfKernel, isRequired });
      return;
    }
    const line = this.#blacklisting(target);
    if (line !== undefined) {
      this.#leave('blacklisted', module, {
        because: ASKED,
        origin: line.origin,
        reason: blacklistText(line),
      });
      return;
    }
    const { probes, unknown, clashes } = listProbes(target, { ...this.#source, isRequired });
    for (const probe of probes) this.#addProbe(probe, module);
    const { keepRepeats } = this.#request;
    for (const { name, because } of keepRepeats === true ? unknown : new Set(unknown))
      this.#leave('unknown', name, { reason: 'nothing has this name', because, origin: because.origin });
    for (const { module: name, of, path, named } of clashes)
      this.#leave('clash', name, {
        reason: clashText(name, path, named),
        because: { kind: 'dependency', of },
      });
  }

  #nameFile(module: string, path: string): void {
    const other = this.#files.get(module);
    if (other === undefined) this.#files.set(module, path);
    if (other === undefined || other === path) return;
    const reason = `Module ${module} is asked for as ${other} and as ${path}. Only one of them can be loaded.`;
    const code = 'ERR_KMOD_MODULE_FILE';
    this.#hinder({ module, because: ASKED, required: true }, { path, code, reason, errno: null });
  }

  #blacklisting({ module, alias }: LookupResult): BlacklistRecord | undefined {
    const isMeant = alias !== null || (this.#request.blacklist ?? 'aliases') !== 'aliases';
    return isMeant ? this.#index.blacklisting(module) : undefined;
  }

  /** A target that is in the kernel needs nothing. */
  #addPresentTarget(
    { module, path }: LookupResult,
    { isPartOfKernel, isRequired }: { readonly isPartOfKernel: boolean; readonly isRequired: boolean },
  ): void {
    const facts = { module, because: ASKED, required: isRequired } as const;
    const file = path ?? this.#request.tree.dependencyLine(module)?.path ?? null;
    this.#add(
      isPartOfKernel ? { action: 'skip-builtin', ...facts } : { action: 'skip-loaded', path: file, ...facts },
    );
    if (this.#request.firstTime !== true) return;
    const state = isPartOfKernel ? 'is built into the kernel' : 'is loaded';
    const reason = `Module ${module} ${state} already, and its first load was asked for.`;
    const code = 'ERR_KMOD_ALREADY_LOADED';
    this.#hinder(facts, { path: null, code, reason, errno: null });
  }

  #addProbe(probe: Probe, target: string): void {
    const { module, path } = probe;
    const { keepRepeats, blacklist, ignoreLoaded } = this.#request;
    const earlier = this.#places.get(module);
    if (earlier !== undefined && keepRepeats !== true) {
      this.#promote(earlier, probe);
      return;
    }
    // A soft dependency that leads back to the target by another name comes before it in the list.
    const isTarget = probe.isTarget || (module === target && keepRepeats !== true);
    const because = isTarget ? ASKED : probe.because;
    const facts = { module, because, required: probe.required } as const;
    const line = blacklist === 'all' && !isTarget ? this.#index.blacklisting(module) : undefined;
    // To be there counts for nothing then, and a command is what would be run.
    const isListed = ignoreLoaded === true && probe.command !== undefined;
    if (probe.isBuiltin && !isListed) {
      this.#add({ action: 'skip-builtin', ...facts });
    } else if (this.#isLoaded(module)) {
      this.#add({ action: 'skip-loaded', path, ...facts });
    } else if (line !== undefined) {
      this.#addBlacklisted(probe, line);
    } else if (probe.command !== undefined) {
      this.#addCommand({ ...probe, because }, probe.command, this.#optionsOf(probe, isTarget));
    } else if (path === null) {
      this.#addWithoutFile(module, because, probe.required);
    } else {
      const { call, obstacle } = chooseCall(path, this.#kernelCompression, this.#request.compat);
      const options = this.#optionsOf(probe, isTarget);
      this.#add({
        action: 'insert',
        ...facts,
        path,
        parameters: parameterTextOf(options),
        options,
        call,
      });
      if (obstacle !== undefined) this.#hinder(facts, { path, ...obstacle });
    }
  }

  #addCommand(
    { module, path, because, required }: Probe,
    record: NonNullable<Probe['command']>,
    options: readonly OptionText[],
  ): void {
    const { compat = false, commandChain: chain } = this.#request;
    const facts = { module, path, options, compat, chain, because, required } as const;
    const step = commandStep({ directive: 'install', record, ...facts });
    this.#add(step);
    const loop = commandLoop(step, chain);
    if (loop !== undefined) this.#hinder({ module, because, required }, { path, ...loop });
  }

  /** The options of the configuration, then the caller's, which only a target gets. */
  #optionsOf({ module, alias }: Probe, isTarget: boolean): readonly OptionText[] {
    const configured = this.#index.options(module, alias);
    const { parameters = '' } = this.#request;
    if (configured.length === 0 && (!isTarget || parameters === '')) return [];
    const options: OptionText[] = configured.map(({ text, origin }) => ({ text, origin }));
    if (isTarget && parameters !== '') options.push({ text: parameters, origin: null });
    return options;
  }

  #addBlacklisted({ module, path, because, required }: Probe, line: BlacklistRecord): void {
    const reason = blacklistText(line);
    if (!required || this.#request.compat === true) {
      this.#leave('blacklisted', module, { reason, because, origin: line.origin });
      return;
    }
    const text = `Module ${module} is needed, and ${reason}.`;
    const code = 'ERR_KMOD_BLACKLISTED';
    this.#hinder({ module, because, required }, { path, code, reason: text, errno: null });
  }

  #addWithoutFile(module: string, because: StepReason, required: boolean): void {
    const reason = `An alias leads to the module ${module}, but ${this.#request.tree.directory}/modules.dep.bin has none of that name. Run depmod.`;
    if (!required && because.kind !== 'asked') {
      this.#leave('no-file', module, { reason, because });
      return;
    }
    const code = 'ERR_KMOD_NOT_FOUND';
    this.#hinder({ module, because, required }, { path: null, code, reason, errno: null });
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
    if (step.action === 'insert' || step.action === 'command') this.#addWeakDependencies(step.module);
  }

  #addWeakDependencies(of: string): void {
    for (const { dependencies, origin } of this.#index.weakDependencies(of))
      for (const module of dependencies)
        this.#leave('weakdep', module, {
          reason: `${of} may ask for it while it is in use`,
          because: { kind: 'weakdep', of, origin },
          origin,
        });
  }

  #hinder(
    facts: Pick<MetObstacle, 'module' | 'because' | 'required'>,
    obstacle: Pick<Obstacle, 'path' | 'code' | 'reason' | 'errno'>,
  ): void {
    this.#obstacles.push({ ...facts, ...obstacle, holders: [] });
  }

  #leave(
    kind: LeftModule['kind'],
    module: string,
    facts: Pick<LeftModule, 'reason' | 'because'> & Partial<Pick<LeftModule, 'origin'>>,
  ): void {
    this.#skipped.push({ kind, module, origin: null, ...facts });
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

/** In kmod's words. */
function clashText(module: string, path: string, named: string): string {
  return `kmod_module '${module}' already exists with different path: new-path='${path}' old-path='${named}'`;
}

function blacklistText({ origin }: BlacklistRecord): string {
  return `it is blacklisted by ${origin.file}:${origin.line}`;
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
