// Makes a fresh clone ready and then runs the demonstration or the tests:
//
//   node vm/set-up.mjs start|test|bench|fuzz [arguments for what is run]
//
// Each step is skipped when its result is already there. This file and those in set-up/ use no dependencies (there
// may be none yet) and only syntax that old versions of Node can read, so that those can say that they are too old.
import { spawn } from 'child_process';
import path from 'path';

import { compile } from './set-up/compile.mjs';
import { buildAddon, isAddonCurrent } from './set-up/native-build.mjs';
import { installDependencies } from './set-up/dependencies.mjs';
import { requireNode } from './set-up/node-version.mjs';
import { requirePrograms } from './set-up/programs.mjs';
import { root, SetUpFailure } from './set-up/step.mjs';

const programs = {
  start: 'dist/vm/demonstration.js',
  test: 'dist/test/run.js',
  bench: 'dist/bench/run.js',
  fuzz: 'dist/test/fuzz/run.js',
};

function main() {
  const mode = process.argv[2];
  if (!Object.keys(programs).includes(mode)) {
    console.error('Usage: node vm/set-up.mjs start|test|bench|fuzz [arguments]');
    process.exitCode = 2;
    return;
  }
  try {
    requireNode(process.versions.node);
    requirePrograms(isAddonCurrent() ? ['vm'] : ['vm', 'compiler']);
    installDependencies();
    buildAddon();
    compile();
  } catch (error) {
    if (!(error instanceof SetUpFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  run(path.join(root, programs[mode]), process.argv.slice(3));
}

/** Runs a program of this package in this one's place: signals go down, exit codes and signals come up. */
function run(program, parameters) {
  const child = spawn(process.execPath, ['--enable-source-maps', program].concat(parameters), {
    stdio: 'inherit',
    cwd: root,
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A Ctrl-C reaches the child by itself, for it is in the same process group; this one only has to outlive it.
  signals.forEach((signal) => process.on(signal, () => signal !== 'SIGINT' && child.kill(signal)));
  child.on('exit', (exitCode, signal) => {
    signals.forEach((name) => process.removeAllListeners(name));
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = exitCode;
  });
}

main();
