import { resolve } from 'node:path';

import { argumentTypeError, requireInteger, requireOptions, requireString } from '../errors/argument.ts';
import { runEffects, runEffectsSync } from '../execute/effect.ts';
import { isOwnerCheck, type OwnerCheck, type OwnerFinding } from '../execute/file-owner.ts';
import type { LoadRunOptions } from '../execute/load-options.ts';
import { loadRun } from '../execute/load-run.ts';
import { dryRun } from '../execute/dry-run.ts';
import type { StepResult } from '../execute/step-result.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import { moduleCalls } from '../native/real-calls.ts';
import { COMMAND_CHAIN } from '../plan/configured-command.ts';
import { planInsert } from '../plan/insert-plan.ts';
import { planLoad } from '../plan/load-plan.ts';
import { planRuledLoad } from '../plan/modules-conf/load-plan.ts';
import { requireModules } from '../plan/lookup.ts';
import { type ModuleParameters, parameterText } from '../plan/module-parameters.ts';
import type { LeftModule, LoadPlan } from '../plan/plan.ts';
import {
  configurationOf,
  type ConfigurationOptions,
  configurationOptionTypes,
  rulesOf,
} from './configuration-options.ts';
import { withExplanation, withExplanationSync } from './explained-error.ts';
import { requireNames } from './names-argument.ts';
import { kernelOf, type PlaceOptions, placeOptionTypes, treeOf } from './place-options.ts';
import { type PreparedRun, requireSignal, type RunOptions, runOptionTypes } from './run-options.ts';

/** Options of {@link plan}. */
export interface PlanOptions extends PlaceOptions, ConfigurationOptions {
  /** Parameters of the module; with several names each gets its own by calling once per name. Default none. */
  readonly parameters?: ModuleParameters | undefined;
  /** A module that is in the kernel already is an obstacle. Default false. */
  readonly firstTime?: boolean | undefined;
  /** Plan as if nothing were loaded. Default false. */
  readonly ignoreLoaded?: boolean | undefined;
  /**
   * For what the blacklist holds: `aliases` for modules that are named by an alias, `asked` for all that are named, `all` also
   * for what they need. Default `aliases`.
   */
  readonly blacklist?: (typeof blacklistStrengths)[number] | undefined;
}

/** How modules are inserted. */
export interface InsertOptions {
  /** Whether a failed load unloads what it had loaded. Default true. */
  readonly rollback?: boolean | undefined;
  /** Load in spite of another version magic; taints the kernel. Default false. */
  readonly forceVermagic?: boolean | undefined;
  /** Load in spite of other symbol versions; taints the kernel. Default false. */
  readonly forceModversion?: boolean | undefined;
  /** How long to wait for others who work on the same modules, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Time for the whole, in milliseconds, looked at between two steps. Default: none. */
  readonly deadlineMs?: number | undefined;
  /**
   * Whether files are used that somebody else than root could change: module files, the folders above them, and files of
   * the configuration. Default: for root `warn` (see {@link LoadResult.ownerFindings}), otherwise `off`.
   */
  readonly checkOwner?: OwnerCheck | undefined;
  /** Whether to keep out of the way of other loads and unloads by this package. Default true. */
  readonly lock?: boolean | undefined;
  /** Mark what this call loads, so that `autoclean()` may unload it when nothing uses it. Default false. */
  readonly autoclean?: boolean | undefined;
}

/** Options of {@link modprobe}. */
export interface ModprobeOptions extends Omit<PlanOptions, 'ignoreLoaded'>, InsertOptions, RunOptions {
  /**
   * How many modules that do not need each other may be loaded at the same time. The end is the same as one by one, which is
   * also what {@link modprobeSync} does. Default 1.
   */
  readonly jobs?: number | undefined;
}

/** Options of {@link insmod}. */
export interface InsmodOptions extends Pick<PlaceOptions, 'kernelRoot'>, InsertOptions, RunOptions {}

/** What a load did. */
export interface LoadResult {
  /** The kernel's names of the modules asked for; an alias may stand for several. */
  readonly modules: readonly string[];
  readonly steps: readonly StepResult[];
  /** What was left alone, as the blacklist wants it, and why. */
  readonly skipped: readonly LeftModule[];
  /** Whether everything asked for was in the kernel before. */
  readonly alreadyLoaded: boolean;
  /** Files that were used and that somebody else than root could change, each place once. */
  readonly ownerFindings: readonly OwnerFinding[];
  /** Time for all, in milliseconds. */
  readonly durationMs: number;
}

