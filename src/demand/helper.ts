import { realpathSync, rmSync } from 'node:fs';
import { release as runningRelease } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

import { diagnosticText } from '../config/modules-conf/diagnostic.ts';
import { readModulesConf } from '../config/modules-conf/read-modules-conf.ts';
import { filePath } from '../native/byte-text.ts';
import { makeFolders } from '../native/make-folders.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { OwnerCheck } from '../execute/file-owner.ts';
import { writeWholeFile } from '../execute/whole-file.ts';
import { readHelperPath, usualHelperPath, writeHelperPath } from '../kernel/helper-setting.ts';
import {
  BOOT_SETTING,
  overridingSettings,
  readBootSetting,
  removeBootSetting,
  writeBootSetting,
} from './boot-setting.ts';
import { type HelperPlace, type HelperProblem, kernelProblems, programProblems } from './helper-problem.ts';
import { kernelEnvironment } from './kernel-request.ts';
import { keepFile } from './kept-file.ts';
import { interpreterFault, LAUNCHER, launcherOptionsOf, launcherText, programFile } from './launcher.ts';

/** Where the helper is looked for. */
export interface HelperOptions {
  /** Folder in place of `/` for files. Default `/`. */
  readonly root?: string | undefined;
  /** Folder that holds the `proc` of the kernel. Default `/`. */
  readonly kernelRoot?: string | undefined;
  /** Release of the kernel. Default: that of the running one. */
  readonly release?: string | undefined;
}

/** How the helper is to be installed. */
export interface InstallHelperOptions extends HelperOptions {
  /** Program that the kernel is to start. Default: a launcher of kmodctl's modprobe, which is written. */
  readonly path?: string | undefined;
  /** Whether the launcher marks what it loads, as `modprobe -k` does. Default false. */
  readonly autoclean?: boolean | undefined;
  /** What the launcher does about files that others than root could change. Default `refuse`. */
  readonly checkOwner?: OwnerCheck | undefined;
  /** A modules.conf that the launcher's modprobe works from. Default: none. */
  readonly modulesConf?: string | undefined;
}

/** Who loads modules for the kernel. */
export interface HelperStatus {
  /** The program that the kernel starts; empty: none. Null on a kernel without modules. */
  readonly path: string | null;
  /** Whether that is kmodctl's modprobe. */
  readonly isOurs: boolean;
  /** Options that its launcher gives it besides `--safe`. */
  readonly options: readonly string[];
  /** The file by which kmodctl sets it at each start; null where there is none. */
  readonly setting: string | null;
  /** What was set before kmodctl was installed; null where it is not. */
  readonly before: string | null;
  /** Why it does not work, or should not be used. */
  readonly problems: readonly HelperProblem[];
}

/** Who loads modules for the kernel now, who will after the next start, and what is wrong with that. Changes nothing. */
export function helperStatus(options: HelperOptions = {}): HelperStatus {
  const place = placeOf(options);
  const { root, kernelRoot } = place;
  const path = readHelperPath({ root: kernelRoot }) ?? null;
  const setting = readBootSetting(root);
  const ownOptions = path === null ? undefined : launcherOptionsOf(join(root, path));
  const problems = [...kernelProblems(place)];
  if (path !== null && path !== '') problems.push(...programProblems(path, place));
  if (setting !== undefined) problems.push(...overrides(root));
  return {
    path,
    isOurs: path !== null && path !== '' && (ownOptions !== undefined || isProgram(join(root, path))),
    options: ownOptions ?? [],
    setting: setting === undefined ? null : BOOT_SETTING,
    before: setting?.before ?? null,
    problems,
  };
}

/**
 * Makes kmodctl's modprobe the program that the kernel starts to have modules loaded, now and at each start. What was set
 * before is kept for {@link removeHelper}. All or nothing.
 *
 * @throws KmodError `ERR_KMOD_HELPER` where it cannot work, with every reason in its message; Error of node:fs
 */
export function installHelper(options: InstallHelperOptions = {}): HelperStatus {
  const place = placeOf(options);
  const { root } = place;
  const kernel = { root: place.kernelRoot };
  requireRoot();
  refuseIf(kernelProblems(place));
  const { path = LAUNCHER } = options;
  if (!isAbsolute(path)) refuseIf([{ code: 'missing', text: `The helper ${path} has to be a whole path.` }]);
  if (path === LAUNCHER) refuseIf(modulesConfProblems(options, place));
  const now = readHelperPath(kernel) ?? '';
  const earlier = readBootSetting(root);
  const launcher = join(root, LAUNCHER);
  const restores = [launcher, join(root, BOOT_SETTING)].map(keepFile);
  // A setting that was lost takes with it what was there before.
  const before = earlier?.before ?? (now === LAUNCHER ? usualHelperPath(place.release, kernel) : now);
  try {
    if (path === LAUNCHER) writeLauncher(launcher, options);
    refuseIf(programProblems(path, place));
    if (path === LAUNCHER) tryLauncher(launcher);
    writeBootSetting(root, { path, before });
    writeHelperPath(path, kernel);
    if (readHelperPath(kernel) !== path)
      refuseIf([{ code: 'too-long', text: `The kernel did not take the path ${path} as it is.` }]);
  } catch (error) {
    for (const restore of restores) restore();
    if (readHelperPath(kernel) !== now) writeHelperPath(now, kernel);
    throw error;
  }
  return helperStatus(options);
}

