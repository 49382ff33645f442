import { release as runningRelease } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';

import { argumentTypeError, requireInteger, requireOptions } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { cacheLocation } from '../depmod/cache-location.ts';
import { runDepmod } from '../depmod/depmod.ts';
import type { DepmodNotice } from '../depmod/depmod-notice.ts';
import type { DepmodOptions as DepmodTask } from '../depmod/depmod-options.ts';
import { moduleDirectories } from '../depmod/module-directories.ts';
import { findModuleDirectory } from '../index-files/module-tree.ts';
import type { DepmodMessage } from './depmod-worker.ts';

/** Options of {@link depmod}. */
export interface DepmodOptions {
  /** Kernel release, as `uname -r` prints it. Default: that of the running kernel, or the name of `moduleDirectory`. */
  readonly release?: string | undefined;
  /** Folder in place of `/` for `lib/modules` (and `usr/lib/modules`). Default `/`. */
  readonly root?: string | undefined;
  /** The release's own folder of modules, in place of `<root>/lib/modules/<release>`. */
  readonly moduleDirectory?: string | undefined;
  /** Folder to write the indexes to. Created where it is missing. Default: the release's own folder. */
  readonly outputDirectory?: string | undefined;
  /** Files and folders of configuration, the strongest first. Default: those of depmod.d(5), whatever `root` is. */
  readonly configuration?: readonly string[] | undefined;
  /** A `Module.symvers`: warn of symbols that nobody exports and of CRCs that differ. Default none. */
  readonly symvers?: string | undefined;
  /** A `System.map`: warn of symbols that nobody exports. Not read when there is `symvers`. Default none. */
  readonly systemMap?: string | undefined;
  /**
   * What modules contribute is remembered, so that the next run reads changed ones only: true for a file below
   * `/var/cache/kmodctl` (root) or `~/.cache/kmodctl`, a path for that file, false to read all. Default true.
   */
  readonly cache?: boolean | string | undefined;
  /** Threads that read modules. Default: as many as there are processors, at most 8. */
  readonly jobs?: number | undefined;
  /** Write nothing. Default false. */
  readonly dryRun?: boolean | undefined;
  /** `kmod` for kmod's answer where kmod is wrong; docs/compatibility.md lists what that is. Default none. */
  readonly compat?: 'kmod' | undefined;
  /**
   * Told of warnings and errors as they arise; they are in the result too. What it throws comes in place of the result; the
   * indexes may have been written all the same.
   */
  readonly onNotice?: ((notice: DepmodNotice) => void) | undefined;
}

/** What {@link depmod} did. */
export interface DepmodResult {
  readonly release: string;
  /** Folder of the modules. */
  readonly moduleDirectory: string;
  /** Folder of the indexes. */
  readonly outputDirectory: string;
  /** How many modules are in the indexes. */
  readonly moduleCount: number;
  /** How many of them were read; what the others contribute was remembered. */
  readonly readCount: number;
  /** The indexes in the order in which kmod writes them. After a dry run the text files only. */
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[];
  /** Whether they were written. */
  readonly published: boolean;
  readonly notices: readonly DepmodNotice[];
  readonly durationMs: number;
}

const depmodOptionTypes = {
  release: 'string',
  root: 'string',
  moduleDirectory: 'string',
  outputDirectory: 'string',
  configuration: 'array',
  symvers: 'string',
  systemMap: 'string',
  cache: ['boolean', 'string'],
  jobs: 'number',
  dryRun: 'boolean',
  compat: 'string',
  onNotice: 'function',
} as const;

/**
 * depmod(8): reads all modules of a release and writes the indexes, byte for byte as kmod 34 does. Either all files are
 * replaced or none. The work is done on threads of its own: the event loop goes on.
 *
 * @throws TypeError for wrong arguments; KmodError `ERR_KMOD_INDEX_MISSING` (there is no such folder of modules),
 *   `ERR_KMOD_SCAN_INCOMPLETE`, `ERR_KMOD_DEPENDENCY_CYCLE`, `ERR_KMOD_SYMBOL_FILE`, `ERR_KMOD_TOO_LARGE`,
 *   `ERR_KMOD_PUBLISH`
 */
