import { spawnSync } from 'child_process';
import fs from 'fs';
import path from 'path';
import { fileURLToPath } from 'url';

/** The folder of this package. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const log = path.join(root, 'set-up.log');

let isLogFresh = false;

/** A failure whose message is all that the user has to see. */
export class SetUpFailure extends Error {}

/**
 * Runs programs one after the other behind one line of progress. What they print goes to set-up.log; if one fails,
 * its last 30 lines are shown.
 *
 * @param {string} title
 * @param {readonly { command: string, parameters: readonly string[], environment?: object }[]} commands
 */
export function runStep(title, commands) {
  const begun = Date.now();
  process.stdout.write(title + ' ... ');
  for (const { command, parameters, environment } of commands) {
    const output = fs.openSync(log, isLogFresh ? 'a' : 'w');
    isLogFresh = true;
    const start = fs.fstatSync(output).size;
    const ended = spawnSync(command, parameters, {
      cwd: root,
      env: Object.assign({}, process.env, environment),
      stdio: ['ignore', output, output],
    });
    fs.closeSync(output);
    if (ended.status !== 0) {
      process.stdout.write('failed\n');
      throw new SetUpFailure(describeFailure(command, parameters, ended, start));
    }
  }
  process.stdout.write(((Date.now() - begun) / 1000).toFixed(1) + ' s\n');
}

function describeFailure(command, parameters, ended, start) {
  const how = ended.error
    ? ended.error.message
    : ended.signal
      ? 'killed by ' + ended.signal
      : 'exit code ' + ended.status;
  const lines = fs.readFileSync(log).subarray(start).toString().trimEnd().split('\n').slice(-30);
  return [command + ' ' + parameters.join(' ') + ': ' + how]
    .concat(lines.map((line) => '  | ' + line))
    .concat('The whole output is in ' + log + '.')
    .join('\n');
}

/** Full path of a program on the PATH, undefined if there is none. */
export function findProgram(name) {
  return (process.env.PATH || '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Text of a file, undefined if it cannot be read. */
export function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