/**
 * Takes away what {@link installHelper} did, and sets again what was there before. What somebody else has set meanwhile
 * stays as it is, unless it is the launcher, which is taken away.
 *
 * @returns the state afterwards; `before` is null
 * @throws KmodError `ERR_KMOD_HELPER` where nothing is installed, or without the right to; Error of node:fs
 */
export function removeHelper(options: HelperOptions = {}): HelperStatus {
  const { root, kernelRoot, release } = placeOf(options);
  const kernel = { root: kernelRoot };
  requireRoot();
  const setting = readBootSetting(root);
  if (setting === undefined)
    throw new KmodError(
      'ERR_KMOD_HELPER',
      `Nothing is installed: ${BOOT_SETTING} is not there, or not kmodctl's.`,
      {
        path: BOOT_SETTING,
      },
    );
  const launcher = join(root, LAUNCHER);
  const ownLauncher = launcherOptionsOf(launcher) === undefined ? undefined : LAUNCHER;
  // The kernel must not be left with a program that is taken away.
  const before = setting.before === ownLauncher ? usualHelperPath(release, kernel) : setting.before;
  const now = readHelperPath(kernel);
  if (now !== undefined && (now === setting.path || now === ownLauncher)) writeHelperPath(before, kernel);
  removeBootSetting(root);
  if (ownLauncher !== undefined) rmSync(launcher);
  return helperStatus(options);
}

function placeOf({ root = '/', kernelRoot = '/', release = runningRelease() }: HelperOptions): HelperPlace {
  return { root, kernelRoot, release };
}

function requireRoot(): void {
  if (process.geteuid?.() !== 0)
    throw new KmodError(
      'ERR_KMOD_HELPER',
      'Only root can set who loads modules for the kernel: run it as root.',
      {
        errno: -1,
      },
    );
}

function refuseIf(problems: readonly HelperProblem[]): void {
  if (problems.length === 0) return;
  const texts = problems.map(({ text }) => text).join('\n');
  throw new KmodError('ERR_KMOD_HELPER', `${texts}\nNothing was changed.`);
}

/** With a modules.conf that is not there or has errors the launcher would answer no request at all. */
function modulesConfProblems(
  { modulesConf }: InstallHelperOptions,
  { root, release }: HelperPlace,
): readonly HelperProblem[] {
  if (modulesConf === undefined) return [];
  const given = { file: modulesConf, root: root === '/' ? undefined : root, workingDirectory: '/', release };
  const { hasFailed, diagnostics } = readModulesConf({ ...given, safeMode: true });
  if (!hasFailed) return [];
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(diagnosticText);
  const text = `No module would be loaded, because the modules.conf has errors:\n${errors.join('').trimEnd()}`;
  return [{ code: 'missing', text }];
}

function writeLauncher(file: string, { autoclean, checkOwner, modulesConf }: InstallHelperOptions): void {
  const fault = interpreterFault(process.execPath);
  if (fault !== undefined)
    refuseIf([
      { code: 'interpreter', text: `The kernel could not start a launcher: ${fault}. Name another program.` },
    ]);
  const words = [
    ...(autoclean === true ? ['--autoclean'] : []),
    ...(checkOwner === undefined ? [] : [`--check-owner=${checkOwner}`]),
    ...(modulesConf === undefined ? [] : [`--modules-conf=${modulesConf}`]),
  ];
  makeFolders(dirname(file), 0o755);
  writeWholeFile(file, launcherText(words), 0o755);
}

/** Starts it as the kernel would: a Node without its libraries, or a file too few, shows now and not at the next start. */
function tryLauncher(file: string): void {
  // Not imported: it takes 3 ms to load, and status does without it.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stdout, stderr, error } = spawnSync(file, ['--version'], {
    env: kernelEnvironment,
    cwd: '/',
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status === 0 && stdout.includes('version')) return;
  const words = error?.message ?? (stderr.trim().split('\n').at(-1) || `it ended with ${status}`);
  refuseIf([
    { code: 'interpreter', text: `The launcher does not start in the kernel's environment: ${words}` },
  ]);
}

function overrides(root: string): readonly HelperProblem[] {
  return overridingSettings(root).map((file) => ({
    code: 'overridden',
    text: `${file} sets kernel.modprobe too, and is read after ${BOOT_SETTING}: after the next start it counts.`,
  }));
}

function isProgram(file: string): boolean {
  try {
    return realpathSync(filePath(file)) === realpathSync(programFile());
  } catch {
    return false;
  }
}
