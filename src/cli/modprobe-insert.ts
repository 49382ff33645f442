import type { Run } from '../execute/effect.ts';
import { loadRun } from '../execute/load-run.ts';
import type { StepEvent } from '../execute/step-result.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import { COMMAND_CHAIN, optionText } from '../plan/configured-command.ts';
import { planLoad } from '../plan/load-plan.ts';
import { lookUp, type LookupResult } from '../plan/lookup.ts';
import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import { tellFailure, tellStepFailure } from './insert-failure.ts';
import { tellLookups } from './lookup-messages.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { logOwnerRefusal, logRequest } from './modprobe-request.ts';
import { hasCode, refusalText } from './refusal-text.ts';

/** What became of one module: it is in the kernel, it could not be brought there, or the blacklist holds it back. */
type TargetOutcome = 'present' | 'failed' | 'left';

/** Inserts what one operand of modprobe stands for. Answers the exit code. */
export function* insertOperand(call: ModprobeCall, operand: string, parameters: string): Run<number> {
  const { arguments: given, io } = call;
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
  const { arguments: given, configuration, io, messages, tree } = call;
  const makePlan = (): LoadPlan =>
    planLoad({
      targets: [target],
      tree,
      configuration,
      compat: given.compat,
      ignoreCommands: given.ignoreCommands,
      blacklist: given.useBlacklist ? 'asked' : 'aliases',
      commandChain: io.env[COMMAND_CHAIN],
      parameters,
      kernel: io.kernel,
      ignoreLoaded: given.showDepends,
      firstTime: given.firstTime && !given.showDepends,
      keepRepeats: given.dryRun,
    });
  const plan = makePlan();
  tellLookups(call, plan);
  if (given.dryRun) return showPlan(call, plan);
  try {
    yield* loadRun(plan, {
      kernel: io.kernel,
      compat: given.compat,
      checkOwner: given.checkOwner ?? (given.safe ? 'refuse' : undefined),
      firstTime: given.firstTime,
      forceModversion: given.forceModversion,
      forceVermagic: given.forceVermagic,
      jobs: given.jobs,
      autoclean: given.autoclean,
      ...(!given.rollback && { rollback: false }),
      onStep: (event) => tellStep(call, event),
      onOwnerFinding: ({ text }) =>
        given.safe ? logRequest(io, target.asked, text) : messages.warning(text),
      dependenciesOf: (module) => tree.dependencyLine(module)?.dependencies.map(moduleNameOfPath),
      replan: makePlan,
    });
    return plan.steps.some(({ because }) => because.kind === 'asked') ? 'present' : 'left';
  } catch (error) {
    if (given.safe) logOwnerRefusal(io, target.asked, error);
    tellFailure(call, target.module, error);
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
  for (const step of plan.steps) printStep(call, step);
  for (const { code, because, reason } of plan.blocked)
    if (code === 'ERR_KMOD_MODULE_FILE' && because.kind === 'dependency') messages.error(reason);
  return 'present';
}

function printStep({ arguments: given, printAction }: ModprobeCall, step: LoadStep): void {
  switch (step.action) {
    case 'insert':
      printAction(`insmod ${step.path} ${optionText(step.options)}`);
      break;
    case 'command':
      printAction(`install ${step.template} ${optionText(step.options)}`);
      break;
    case 'skip-builtin':
      if (given.showDepends) printAction(`builtin ${step.module}`);
      break;
    default:
  }
}
