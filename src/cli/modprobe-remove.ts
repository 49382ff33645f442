import { runEffectsSync } from '../execute/effect.ts';
import { CommandFailure } from '../execute/command-step.ts';
import type { StepEvent } from '../execute/step-result.ts';
import { runUnloadSteps } from '../execute/unload-run.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import { COMMAND_CHAIN, withOptions } from '../plan/configured-command.ts';
import { type KmodUnloadPlan, planKmodUnload } from '../plan/kmod-unload-plan.ts';
import { type LookupResult, lookUp } from '../plan/lookup.ts';
import type { Obstacle, UnloadPlan, UnloadStep } from '../plan/plan.ts';
import { planRuledUnload } from '../plan/modules-conf/unload-plan.ts';
import type { ModulesConfRules } from '../plan/modules-conf/rules.ts';
import { planUnload, type UnloadRequest } from '../plan/unload-plan.ts';
import { loadedIfSupported } from './loaded-list.ts';
import { FATAL_LEVEL, ProgramEnd } from './messages.ts';
import { type ModprobeCall, printAction, rootOf } from './modprobe-call.ts';
import { hasCode, refusalText } from './refusal-text.ts';

/** Removes what one operand of modprobe -r stands for. Answers the exit code. */
export function removeOperand(call: ModprobeCall, operand: string): number {
  if (call.rules !== undefined) return removeByRules(call, operand, call.rules);
  const name = normalizeAlias(operand);
  if (name === undefined) return 1;
  const modules = modulesOf(call, operand, name);
  if (modules.length === 0) {
    tell(call, `Module ${operand} not found.`);
    return 1;
  }
  for (const { module, by } of modules)
    if (removeModule(call, module, by === 'builtin-alias') !== 0) return 1;
  return 0;
}

function removeByRules(call: ModprobeCall, operand: string, rules: ModulesConfRules): number {
  const { configuration } = call;
  const plan = planRuledUnload({
    ...requestOf(call),
    names: [operand],
    rules,
    configuration,
    root: rootOf(call),
  });
  const [obstacle] = plan.blocked;
  if (obstacle === undefined) return performSteps(call, plan);
  tell(call, obstacleText(obstacle));
  return 1;
}

/** Says why something stays, and with that ends the program, unless more modules may follow (-a) or nothing is said (-q). */
function tell({ arguments: given, messages }: ModprobeCall, text: string): void {
  if (given.all) messages.warning(text);
  else messages.fatal(text);
}

/** What matters here of how a module was found. */
type FoundModule = Pick<LookupResult, 'module' | 'by'>;

/** Here a path is no path, but a name that no module has. */
function modulesOf(call: ModprobeCall, operand: string, name: string): readonly FoundModule[] {
  const { arguments: given, configuration, io, tree } = call;
  const isPath = operand.startsWith('/') || operand.startsWith('./');
  if (isPath) return [];
  const found = lookUp(tree, operand, { configuration });
  if (found.length > 0 || given.compat) return found;
  // What is loaded can be unloaded, whether or not the tree still has it.
  return loadedIfSupported(io.kernel).flatMap((module) =>
    module.name === name ? [{ module: name, by: 'name' }] : [],
  );
}

function removeModule(call: ModprobeCall, module: string, hasBuiltinAlias: boolean): number {
  const { arguments: given } = call;
  const { steps, blocked, passed = [] } = planOf(call, module);
  const [obstacle] = blocked;
  // kmod comes upon it only after what it does before.
  const exitCode = obstacle === undefined || given.compat ? performSteps(call, { steps }) : 0;
  for (const stays of passed) tell(call, obstacleText(stays));
  if (exitCode !== 0) return exitCode;
  // modules.builtin lists no part of the kernel that cannot be a module.
  if (obstacle === undefined && !(hasBuiltinAlias && steps.length === 0)) return 0;
  tell(call, obstacle === undefined ? `Module ${module} is builtin.` : obstacleText(obstacle));
  return 1;
}

function requestOf({
  arguments: given,
  io,
  tree,
}: ModprobeCall): Omit<UnloadRequest, 'modules' | 'compat' | 'configuration'> {
  return {
    loaded: loadedIfSupported(io.kernel),
    tree,
    kernel: io.kernel,
    ignoreCommands: given.ignoreCommands,
    commandChain: io.env[COMMAND_CHAIN],
    dependencies: true,
    softDependencies: 'asked',
    removeHolders: given.removeHolders,
    waits: (given.waitMs ?? 0) > 0,
    force: given.force,
    check: given.showDepends ? 'none' : 'users',
    firstTime: given.firstTime,
  };
}

function planOf(call: ModprobeCall, module: string): UnloadPlan & Partial<KmodUnloadPlan> {
  const { arguments: given, configuration, messages } = call;
  const request: UnloadRequest = { ...requestOf(call), modules: [module], configuration };
  if (!given.compat) return planUnload(request);
  return planKmodUnload(request, {
    isFrozen: given.dryRun,
    endsAtRefusal: !given.all && messages.level >= FATAL_LEVEL,
  });
}

function performSteps(call: ModprobeCall, plan: Pick<UnloadPlan, 'steps' | 'course'>): number {
  const { arguments: given, io, messages } = call;
  if (given.dryRun) {
    for (const step of plan.steps) printStep(call, step);
    return 0;
  }
  const run = runUnloadSteps(plan, {
    kernel: io.kernel,
    firstTime: given.firstTime || given.compat,
    waitMs: given.waitMs,
    waitForAll: given.compat,
    compat: given.compat,
    onStep: (event) => tellStep(call, event),
  });
  try {
    runEffectsSync(run, io.syscalls, io.commands);
    return 0;
  } catch (error) {
    if (error instanceof ProgramEnd) throw error;
    const { module = '' } = error as { readonly module?: string };
    if (isCommandFailure(error)) tell(call, commandText(module, directiveOf(error)));
    else messages.error(`could not remove '${module}': ${refusalText(error)}`);
    return 1;
  }
}

function tellStep(call: ModprobeCall, event: StepEvent<UnloadStep>): void {
  const { arguments: given, messages } = call;
  if (event.phase === 'start') {
    printStep(call, event.step);
    return;
  }
  const { error, module } = event.result;
  if (error === null) return;
  // A failure that does not count. kmod tells of a module that stays, and ends with a command that fails.
  if (event.step.action === 'command') {
    const text = commandText(module, event.step.directive);
    if (given.compat) tell(call, text);
    else messages.warning(text);
  } else if (given.compat && given.waitMs === undefined) {
    messages.error(`could not remove '${module}': ${refusalText(error)}`);
  }
}

function isCommandFailure(error: unknown): boolean {
  return error instanceof Error && hasCode(error.cause, 'ERR_KMOD_COMMAND_FAILED');
}

function directiveOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof CommandFailure ? cause.step.directive : 'remove';
}

function commandText(module: string, directive: string): string {
  return `Error running ${directive} command for ${module}`;
}

function printStep(call: ModprobeCall, step: UnloadStep): void {
  if (step.action === 'delete') printAction(call, `rmmod ${step.module}`);
  else printAction(call, `${step.directive} ${withOptions(step.template, '')}`);
}

function obstacleText({ module, code, reason }: Obstacle): string {
  switch (code) {
    case 'ERR_KMOD_NOT_LOADED':
      return `Module ${module} is not in kernel.`;
    case 'ERR_KMOD_BUILTIN':
      return `Module ${module} is builtin.`;
    case 'ERR_KMOD_IN_USE':
      return `Module ${module} is in use.`;
    default:
      return reason;
  }
}
