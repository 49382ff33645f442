import { planRemoval } from '../api/unload.ts';
import { reasonText, type UnloadPlan, type UnloadStep } from '../plan/plan.ts';
import type { CliIo } from './cli-io.ts';
import { jsonDocument } from './json-output.ts';
import { modulesText } from './kmodctl-load.ts';
import type { SubcommandArguments } from './kmodctl-options.ts';
import { removalOptions } from './kmodctl-unload.ts';
import { textTable } from './text-table.ts';

/** `kmodctl plan --remove`. Answers the exit code. */
export function runPlanRemoval(given: SubcommandArguments, io: CliIo): number {
  const plan = planRemoval(given.operands, removalOptions(given, io));
  io.stdout(given.has('json') ? jsonDocument('plan', plan) : planText(plan));
  return plan.blocked.length === 0 ? 0 : 1;
}

function planText({ steps, blocked, skipped }: UnloadPlan): string {
  const rows = steps.map((step) => [step.module, actionText(step), reasonText(step.because)]);
  const left = skipped.map(
    ({ module, because, reason }) => `kept: ${module}, ${reasonText(because)}: ${reason}\n`,
  );
  const obstacles = blocked.map(({ reason }) => `blocked: ${reason}\n`);
  const sum = blocked.length > 0 ? 'The plan cannot be run.\n' : `${modulesText(steps.length)} to unload.\n`;
  return [textTable(rows), ...left, ...obstacles, sum].join('');
}

function actionText(step: UnloadStep): string {
  if (step.action === 'command') return `run: ${step.command}`;
  return step.force ? 'unload by force' : 'unload';
}
