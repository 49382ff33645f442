import type { Run } from '../execute/effect.ts';
import { loadRun } from '../execute/load-run.ts';
import type { StepEvent } from '../execute/step-result.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import { COMMAND_CHAIN, optionText } from '../plan/configured-command.ts';
import { type LoadRequest, planLoad } from '../plan/load-plan.ts';
import { planRuledLoad } from '../plan/modules-conf/load-plan.ts';
import type { ModulesConfRules } from '../plan/modules-conf/rules.ts';
import { expectedSteps } from '../plan/step-group.ts';
import { lookUp, type LookupResult } from '../plan/lookup.ts';
import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import { tellFailure, tellStepFailure } from './insert-failure.ts';
import { tellLookups } from './lookup-messages.ts';
import { type ModprobeCall, printAction, rootOf } from './modprobe-call.ts';
import { logOwnerRefusal, logRequest } from './modprobe-request.ts';
import { hasCode, refusalText } from './refusal-text.ts';

/** What became of one module: it is in the kernel, it could not be brought there, or the blacklist holds it back. */
type TargetOutcome = 'present' | 'failed' | 'left';

/** Inserts what one operand of modprobe stands for. Answers the exit code. */
export function* insertOperand(call: ModprobeCall, operand: string, parameters: string): Run<number> {
  const { arguments: given, io, rules } = call;
  if (rules !== undefined) return yield* insertByRules(call, operand, { rules, parameters });
  const targets = findTargets(call, operand);
  if (targets.length === 0) return 1;
  if (given.resolveAlias) {
    for (const { module } of targets) io.stdout(`${module}\n`);
    return 0;
  }
  const outcomes: TargetOutcome[] = [];
  for (const target of targets) outcomes.push(yield* insertTarget(call, target, parameters));
  return exitCodeOf(outcomes, given.compat);
}

/**
 * Of several modules behind one alias each is tried: devices are announced with aliases that more than one driver claims, of
 * which some find nothing to do. One that is in the kernel in the end is enough. For kmod the last one's result is all.
 */
function exitCodeOf(outcomes: readonly TargetOutcome[], compat: boolean): number {
  if (compat) return outcomes.at(-1) === 'failed' ? 1 : 0;
  return outcomes.includes('failed') && !outcomes.includes('present') ? 1 : 0;
}

function findTargets(call: ModprobeCall, operand: string): readonly LookupResult[] {
  const { tree, configuration, messages, io } = call;
  const tell = (text: string): readonly LookupResult[] => {
    if (call.arguments.all) messages.warning(text);
    else messages.fatal(text);
    return [];
  };
  try {
    const targets = lookUp(tree, operand, { configuration, workingDirectory: io.workingDirectory });
    return targets.length > 0 ? targets : tell(`Module ${operand} not found in directory ${tree.directory}`);
  } catch (error) {
    if (!hasCode(error, 'ERR_KMOD_MODULE_FILE')) throw error;
    return tell(`Failed to get module from path ${operand}: ${refusalText(error)}`);
  }
}

function* insertTarget(call: ModprobeCall, target: LookupResult, parameters: string): Run<TargetOutcome> {
  return yield* performPlan(call, target, () => planTargets(call, [target], parameters));
}

/** The plan for targets as the command line wants it. */
export function planTargets(
  call: ModprobeCall,
  targets: readonly LookupResult[],
  parameters: string,
): LoadPlan {
  const { compat, dryRun: keepRepeats } = call.arguments;
  return planLoad({ ...requestOf(call, parameters), targets, compat, keepRepeats });
}

