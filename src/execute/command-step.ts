import { KmodError } from '../errors/kmod-error.ts';
import type { CommandStep } from '../plan/plan.ts';
import type { Run } from './effect.ts';
import type { CommandEnd } from './shell-command.ts';

const EINVAL = -22;

/** A command of the configuration that ended badly. Its errno is the one that kmod has for that. */
export class CommandFailure extends KmodError {
  readonly step: CommandStep;
  readonly end: CommandEnd;

  constructor(step: CommandStep, end: CommandEnd) {
    const { command, directive, module, origin } = step;
    const how = end.signal === null ? `ended with exit code ${end.exitCode}` : `was ended by ${end.signal}`;
    super(
      'ERR_KMOD_COMMAND_FAILED',
      `The ${directive} command of ${module} (${origin.file}:${origin.line}) ${how}: ${command}`,
      { module, errno: EINVAL },
    );
    this.step = step;
    this.end = end;
  }
}

/**
 * Runs the command of a step.
 *
 * @param compat takes the end by a signal for success, as kmod does
 * @throws CommandFailure when it exits with another code than 0, or a signal ends it
 */
export function* runCommandStep(step: CommandStep, compat = false): Run<void> {
  const { command, environment } = step;
  const ends: CommandEnd[] = [];
  yield { kind: 'command', command: { command, environment }, take: (end) => ends.push(end) };
  const end = ends[0] ?? { exitCode: null, signal: null };
  if (end.exitCode !== 0 && !(compat && end.signal !== null)) throw new CommandFailure(step, end);
}
