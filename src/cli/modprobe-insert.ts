import { runEffectsSync } from '../execute/effect.ts';
import { loadRun } from '../execute/load-run.ts';
import { planLoad } from '../plan/load-plan.ts';
import { lookUp, type LookupResult } from '../plan/lookup.ts';
import type { LoadPlan, LoadStep } from '../plan/plan.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { hasCode, modprobeWords, refusalText } from './refusal-text.ts';

/** Inserts what one operand of modprobe stands for. Answers the exit code. */
export function insertOperand(call: ModprobeCall, operand: string, parameters: string): number {
  const targets = findTargets(call, operand);
  // Of several modules with one alias each is tried, and the last one's success counts: devices are announced with
  // aliases that more than one driver claims.
  let exitCode = 1;
  for (const target of targets) exitCode = insertTarget(call, target, parameters);
  return exitCode;
}

function findTargets(call: ModprobeCall, operand: string): readonly LookupResult[] {
  const { tree, messages, io } = call;
  let targets: readonly LookupResult[];
  try {
    targets = lookUp(tree, operand, { workingDirectory: io.workingDirectory });
  } catch (error) {
    if (!hasCode(error, 'ERR_KMOD_MODULE_FILE')) throw error;
    messages.fatal(`Failed to get module from path ${operand}: ${refusalText(error)}`);
    return [];
  }
  if (targets.length > 0) return targets;
  const text = `Module ${operand} not found in directory ${tree.directory}`;
  if (call.arguments.all) messages.warning(text);
  else messages.fatal(text);
  return [];
}

function insertTarget(call: ModprobeCall, target: LookupResult, parameters: string): number {
  const { arguments: given, io, messages, tree } = call;
  const plan = planLoad({
    targets: [target],
    tree,
    parameters,
    kernel: io.kernel,
    ignoreLoaded: given.showDepends,
    firstTime: given.firstTime && !given.showDepends,
    keepRepeats: given.dryRun,
  });
  try {
    if (given.dryRun) return showPlan(call, plan);
    runEffectsSync(
      loadRun(plan, {
        kernel: io.kernel,
        firstTime: given.firstTime,
        forceVermagic: given.forceVermagic,
        forceModversion: given.forceModversion,
        onStep: (event) => {
          if (event.phase === 'start') printInsert(call, event.step);
        },
      }),
      io.syscalls,
      io.commands,
    );
    return 0;
  } catch (error) {
    messages.error(`could not insert '${target.module}': ${insertFailureText(error)}`);
    return 1;
  }
}

function insertFailureText(error: unknown): string {
  if (hasCode(error, 'ERR_KMOD_ALREADY_LOADED')) return 'Module already in kernel';
  // Its errno would get words that are meant for the kernel's refusals.
  if (hasCode(error, 'ERR_KMOD_MODULE_FILE')) return error.message;
  return refusalText(error, modprobeWords);
}

function showPlan(call: ModprobeCall, plan: LoadPlan): number {
  const { module = '' } = plan.blocked.find(({ code }) => code === 'ERR_KMOD_ALREADY_LOADED') ?? {};
  if (module !== '') {
    call.messages.error(`could not insert '${module}': Module already in kernel`);
    return 1;
  }
  for (const step of plan.steps) printInsert(call, step);
  return 0;
}

function printInsert({ arguments: given, printAction }: ModprobeCall, step: LoadStep): void {
  if (step.action === 'insert') printAction(`insmod ${step.path} ${step.parameters}`);
  else if (step.action === 'skip-builtin' && given.showDepends) printAction(`builtin ${step.module}`);
}