export async function depmod(options: DepmodOptions = {}): Promise<DepmodResult> {
  const task = taskOf(options);
  const notices: DepmodNotice[] = [];
  const worker = new Worker(new URL('./depmod-worker.js', import.meta.url), {
    workerData: task,
    execArgv: [],
  });
  return await new Promise<DepmodResult>((resolveResult, reject) => {
    let thrown: { readonly error: unknown } | undefined;
    worker.on('message', (message: DepmodMessage) => {
      if (message.kind === 'notice') {
        notices.push(message.notice);
        if (thrown === undefined) thrown = tell(options.onNotice, message.notice);
      } else if (thrown !== undefined) reject(thrown.error);
      else if (message.kind === 'result') resolveResult({ ...message.result, notices });
      else reject(asKmodError(message.failure));
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      reject(new KmodError('ERR_KMOD_PUBLISH', 'The thread of depmod ended before its work was done.'));
    });
  });
}

/** Answers what `onNotice` threw: nobody could catch it where the thread's messages come in. */
function tell(
  onNotice: DepmodOptions['onNotice'],
  notice: DepmodNotice,
): { readonly error: unknown } | undefined {
  try {
    onNotice?.(notice);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** {@link depmod}, blocking. */
export function depmodSync(options: DepmodOptions = {}): DepmodResult {
  const notices: DepmodNotice[] = [];
  const result = runTask(taskOf(options), (notice) => {
    notices.push(notice);
    options.onNotice?.(notice);
  });
  return { ...result, notices };
}

/** Runs a task on this thread. */
export function runTask(
  task: DepmodTask,
  report: (notice: DepmodNotice) => void,
): Omit<DepmodResult, 'notices'> {
  const result = runDepmod({ ...task, report });
  return {
    release: result.release,
    moduleDirectory: result.directory,
    outputDirectory: result.outputDirectory,
    moduleCount: result.moduleCount,
    readCount: result.readCount,
    files: result.outputs,
    published: result.isPublished,
    durationMs: result.durationMs,
  };
}

/** The options as plain data, checked and with all paths absolute. */
function taskOf(options: DepmodOptions): DepmodTask {
  requireOptions('options', options, depmodOptionTypes);
  const { compat, cache = true, jobs, configuration, symvers, systemMap, outputDirectory } = options;
  if (compat !== undefined && compat !== 'kmod')
    throw argumentTypeError('options.compat', "'kmod' or undefined", compat);
  if (jobs !== undefined) requireInteger('options.jobs', jobs, 1, 1024);
  for (const path of configuration ?? [])
    if (typeof path !== 'string') throw argumentTypeError('options.configuration', 'a list of strings', path);
  const directory = directoryOf(options);
  const task = {
    release: basename(directory),
    root: '',
    moduleDirectory: dirname(directory),
    outputDirectory: outputDirectory === undefined ? undefined : resolve(outputDirectory),
    configPaths: configuration?.map((path) => resolve(path)),
    workingDirectory: process.cwd(),
    symvers,
    systemMap,
    checksSymbols: symvers !== undefined || systemMap !== undefined,
    dryRun: options.dryRun,
    jobs,
    compat: compat === 'kmod',
  };
  return { ...task, cacheFile: cacheFileOf(cache, moduleDirectories(task).directory) };
}

function directoryOf({ root, release, moduleDirectory }: DepmodOptions): string {
  if (moduleDirectory === undefined) {
    const above = root === undefined || resolve(root) === '/' ? '' : resolve(root);
    return findModuleDirectory(above, release ?? runningRelease());
  }
  const directory = resolve(moduleDirectory);
  if (release !== undefined && release !== basename(directory))
    throw argumentTypeError('options.release', `the name of the folder ${directory}`, release);
  return directory;
}

function cacheFileOf(cache: boolean | string, directory: string): string | undefined {
  if (typeof cache === 'string') return resolve(cache);
  return cache ? cacheLocation(directory, process.env) : undefined;
}

/** What is left of an error on its way between threads. */
export interface ErrorFacts {
  readonly code: KmodError['code'] | undefined;
  readonly message: string;
  readonly details: {
    readonly errno?: number;
    readonly syscall?: string;
    readonly path?: string;
    readonly cause?: unknown;
  };
}

function asKmodError({ code, message, details }: ErrorFacts): Error {
  return code === undefined ? new Error(message, details) : new KmodError(code, message, details);
}
