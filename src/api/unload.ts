import { argumentRangeError, requireOptions } from '../errors/argument.ts';
import { dryRun } from '../execute/dry-run.ts';
import { runEffects, runEffectsSync } from '../execute/effect.ts';
import type { StepOutcome, StepResult } from '../execute/step-result.ts';
import { unloadRun } from '../execute/unload-run.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import { moduleCalls } from '../native/real-calls.ts';
import { COMMAND_CHAIN } from '../plan/configured-command.ts';
import type { UnloadPlan } from '../plan/plan.ts';
import { planRuledUnload } from '../plan/modules-conf/unload-plan.ts';
import { planUnload } from '../plan/unload-plan.ts';
import {
  type ConfigurationOptions,
  configurationOf,
  configurationOptionTypes,
  rulesOf,
} from './configuration-options.ts';
import { withExplanation, withExplanationSync } from './explained-error.ts';
import { requireNames } from './names-argument.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';
import { type PreparedRun, requireSignal, type RunOptions, runOptionTypes } from './run-options.ts';

/** Options of {@link planRemoval}. */
export interface PlanRemovalOptions extends PlaceOptions, ConfigurationOptions {
  /**
   * As `modprobe -r` does: remove commands of the configuration are run in place of unloading, and what the modules
   * needed and nothing needs any more is unloaded too, and what was loaded with them as soft dependencies and is not in
   * use. Otherwise no configuration is read. Default false.
   */
  readonly dependencies?: boolean | undefined;
  /** Also unload the modules that use those named, and their users in turn. Default false. */
  readonly removeHolders?: boolean | undefined;
  /**
   * Unload in spite of users other than modules, and modules without an exit function. May crash the machine; taints
   * the kernel. Default false.
   */
  readonly force?: boolean | undefined;
  /** A module that is not loaded is an error; otherwise it is skipped. Default true. */
  readonly firstTime?: boolean | undefined;
  /**
   * How long to try again while a module that has to go is in use, or comes or goes by someone else's doing, in
   * milliseconds, for each of them. With more than 0 being in use is no obstacle of the plan. Default 0.
   */
  readonly waitMs?: number | undefined;
}

/** Options of {@link rmmod}. */
export interface RmmodOptions extends PlanRemovalOptions, RunOptions {}

/** What an unload did. */
export interface UnloadResult {
  /** The kernel's names of the modules that are gone, in the order of unloading. */
  readonly modules: readonly string[];
  readonly steps: readonly StepResult[];
  /** Time for all, in milliseconds. */
  readonly durationMs: number;
}

const STAYED: ReadonlySet<StepOutcome> = new Set<StepOutcome>(['kept', 'failed-optional']);

const planRemovalOptionTypes = {
  ...placeOptionTypes,
  ...configurationOptionTypes,
  dependencies: 'boolean',
  removeHolders: 'boolean',
  waitMs: 'number',
  force: 'boolean',
  firstTime: 'boolean',
} as const;
const rmmodOptionTypes = { ...planRemovalOptionTypes, ...runOptionTypes } as const;

/**
 * Works out what unloading would do, without doing it.
 *
 * @param names module names, or files whose names they have
 * @throws TypeError, RangeError for wrong arguments; KmodError `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_PROC`,
 *   `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_INDEX_UNREADABLE`
 */
export function planRemoval(names: string | readonly string[], options: PlanRemovalOptions = {}): UnloadPlan {
  requireOptions('options', options, planRemovalOptionTypes);
  requireWait(options);
  return makePlan(requireNames(names), options);
}

/**
 * Unloads modules, users before the used. Nothing is unloaded when one of them cannot be.
 *
 * @param names module names, or files whose names they have
 * @throws TypeError for wrong arguments; what {@link planRemoval} throws; PlanFailure `ERR_KMOD_NOT_LOADED`,
 *   `ERR_KMOD_BUILTIN`, `ERR_KMOD_IN_USE` (with `holders`), `ERR_KMOD_PERMANENT`, `ERR_KMOD_NO_UNLOAD_SUPPORT`,
 *   `ERR_KMOD_UNLOAD_FAILED`, `ERR_KMOD_ABORTED`
 */
export async function rmmod(
  names: string | readonly string[],
  options: RmmodOptions = {},
): Promise<UnloadResult> {
  return await withExplanation({ action: 'unload', names, options }, async () => {
    const { run, calls, finish } = prepareRmmod(names, options);
    return finish(await runEffects(run, calls));
  });
}

/** {@link rmmod}, blocking. */
export function rmmodSync(names: string | readonly string[], options: RmmodOptions = {}): UnloadResult {
  return withExplanationSync({ action: 'unload', names, options }, () => {
    const { run, calls, finish } = prepareRmmod(names, options);
    return finish(runEffectsSync(run, calls));
  });
}

function prepareRmmod(names: unknown, options: RmmodOptions): PreparedRun<UnloadResult> {
  const started = performance.now();
  requireOptions('options', options, rmmodOptionTypes);
  requireSignal(options);
  requireWait(options);
  const unloadPlan = makePlan(requireNames(names), options);
  const kernel = kernelOf(options);
  return {
    run: options.dryRun === true ? dryRun(unloadPlan) : unloadRun(unloadPlan, { ...options, kernel }),
    calls: options.syscalls ?? moduleCalls,
    finish: (steps) => ({
      modules: steps.filter(isGone).map(({ module }) => module),
      steps,
      durationMs: performance.now() - started,
    }),
  };
}

function isGone({ outcome, state }: StepResult): boolean {
  // What a command does nobody knows.
  return outcome === 'command-run' ? state === null : !STAYED.has(outcome);
}

function requireWait({ waitMs }: PlanRemovalOptions): void {
  if (waitMs !== undefined && !(waitMs >= 0))
    throw argumentRangeError('options.waitMs', 'a number of milliseconds, 0 or more', waitMs);
}

function makePlan(names: readonly string[], options: PlanRemovalOptions): UnloadPlan {
  const kernel = kernelOf(options);
  const tree = treeOf(options);
  const isWhole = options.dependencies === true;
  const request = {
    loaded: loadedModules(kernel),
    tree,
    kernel,
    ignoreCommands: options.ignoreCommands,
    commandChain: process.env[COMMAND_CHAIN],
    dependencies: isWhole,
    softDependencies: softDependenciesOf(options),
    removeHolders: options.removeHolders,
    waits: (options.waitMs ?? 0) > 0,
    force: options.force,
    check: options.force === true ? 'holders' : 'all',
    firstTime: options.firstTime,
  } as const;
  const rules = isWhole ? rulesOf(options, tree) : undefined;
  const configuration = isWhole ? configurationOf(options, tree) : undefined;
  if (rules !== undefined && configuration !== undefined)
    return planRuledUnload({ ...request, names, rules, configuration, root: options.root });
  return planUnload({
    ...request,
    modules: names.map(moduleNameOfPath),
    configuration,
    compat: options.compat,
  });
}

function softDependenciesOf({ dependencies, compat }: PlanRemovalOptions): 'none' | 'asked' | 'all' {
  if (dependencies !== true) return 'none';
  return compat === true ? 'asked' : 'all';
}
