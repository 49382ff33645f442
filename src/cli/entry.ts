/**
 * Start of the bundled program. It alone touches `process`, and it answers `--version` before the rest is loaded.
 */
import * as nodeModule from 'node:module';
import { release } from 'node:os';
import { basename } from 'node:path';
import type * as Tty from 'node:tty';

import type * as Main from './main.ts';
import { descriptorWriter } from './output.ts';
import { packageVersion, toolVersionText } from './version.ts';

/** Those that have a bundle of their own; kmod is part of the whole. */
const bundledTools = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod', 'ksyms']);

const stdout = descriptorWriter(1);
const [, file = '', first, second] = process.argv;
if ((first === '--version' || first === '-V') && second === undefined) {
  stdout(isTool(basename(file)) ? toolVersionText() : `kmodctl ${packageVersion()}\n`);
} else {
  // Since Node 22 the compiled form of the rest is kept from one start to the next.
  const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown };
  enableCompileCache?.();
  const program = isTool(basename(file)) ? basename(file) : (first ?? '');
  const bundle = bundledTools.has(program) ? `./${program}.cjs` : './main.cjs';
  const main = nodeModule.createRequire(import.meta.url)(bundle) as typeof Main;
  const result = main.run(process.argv, {
    stdout,
    stderr: descriptorWriter(2),
    stdoutIsTerminal: () => isTerminal(1),
    stderrIsTerminal: () => isTerminal(2),
    stderrWasClosed: main.startedWithoutDescriptors,
    systemLog: main.writeSystemLog,
    env: process.env,
    workingDirectory: process.cwd(),
    syscalls: main.moduleCalls,
    kernel: {},
    release: release(),
  });
  if (typeof result === 'number') process.exitCode = result;
  else
    void result.then((exitCode) => {
      process.exitCode = exitCode;
    });
}

function isTool(name: string): boolean {
  return name === 'kmod' || bundledTools.has(name);
}

/** node:tty takes a while to load, and few ask. */
function isTerminal(descriptor: number): boolean {
  return (nodeModule.createRequire(import.meta.url)('node:tty') as typeof Tty).isatty(descriptor);
}