const blacklistStrengths = ['aliases', 'asked', 'all'] as const;

const planOptionTypes = {
  ...placeOptionTypes,
  ...configurationOptionTypes,
  blacklist: 'string',
  parameters: ['string', 'object'],
  firstTime: 'boolean',
  ignoreLoaded: 'boolean',
} as const;

const insertOptionTypes = {
  rollback: 'boolean',
  forceVermagic: 'boolean',
  forceModversion: 'boolean',
  busyTimeoutMs: 'number',
  deadlineMs: 'number',
  checkOwner: 'string',
  lock: 'boolean',
  autoclean: 'boolean',
} as const;

const { ignoreLoaded: _, ...modprobePlanTypes } = planOptionTypes;
const modprobeOptionTypes = {
  ...modprobePlanTypes,
  ...insertOptionTypes,
  ...runOptionTypes,
  jobs: 'number',
} as const;
const insmodOptionTypes = { kernelRoot: 'string', ...insertOptionTypes, ...runOptionTypes } as const;

/** More would not help, and threads are not free. */
const MOST_JOBS = 999;

/**
 * Works out what loading would do, without doing it: reads the module tree and /sys, needs no privilege.
 *
 * @param names module names, aliases, or files (beginning with `/` or `./`)
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_NOT_FOUND`, `ERR_KMOD_INDEX_MISSING`,
 *   `ERR_KMOD_INDEX_CORRUPT`, `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_PROC`
 */
export function plan(names: string | readonly string[], options: PlanOptions = {}): LoadPlan {
  requireOptions('options', options, planOptionTypes);
  return makePlan(requireNames(names), options);
}

/**
 * Loads modules with all that they need, as modprobe(8) does. Modules that are loaded already are left as they are.
 * When a step fails, what this call loaded is unloaded again, and nothing else.
 *
 * The event loop is not blocked while a module initialises itself. An alias that several modules have is satisfied by one
 * of them. Install commands of the configuration are run by `/bin/sh`.
 *
 * @param names module names, aliases, or files (beginning with `/` or `./`)
 * @throws TypeError for wrong arguments; what {@link plan} throws; PlanFailure with the code of an obstacle
 *   (`ERR_KMOD_MODULE_FILE`, `ERR_KMOD_ALREADY_LOADED`), `ERR_KMOD_LOAD_FAILED` or `ERR_KMOD_ABORTED`; KmodError
 *   `ERR_KMOD_OWNER` for a file of the configuration
 */
export async function modprobe(
  names: string | readonly string[],
  options: ModprobeOptions = {},
): Promise<LoadResult> {
  return await withExplanation({ action: 'load', names, options }, async () => {
    const { run, calls, finish } = prepareModprobe(names, options);
    return finish(await runEffects(run, calls));
  });
}

/** {@link modprobe}, blocking. */
export function modprobeSync(names: string | readonly string[], options: ModprobeOptions = {}): LoadResult {
  return withExplanationSync({ action: 'load', names, options }, () => {
    const { run, calls, finish } = prepareModprobe(names, options);
    return finish(runEffectsSync(run, calls));
  });
}

/**
 * Loads one file and nothing that it needs, as insmod(8) does. That the module is loaded already is an error.
 *
 * @param path the module's file, plain or compressed
 * @param parameters default none
 * @throws TypeError for wrong arguments; PlanFailure `ERR_KMOD_MODULE_FILE`, `ERR_KMOD_LOAD_FAILED`,
 *   `ERR_KMOD_ABORTED`
 */
export async function insmod(
  path: string,
  parameters: ModuleParameters = '',
  options: InsmodOptions = {},
): Promise<LoadResult> {
  return await withExplanation({ action: 'load', names: path, options }, async () => {
    const { run, calls, finish } = prepareInsmod(path, parameters, options);
    return finish(await runEffects(run, calls));
  });
}

/** {@link insmod}, blocking. */
export function insmodSync(
  path: string,
  parameters: ModuleParameters = '',
  options: InsmodOptions = {},
): LoadResult {
  return withExplanationSync({ action: 'load', names: path, options }, () => {
    const { run, calls, finish } = prepareInsmod(path, parameters, options);
    return finish(runEffectsSync(run, calls));
  });
}

