import type * as ChildProcess from 'node:child_process';

import { environmentTexts } from '../native/process-bytes.ts';
import { byteCommand } from './byte-command.ts';

/** How a command ended. */
export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command for the shell. */
export interface ShellCommand {
  readonly command: string;
  /** What its environment has besides this process's. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs commands of the configuration, as an object, so that a caller can put another implementation in its place. */
export interface CommandRunner {
  run(command: ShellCommand): Promise<CommandEnd>;
  runSync(command: ShellCommand): CommandEnd;
}

/** Not imported: it takes 3 ms to load, and few runs of a tool have a command. */
const childProcess = (): typeof ChildProcess => process.getBuiltinModule('node:child_process');

/**
 * Runs commands with `/bin/sh -c`, with this process's standard input and outputs, as system(3) does. Command and
 * environment arrive byte for byte, also where they are no UTF-8.
 *
 * @throws Error of node:child_process when there is no shell
 */
export const shellCommands: CommandRunner = shellCommandsIn(() => process.env);

/** {@link shellCommands}, with another environment in place of this process's. */
export function shellCommandsIn(base: () => Readonly<Record<string, string | undefined>>): CommandRunner {
  const spawning = (given: ShellCommand): readonly [string, string[], ChildProcess.SpawnOptions] => {
    const inherited = base();
    const { text, environment } = byteCommand(given.command, {
      ...inherited,
      ...environmentTexts(inherited),
      ...given.environment,
    });
    // "sh" is how system(3) names it: the shell's own messages begin with it.
    return ['/bin/sh', ['-c', text], { argv0: 'sh', stdio: 'inherit', env: environment }];
  };
  return {
    async run(command) {
      const child = childProcess().spawn(...spawning(command));
      return await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (exitCode, signal) => {
          resolve({ exitCode, signal });
        });
      });
    },
    runSync(command) {
      const { status, signal, error } = childProcess().spawnSync(...spawning(command));
      if (error !== undefined) throw error;
      return { exitCode: status, signal };
    },
  };
}

/** Runs commands as `runner` does, with more in their environment. What a command brings itself goes first. */
export function commandsWith(
  environment: ShellCommand['environment'],
  runner: CommandRunner = shellCommands,
): CommandRunner {
  const extended = (command: ShellCommand): ShellCommand => ({
    ...command,
    environment: { ...environment, ...command.environment },
  });
  return {
    run: async (command) => await runner.run(extended(command)),
    runSync: (command) => runner.runSync(extended(command)),
  };
}