function* insertByRules(
  call: ModprobeCall,
  operand: string,
  { rules, parameters }: { readonly rules: ModulesConfRules; readonly parameters: string },
): Run<number> {
  const { arguments: given, configuration, io, messages } = call;
  const place = { root: rootOf(call), workingDirectory: io.workingDirectory };
  const request = { ...requestOf(call, parameters), ...place, configuration, names: [operand], rules };
  const plan = planRuledLoad(request);
  const missing = plan.blocked.find(({ code }) => code === 'ERR_KMOD_NOT_FOUND');
  if (missing !== undefined) {
    if (given.all) messages.warning(missing.reason);
    else messages.fatal(missing.reason);
    return 1;
  }
  if (given.resolveAlias) {
    for (const module of new Set(plan.targets.map((target) => target.module))) io.stdout(`${module}\n`);
    return 0;
  }
  const target = { asked: operand, module: plan.targets[0]?.module ?? operand };
  const outcome = yield* performPlan(call, target, () => planRuledLoad(request));
  return outcome === 'failed' ? 1 : 0;
}

function requestOf(
  { arguments: given, configuration, io, tree }: ModprobeCall,
  parameters: string,
): Omit<LoadRequest, 'targets' | 'compat' | 'keepRepeats' | 'configuration'> &
  Pick<ModprobeCall, 'configuration'> {
  return {
    tree,
    configuration,
    ignoreCommands: given.ignoreCommands,
    blacklist: given.useBlacklist ? 'asked' : 'aliases',
    commandChain: io.env[COMMAND_CHAIN],
    parameters,
    kernel: io.kernel,
    ignoreLoaded: given.showDepends,
    firstTime: given.firstTime && !given.showDepends,
  };
}

function* performPlan(
  call: ModprobeCall,
  { asked, module }: Pick<LookupResult, 'asked' | 'module'>,
  makePlan: () => LoadPlan,
): Run<TargetOutcome> {
  const { arguments: given, io, messages, rules, tree } = call;
  const isForced = rules?.isForced === true;
  const plan = makePlan();
  tellLookups(call, plan);
  if (given.dryRun) return showPlan(call, plan);
  try {
    yield* loadRun(plan, {
      kernel: io.kernel,
      compat: given.compat,
      checkOwner: given.checkOwner ?? (given.safe ? 'refuse' : undefined),
      firstTime: given.firstTime,
      forceModversion: given.forceModversion || isForced,
      forceVermagic: given.forceVermagic || isForced,
      jobs: given.jobs,
      autoclean: given.autoclean,
      ...(!given.rollback && { rollback: false }),
      onStep: (event) => tellStep(call, event),
      onOwnerFinding: ({ text }) => (given.safe ? logRequest(io, asked, text) : messages.warning(text)),
      dependenciesOf: (name) => tree.dependencyLine(name)?.dependencies.map(moduleNameOfPath),
      replan: makePlan,
    });
    return plan.steps.some(({ because }) => because.kind === 'asked') ? 'present' : 'left';
  } catch (error) {
    if (given.safe) logOwnerRefusal(io, asked, error);
    tellFailure(call, module, error);
    return 'failed';
  }
}

function tellStep(call: ModprobeCall, event: StepEvent<LoadStep>): void {
  if (event.phase === 'start') printStep(call, event.step);
  else if (event.result.error !== null) tellStepFailure(call, event.step, event.result.error);
}

/** A dry run fails only where something was to be loaded for the first time; what it cannot know it does not guess. */
function showPlan(call: ModprobeCall, plan: LoadPlan): TargetOutcome {
  const { messages } = call;
  const present = plan.blocked.find(({ code }) => code === 'ERR_KMOD_ALREADY_LOADED');
  if (present !== undefined) {
    messages.error(`could not insert '${present.module}': Module already in kernel`);
    return 'failed';
  }
  for (const step of expectedSteps(plan)) printStep(call, step);
  for (const { code, because, reason } of plan.blocked)
    if (code === 'ERR_KMOD_MODULE_FILE' && because.kind === 'dependency') messages.error(reason);
  return 'present';
}

function printStep(call: ModprobeCall, step: LoadStep): void {
  switch (step.action) {
    case 'insert':
      printAction(call, `insmod ${step.path} ${optionText(step.options)}`);
      break;
    case 'command':
      printAction(call, `${step.directive} ${step.template} ${optionText(step.options)}`);
      break;
    case 'skip-builtin':
      if (call.arguments.showDepends) printAction(call, `builtin ${step.module}`);
      break;
    default:
  }
}
