import { CommandFailure } from '../execute/command-step.ts';
import { PlanFailure } from '../execute/plan-failure.ts';
import { optionText, withOptions } from '../plan/configured-command.ts';
import type { CommandStep, LoadStep } from '../plan/plan.ts';
import type { ModprobeCall } from './modprobe-call.ts';
import { hasCode, modprobeWords, refusalText } from './refusal-text.ts';
import { noFileText } from './lookup-messages.ts';

const EINVAL = -22;

/** What libkmod says of a step that failed, whether that counts or not. */
export function tellStepFailure({ messages }: ModprobeCall, step: LoadStep, error: Error): void {
  if (step.action === 'command' && hasCode(error, 'ERR_KMOD_COMMAND_FAILED'))
    messages.error(commandText(step, error));
  else if (step.action === 'insert')
    messages.info(`Failed to insert module '${step.path}': ${refusalText(error)}`);
}

/** What modprobe says of a module that could not be inserted, and libkmod before it. */
export function tellFailure(call: ModprobeCall, module: string, error: unknown): void {
  const { messages, arguments: given } = call;
  const step = error instanceof PlanFailure ? error.failedStep : null;
  const cause = error instanceof PlanFailure ? error.cause : undefined;
  if (hasCode(error, 'ERR_KMOD_NOT_FOUND')) messages.error(noFileText(module));
  else if (step !== null && 'required' in step && step.action !== 'delete' && cause instanceof Error)
    tellStepFailure(call, step, cause);
  messages.error(`could not insert '${module}': ${insertFailureText(error, given.compat)}`);
  if (given.compat || !(error instanceof PlanFailure)) return;
  // kmod names neither the dependency nor what it leaves behind.
  if (error.code === 'ERR_KMOD_LOAD_FAILED' && step !== null && step.module !== module)
    messages.error(`'${module}' needs '${step.module}', and that is what failed`);
  if (error.rolledBack.length > 0)
    messages.warning(`unloaded again, as it was loaded for '${module}': ${error.rolledBack.join(' ')}`);
  for (const { module: left, cause: reason } of error.notRolledBack)
    messages.warning(
      `'${left}' was loaded for '${module}' and could not be unloaded again: ${refusalText(reason)}`,
    );
}

/** Why a module could not be inserted, in modprobe's words. */
export function insertFailureText(error: unknown, compat: boolean): string {
  if (hasCode(error, 'ERR_KMOD_ALREADY_LOADED')) return 'Module already in kernel';
  if (hasCode(error, 'ERR_KMOD_NOT_FOUND')) return refusalText({ errno: -2 }, modprobeWords);
  if (hasCode(error, 'ERR_KMOD_MODULE_FILE')) {
    // Its errno would get words that are meant for the kernel's refusals.
    if (!compat) return error.message;
    return refusalText({ errno: error.errno ?? EINVAL }, modprobeWords);
  }
  return refusalText(error, modprobeWords);
}

/** kmod names the command with the options in it, which are not evaluated here. */
function commandText({ template, options, directive, module }: CommandStep, error: Error): string {
  const command = withOptions(template, optionText(options));
  const end = error instanceof CommandFailure ? error.end : undefined;
  const how = end?.signal == null ? `retcode ${end?.exitCode}` : `ended by ${end.signal}`;
  return `Error running ${directive} command '${command}' for module ${module}: ${how}`;
}
