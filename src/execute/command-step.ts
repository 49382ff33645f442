import { KmodError } from '../errors/kmod-error.ts';
import type { CommandStep } from '../plan/plan.ts';
import type { Run } from './effect.ts';
import type { CommandEnd } from './shell-command.ts';

const EINVAL = -22;

/**
 * Runs the command of a step.
 *
 * @throws KmodError `ERR_KMOD_COMMAND_FAILED` with kmod's errno for it, EINVAL, when it exits with another code than 0 or
 *   a signal ends it
 */
export function* runCommandStep(step: CommandStep): Run<void> {
  const { command, directive, environment, module, origin } = step;
  const ends: CommandEnd[] = [];
  yield { kind: 'command', command: { command, environment }, take: (end) => ends.push(end) };
  const [end] = ends;
  if (end?.exitCode === 0) return;
  const how = end?.signal == null ? `ended with exit code ${end?.exitCode}` : `was ended by ${end.signal}`;
  throw new KmodError(
    'ERR_KMOD_COMMAND_FAILED',
    `The ${directive} command of ${module} (${origin.file}:${origin.line}) ${how}: ${command}`,
    { module, errno: EINVAL },
  );
}
