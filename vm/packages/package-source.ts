import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VmError } from '../vm-error.ts';
import { type AptConfiguration, type AptSuites, writeAptConfiguration } from './apt-configuration.ts';
import { aptFailure } from './apt-failure.ts';
import { cacheDirectory } from './cache-directory.ts';
import { asCacheError, noRoomError } from './cache-failure.ts';
import { type PackageRecord, parsePackageRecords } from './control-record.ts';
import { withLock } from './lock-file.ts';
import { runTool, type ToolResult } from './tool-process.ts';

/** How a long operation reports and ends. */
export interface WorkOptions {
  /** Takes progress lines for the user. Default: dropped. */
  readonly log?: ((line: string) => void) | undefined;
  /** Ends the work with `ERR_KMOD_VM_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/** A package in a certain version. */
type ExactPackage = Pick<PackageRecord, 'name' | 'version'>;

/** Debian packages of some suites, looked up and fetched without touching the host's package state. */
export interface PackageSource {
  /** Every version of a package that the lists have. */
  lookup(name: string): Promise<readonly PackageRecord[]>;
  /** Fetches package files into an existing folder and returns their paths. */
  download(packages: readonly ExactPackage[], directory: string): Promise<string[]>;
  /**
   * Fetches packages with all that they depend on, as onto an empty system, and returns the paths.
   *
   * @param assumed packages that count as installed, so that neither they nor what only they need is fetched
   */
  downloadClosure(
    names: readonly string[],
    assumed: readonly ExactPackage[],
    directory: string,
  ): Promise<string[]>;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Runs `work` on the packages of some suites, under a lock. The lists are fetched at most once a day; when `work`
 * fails on a package that lists older than this call do not have (any more), they are fetched anew and `work` is
 * repeated once. With lists from before, a missing network is no error until a package itself has to be fetched.
 */
export async function withPackageSource<T>(
  suites: AptSuites,
  options: WorkOptions,
  work: (source: PackageSource) => Promise<T>,
): Promise<T> {
  try {
    const apt = await writeAptConfiguration(suites);
    return await withLock(join(apt.directory, 'kmodctl.lock'), options, async () => {
      const source = packageSource(apt, options);
      const fresh = await refreshWhenDue(apt, suites, options);
      try {
        return await work(source);
      } catch (error) {
        if (fresh || !(error instanceof VmError) || error.code !== 'ERR_KMOD_VM_PACKAGES') throw error;
        await refresh(apt, suites, options).catch(() => Promise.reject(error));
        return work(source);
      }
    });
  } catch (error) {
    throw asCacheError(error, cacheDirectory());
  }
}

/** Returns whether the lists have just been fetched. */
async function refreshWhenDue(
  apt: AptConfiguration,
  suites: AptSuites,
  options: WorkOptions,
): Promise<boolean> {
  const stamp = join(apt.directory, 'refreshed');
  const known = (await readFile(stamp, 'utf8').catch(() => '')) === apt.sourcesHash;
  const age = known ? Date.now() - (await stat(stamp)).mtimeMs : Infinity;
  if (age < DAY) return false;
  try {
    await refresh(apt, suites, options);
    return true;
  } catch (error) {
    if (!known || options.signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    options.log?.(`package lists of ${suites.suites[0]} stay ${Math.floor(age / DAY)} days old: ${reason}`);
    return false;
  }
}

async function refresh(apt: AptConfiguration, suites: AptSuites, options: WorkOptions): Promise<void> {
  options.log?.(`fetching package lists of ${suites.suites.join(', ')} (${suites.architecture})`);
  const run = await runApt(apt, 'apt-get', ['-q', '-y', 'update'], options);
  // apt-get update warns ("W:") and exits with 0 when it had to keep old lists or has none.
  if (run.exitCode !== 0 || /^(?:W|E): (?:Failed to fetch|Some index files failed)/m.test(run.stderr))
    throw aptFailure({ action: 'fetching the package lists', stderr: run.stderr, directory: apt.directory });
  await writeFile(join(apt.directory, 'refreshed'), apt.sourcesHash);
}

function packageSource(apt: AptConfiguration, options: WorkOptions): PackageSource {
  return {
    async lookup(name) {
      const run = await runApt(apt, 'apt-cache', ['show', '--', name], options);
      return parsePackageRecords(run.stdout).filter((record) => record.name === name);
    },
    async download(packages, directory) {
      const names = packages.map(({ name, version }) => `${name}=${version}`);
      const run = await runApt(apt, 'apt-get', ['-q', 'download', '--', ...names], options, directory);
      requireSuccess(run, `fetching ${names.join(' ')}`, directory);
      return packageFiles(directory);
    },
    async downloadClosure(names, assumed, directory) {
      await mkdir(join(directory, 'partial'), { recursive: true });
      const status = join(directory, 'status');
      await writeFile(status, assumed.map(installedParagraph).join('\n'));
      const settings = [`Dir::State::Status=${status}`, `Dir::Cache::Archives=${directory}`];
      const parameters = settings.flatMap((setting) => ['-o', setting]);
      const run = await runApt(
        apt,
        'apt-get',
        [...parameters, '-q', '-y', '--no-install-recommends', '--download-only', 'install', '--', ...names],
        options,
      );
      requireSuccess(run, `fetching ${names.join(' ')} with dependencies`, directory);
      await rm(status);
      return packageFiles(directory);
    },
  };

  function installedParagraph({ name, version }: ExactPackage): string {
    const architecture = apt.directory.slice(apt.directory.lastIndexOf('-') + 1);
    return [
      `Package: ${name}`,
      'Status: install ok installed',
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      'Maintainer: none',
      'Description: assumed to be there',
      '',
    ].join('\n');
  }
}

async function runApt(
  apt: AptConfiguration,
  program: 'apt-get' | 'apt-cache',
  parameters: readonly string[],
  options: WorkOptions,
  cwd?: string,
): Promise<ToolResult> {
  return runTool(program, parameters, { environment: apt.environment, signal: options.signal, cwd });
}

function requireSuccess(run: ToolResult, action: string, directory: string): void {
  if (run.exitCode === 0) return;
  if (/No space left on device/.test(run.stdout)) throw noRoomError(directory);
  throw aptFailure({ action, stderr: run.stderr, directory });
}

async function packageFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.deb')).map((name) => join(directory, name));
}
