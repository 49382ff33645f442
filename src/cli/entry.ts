/**
 * Start of the bundled program. It is bundled as CommonJS. It alone touches `process`, and it answers `--version` before the rest is loaded.
 */
import { existsSync, fstatSync } from 'node:fs';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import type * as Tty from 'node:tty';

import { cacheFolder } from '../native/cache-folder.ts';
import { type BundleLoader, bundleLoader, codeBeside, codeFile } from './bundle-loader.ts';
import type * as Main from './main.ts';
import { argumentTexts, environmentTexts, workingDirectoryText } from '../native/process-bytes.ts';
import { descriptorOutput } from './output.ts';
import { packageVersion, toolVersionText } from './version.ts';

/** Those that have a bundle of their own; kmod is part of the whole. */
const bundledTools = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod', 'ksyms']);

/** kmodctl's own commands, each with a bundle of its own. Put in by the bundler. */
declare const KMODCTL_COMMANDS: readonly string[];

/** Major number of /dev/null and its like. */
const MEMORY_DEVICES = 1;
/** Major numbers of the devices below /dev/pts. */
const [FIRST_PTY, LAST_PTY] = [136, 143];

const FIRST_WITH_CODE_CACHE = 22;

/** What ends a command that goes on by itself. */
const stops = new Set<() => void>();
const stdout = descriptorOutput(1, () => {
  for (const stop of stops) stop();
});
const stderr = descriptorOutput(2);
const [, file = '', first, second] = process.argv;
if ((first === '--version' || first === '-V') && second === undefined) {
  stdout.write(isTool(basename(file)) ? toolVersionText() : `kmodctl ${packageVersion()}\n`);
  end(0);
} else {
  const bundle = isTool(basename(file)) ? bundleOf(basename(file)) : bundleOfCommand(first ?? '');
  const main = loaderFor(bundle)(bundle) as typeof Main;
  const environment = { ...process.env };
  const result = main.run(argumentTexts(process.argv), {
    stdout: stdout.write,
    stderr: stderr.write,
    stdoutIsTerminal: () => isTerminal(1),
    stderrIsTerminal: () => isTerminal(2),
    stderrWasClosed: main.startedWithoutDescriptors,
    systemLog: main.writeSystemLog,
    stdoutDescriptor: 1,
    onStop,
    env: { ...environment, ...environmentTexts(environment) },
    workingDirectory: workingDirectoryText(process.cwd()),
    syscalls: main.moduleCalls,
    kernel: {},
    release: release(),
  });
  if (typeof result === 'number') end(result);
  else void result.then(end);
}

/** Sets the exit code; it is not 0 where stdout did not take all, as on a full disk. */
function end(exitCode: number): void {
  const failure = stdout.failure();
  if (failure !== undefined) {
    const program = basename(file);
    stderr.write(
      `${isTool(program) ? `${program}: ERROR` : 'kmodctl'}: could not write all output: ${failure.message}\n`,
    );
  }
  process.exitCode = failure !== undefined && exitCode === 0 ? 1 : exitCode;
}

function bundleOf(tool: string): string {
  return bundledTools.has(tool) ? `./${tool}.cjs` : './main.cjs';
}

function bundleOfCommand(name: string): string {
  return KMODCTL_COMMANDS.includes(name) ? `./kmodctl-${name}.cjs` : bundleOf(name);
}

function isTool(name: string): boolean {
  return name === 'kmod' || bundledTools.has(name);
}

/** Has a command told of the signals that would end the program, and when stdout takes no more. */
function onStop(stop: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  stops.add(stop);
  for (const signal of signals) process.once(signal, stop);
  return () => {
    stops.delete(stop);
    for (const signal of signals) process.removeListener(signal, stop);
  };
}

/** node:tty takes a while to load: it is asked where neither the kind of file nor the numbers of devices (Linux's devices.txt) tell. */
function isTerminal(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    if (!status.isCharacterDevice()) return false;
    const major = (status.rdev >> 8) & 0xfff;
    if (major === MEMORY_DEVICES) return false;
    if (major >= FIRST_PTY && major <= LAST_PTY) return true;
  } catch {
    return false;
  }
  return (require('node:tty') as typeof Tty).isatty(descriptor);
}

/**
 * Bundles come with code for the Node that made them. For another one Node itself can keep compiled code from one start to the
 * next, since Node 22; but not at its own place for it, below /tmp: there anybody could put code for root to run.
 */
function loaderFor(bundle: string): BundleLoader {
  if (existsSync(codeFile(join(__dirname, bundle), process)))
    return bundleLoader({ require, folder: __dirname, codeOf: (path) => codeBeside(path, process) });
  if (Number.parseInt(process.versions.node, 10) >= FIRST_WITH_CODE_CACHE) {
    const folder = cacheFolder(process.env);
    const { enableCompileCache } = require('node:module') as {
      enableCompileCache?: (folder: string) => unknown;
    };
    if (folder !== undefined) enableCompileCache?.(join(folder, 'code'));
  }
  return require;
}
