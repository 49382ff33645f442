import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEYRING, noKeyringError } from './apt-failure.ts';
import { cacheDirectory } from './cache-directory.ts';
import { hostMirrors, mirrorOfSuite, type Mirrors } from './mirror.ts';
import { runTool } from './tool-process.ts';

/** Which package lists to use. */
export interface AptSuites {
  /** Suites of Debian, for example `trixie` and `trixie-security`. */
  readonly suites: readonly string[];
  /** Debian's name of the architecture: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Where the suites are if not on this host's usual mirrors. */
  readonly mirrors?: Partial<Mirrors> | undefined;
}

/** A private configuration of apt, which neither reads nor changes the host's package state. */
export interface AptConfiguration {
  /** Folder of the configuration, the lists and apt's own caches. */
  readonly directory: string;
  /** Variables for apt's programs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Changes when the list of sources does. */
  readonly sourcesHash: string;
}

/** Writes the private configuration for some suites into the cache. */
export async function writeAptConfiguration(description: AptSuites): Promise<AptConfiguration> {
  if (!existsSync(KEYRING)) throw noKeyringError();
  const directory = join(
    cacheDirectory(),
    'apt',
    `${description.suites.join('+').replaceAll('/', '_')}-${description.architecture}`,
  );
  const mirrors = { ...hostMirrors(), ...description.mirrors };
  const sources = sourceLines(description.suites, mirrors);
  for (const name of ['lists/partial', 'archives/partial'])
    await mkdir(join(directory, name), { recursive: true });
  await writeIfChanged(join(directory, 'status'), '');
  await writeIfChanged(join(directory, 'sources.list'), sources);
  const configuration = `${privateSettings(directory, description.architecture)}${await hostNetworkSettings()}`;
  await writeIfChanged(join(directory, 'apt.conf'), configuration);
  return {
    directory,
    environment: { APT_CONFIG: join(directory, 'apt.conf') },
    sourcesHash: createHash('sha256').update(sources).digest('hex'),
  };
}

/** The lines of `sources.list`. */
export function sourceLines(suites: readonly string[], mirrors: Mirrors): string {
  return suites
    .map((suite) => `deb [signed-by=${KEYRING}] ${mirrorOfSuite(suite, mirrors)} ${suite} main\n`)
    .join('');
}

/**
 * `Parts` and `Main` are emptied because the host's files may hold hooks (`APT::Update::Post-Invoke`) that change
 * the host, and may switch off the caches that make lookups fast; both are read after this file.
 */
function privateSettings(directory: string, architecture: string): string {
  const settings: readonly (readonly [string, string])[] = [
    ['Dir::Etc::Parts', '/dev/null'],
    ['Dir::Etc::Main', '/dev/null'],
    ['Dir::Etc::SourceList', join(directory, 'sources.list')],
    ['Dir::Etc::SourceParts', '/dev/null'],
    ['Dir::Etc::Preferences', '/dev/null'],
    ['Dir::Etc::PreferencesParts', '/dev/null'],
    ['Dir::State', directory],
    ['Dir::State::Lists', join(directory, 'lists')],
    ['Dir::State::Status', join(directory, 'status')],
    ['Dir::Cache', directory],
    ['Dir::Log', directory],
    ['APT::Architecture', architecture],
    ['APT::Architectures::', architecture],
    ['APT::Sandbox::User', 'root'],
    ['APT::Install-Recommends', 'false'],
    ['Acquire::Languages', 'none'],
    ['Acquire::GzipIndexes', 'true'],
    ['Acquire::Retries', '2'],
  ];
  return settings.map(([name, value]) => `${name} "${value}";\n`).join('');
}

/** The host's proxy settings are wanted all the same. */
async function hostNetworkSettings(): Promise<string> {
  const { stdout } = await runTool('apt-config', ['dump']);
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::(?:https?|ftp|ForceIPv[46])\b/i.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

/** Unchanged files keep their time, which apt compares with that of its caches. */
async function writeIfChanged(path: string, text: string): Promise<void> {
  const old = await readFile(path, 'utf8').catch(() => undefined);
  if (old !== text) await writeFile(path, text);
}