function prepareModprobe(names: unknown, options: ModprobeOptions): PreparedRun<LoadResult> {
  const started = performance.now();
  requireOptions('options', options, modprobeOptionTypes);
  requireSignal(options);
  requireInsertOptions(options);
  requireInteger('options.jobs', options.jobs ?? 1, 1, MOST_JOBS);
  const wanted = requireNames(names);
  const tree = treeOf(options);
  const rules = rulesOf(options, tree, options.autoclean);
  // Read once, also for a plan that is made anew.
  const planOptions = { ...options, ...(rules !== undefined && { modulesConf: rules.model }) };
  const loadPlan = makePlan(wanted, planOptions);
  const runOptions: LoadRunOptions & RunOptions = {
    ...options,
    kernel: kernelOf(options),
    ...(rules?.isForced === true && { forceVermagic: true, forceModversion: true }),
    dependenciesOf: (module) => tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath),
    replan: () => makePlan(wanted, planOptions),
  };
  return prepareRun(loadPlan, runOptions, started);
}

function prepareInsmod(
  path: unknown,
  parameters: ModuleParameters,
  options: InsmodOptions,
): PreparedRun<LoadResult> {
  const started = performance.now();
  requireOptions('options', options, insmodOptionTypes);
  requireSignal(options);
  requireInsertOptions(options);
  const kernel = kernelOf(options);
  const loadPlan = planInsert(resolve(requireString('path', path)), parameterText(parameters), kernel);
  return prepareRun(loadPlan, { ...options, kernel, firstTime: true }, started);
}

function requireInsertOptions({ checkOwner, busyTimeoutMs = 0, deadlineMs = 0 }: InsertOptions): void {
  if (checkOwner !== undefined && !isOwnerCheck(checkOwner))
    throw argumentTypeError('options.checkOwner', 'one of off, warn, refuse', checkOwner);
  requireInteger('options.busyTimeoutMs', busyTimeoutMs, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('options.deadlineMs', deadlineMs, 0, Number.MAX_SAFE_INTEGER);
}

function prepareRun(
  loadPlan: LoadPlan,
  options: LoadRunOptions & RunOptions,
  started: number,
): PreparedRun<LoadResult> {
  const ownerFindings: OwnerFinding[] = [];
  const onOwnerFinding = (finding: OwnerFinding): void => void ownerFindings.push(finding);
  return {
    run: options.dryRun === true ? dryRun(loadPlan) : loadRun(loadPlan, { ...options, onOwnerFinding }),
    calls: options.syscalls ?? moduleCalls,
    finish: (steps) => {
      const asked = steps.filter(({ because }) => because.kind === 'asked');
      return {
        modules: [...new Set([...asked.map(({ module }) => module), ...askedTwice(loadPlan)])],
        steps,
        alreadyLoaded:
          asked.length > 0 &&
          asked.every(({ outcome }) => outcome === 'already-loaded' || outcome === 'builtin'),
        skipped: loadPlan.skipped,
        ownerFindings,
        durationMs: performance.now() - started,
      };
    },
  };
}

function askedTwice({ skipped }: LoadPlan): readonly string[] {
  return skipped.filter(({ kind }) => kind === 'repeated').map(({ module }) => module);
}

function makePlan(names: readonly string[], options: PlanOptions): LoadPlan {
  const parameters = parameterText(options.parameters ?? '');
  if (parameters !== '' && names.length > 1)
    throw new TypeError('The option "parameters" goes with one name; load the modules one by one');
  const { blacklist = 'aliases', compat, ignoreCommands } = options;
  if (!blacklistStrengths.includes(blacklist))
    throw argumentTypeError('options.blacklist', `one of ${blacklistStrengths.join(', ')}`, blacklist);
  // A plan looks at a few pages of some megabytes.
  const tree = treeOf(options, { inPieces: true });
  try {
    const configuration = configurationOf(options, tree);
    const request = {
      tree,
      configuration,
      ignoreCommands,
      blacklist,
      commandChain: process.env[COMMAND_CHAIN],
      parameters,
      kernel: kernelOf(options),
      firstTime: options.firstTime,
      ignoreLoaded: options.ignoreLoaded,
    };
    const rules = rulesOf(options, tree);
    if (rules !== undefined) return planRuledLoad({ ...request, names, rules, root: options.root });
    const targets = names.flatMap((name) => requireModules(tree, name, { configuration }));
    return planLoad({ ...request, targets, compat });
  } finally {
    tree.close();
  }
}
