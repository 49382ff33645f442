import type { TextOrigin } from '../index-files/text-origin.ts';
import {
  type ConfigurationFile,
  configurationDirectories,
  findConfigurationFiles,
  readConfigurationFile,
  systemErrorText,
} from './configuration-files.ts';
import type { ConfigurationReport } from './configuration-notice.ts';
import { matchesExtendedRegex } from './extended-regex.ts';
import { isIdleLine, lineWords, logicalLines } from './logical-lines.ts';

/** A word of a `search` line. */
export type SearchEntry =
  /** A folder below that of the kernel release. */
  | { readonly kind: 'directory'; readonly directory: string; readonly origin: TextOrigin | undefined }
  /** All folders that are in no other entry; all folders of `external` lines. */
  | { readonly kind: 'built-in' | 'external'; readonly origin: TextOrigin };

/** An `override` line whose kernel version fits. */
export interface OverrideEntry {
  /** Folder and module, `updates/ext4`. */
  readonly path: string;
  readonly origin: TextOrigin;
}

/** An `external` line whose kernel version fits. */
export interface ExternalEntry {
  readonly directory: string;
  readonly origin: TextOrigin;
}

/** What depmod.d says about one kernel release. */
export interface DepmodConfig {
  /** The strongest first, over all files and lines. */
  readonly search: readonly SearchEntry[];
  /** In the order of the lines. */
  readonly overrides: readonly OverrideEntry[];
  /** In the order of the lines. */
  readonly externals: readonly ExternalEntry[];
  /** Names of files and folders that are passed over wherever they are. */
  readonly excluded: ReadonlySet<string>;
}

/** Where to look and for which kernel. */
export interface DepmodConfigOptions {
  /** Kernel release that version expressions are tried on. */
  readonly release: string;
  /** Files and folders, the strongest first. Default: the five folders of depmod.d(5). */
  readonly paths?: readonly string[] | undefined;
  /** Folder that relative paths start at. Default: that of the process. */
  readonly workingDirectory?: string | undefined;
  readonly report?: ConfigurationReport | undefined;
}

/**
 * Reads depmod.d(5). A line that is not understood is reported and passed over; so is a file that cannot be read. With
 * no `search` line at all there is one entry, the folder `updates`.
 */
export function readDepmodConfig(options: DepmodConfigOptions): DepmodConfig {
  const { release, paths = configurationDirectories('depmod.d'), report = () => undefined } = options;
  const { workingDirectory = '' } = options;
  const reader = new DepmodConfigReader(release, report);
  for (const file of findConfigurationFiles(paths, { kind: 'depmod.d', workingDirectory, report }))
    reader.readFile(file, workingDirectory);
  return reader.config();
}

/** {@link readDepmodConfig} for one text. */
export function parseDepmodConfig(
  text: string,
  {
    file,
    release,
    report = () => undefined,
  }: { file: string; release: string; report?: ConfigurationReport },
): DepmodConfig {
  const reader = new DepmodConfigReader(release, report);
  reader.readText(text, file);
  return reader.config();
}

class DepmodConfigReader {
  readonly #release: string;
  readonly #report: ConfigurationReport;
  readonly #search: SearchEntry[] = [];
  readonly #overrides: OverrideEntry[] = [];
  readonly #externals: ExternalEntry[] = [];
  readonly #excluded = new Set<string>();

  constructor(release: string, report: ConfigurationReport) {
    this.#release = release;
    this.#report = report;
  }

  config(): DepmodConfig {
    const updates: SearchEntry = { kind: 'directory', directory: 'updates', origin: undefined };
    return {
      search: this.#search.length === 0 ? [updates] : this.#search,
      overrides: this.#overrides,
      externals: this.#externals,
      excluded: this.#excluded,
    };
  }

  readFile(file: ConfigurationFile, workingDirectory: string): void {
    try {
      this.readText(readConfigurationFile(file, workingDirectory), file.path);
    } catch (error) {
      this.#report({ priority: 'error', text: `file parse ${file.path}: ${systemErrorText(error)}` });
    }
  }

  readText(text: string, file: string): void {
    for (const { text: lineText, line } of logicalLines(text)) {
      if (isIdleLine(lineText)) continue;
      const [command = '', ...words] = lineWords(lineText);
      if (!this.#readCommand(command, words, { file, line }))
        this.#report({
          priority: 'error',
          text: `${file}:${line}: ignoring bad line starting with '${command}'`,
        });
    }
  }

  /** @returns false for a line that is not understood */
  #readCommand(command: string, words: readonly string[], origin: TextOrigin): boolean {
    switch (command) {
      case 'search':
        for (const word of words) this.#search.push(searchEntry(word, origin));
        return true;
      case 'override':
        return this.#readOverride(words, origin);
      case 'external':
        return this.#readExternal(words, origin);
      case 'exclude':
        for (const word of words) this.#excluded.add(word);
        return true;
      case 'include':
      case 'make_map_files':
        this.#inform(origin, `command ${command} not implemented yet`);
        return true;
      default:
        return false;
    }
  }

  #readOverride([name, version, directory]: readonly string[], origin: TextOrigin): boolean {
    if (name === undefined || version === undefined || directory === undefined) return false;
    if (this.#isForThisKernel(version)) this.#overrides.push({ path: `${directory}/${name}`, origin });
    else this.#inform(origin, `override kernel did not match ${version}`);
    return true;
  }

  #readExternal([version, directory]: readonly string[], origin: TextOrigin): boolean {
    if (version === undefined || directory === undefined) return false;
    if (this.#isForThisKernel(version)) this.#externals.push({ directory, origin });
    else this.#inform(origin, `external directory did not match ${version}`);
    return true;
  }

  /** `*` is every kernel; all else is an extended regular expression, which may match anywhere. */
  #isForThisKernel(version: string): boolean {
    return version === '*' || matchesExtendedRegex(version, this.#release) === true;
  }

  #inform({ file, line }: TextOrigin, text: string): void {
    this.#report({ priority: 'info', text: `${file}:${line}: ${text}` });
  }
}

function searchEntry(word: string, origin: TextOrigin): SearchEntry {
  if (word === 'built-in' || word === 'external') return { kind: word, origin };
  return { kind: 'directory', directory: word, origin };
}
