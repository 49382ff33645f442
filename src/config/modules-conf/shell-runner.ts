import type { ShellRunner } from './expansion.ts';

const TIME_LIMIT = 10_000;
const MAX_OUTPUT = 1 << 20;

/**
 * Runs commands of a modules.conf by /bin/sh, in the environment of the configuration. A command has 10 seconds and
 * may print 1 MiB; what it writes to standard error is dropped.
 */
export const runShell: ShellRunner = (command, environment) => {
  // Not imported: to load it takes a while, and hardly any configuration has commands.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout, error } = spawnSync('/bin/sh', ['-c', command], {
    argv0: 'sh',
    env: Object.fromEntries(environment),
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIME_LIMIT,
    maxBuffer: MAX_OUTPUT,
    encoding: 'utf8',
  });
  return error === undefined ? stdout : undefined;
};
