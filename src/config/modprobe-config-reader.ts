import { readFileSync } from 'node:fs';

import { normalizeAlias } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { TextOrigin } from '../index-files/text-origin.ts';
import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import { byteText, filePath } from '../native/byte-text.ts';
import {
  type ConfigurationFile,
  configurationDirectories,
  findConfigurationFiles,
  readConfigurationFile,
  systemErrorText,
} from './configuration-files.ts';
import type { ConfigurationProblem } from './configuration-notice.ts';
import { type KernelOption, KMOD_LIMIT, kernelOptions } from './kernel-command-line.ts';
import { lineRemedy } from './line-remedy.ts';
import { isIdleLine, logicalLines } from './logical-lines.ts';
import type { HiddenFile, ModprobeConfiguration } from './modprobe-configuration.ts';
import {
  type LineParts,
  lineParts,
  type ModprobeRecords,
  optionsRecord,
  readModprobeLine,
} from './modprobe-line.ts';

/** Where configuration is read from, and how. */
export interface ModprobeConfigurationRequest {
  /** Files and folders, the strongest first, as `-C` names them. Default: the five folders of modprobe.d(5). */
  readonly paths?: readonly string[] | undefined;
  /** Folder in place of `/` for the default folders. Default: none, the real ones. */
  readonly root?: string | undefined;
  /** Folder that relative paths start at. Default: that of the process. */
  readonly workingDirectory?: string | undefined;
  /** Tree whose `modules.softdep` and `modules.weakdep` take part. Default: none. */
  readonly tree?: ModuleTree | undefined;
  /** Kernel whose command line takes part. Default: the running one. */
  readonly kernel?: KernelLocation | undefined;
  /** Whether the kernel's command line takes part. Default true. */
  readonly kernelCommandLine?: boolean | undefined;
  /** Whether to read as kmod does where kmod is wrong. Default false. */
  readonly compat?: boolean | undefined;
}

/**
 * Reads the configuration of modprobe: files and folders, the tree's own soft and weak dependencies among them, and
 * the kernel's command line. Nothing in them makes it fail; what is not understood is told in `problems`.
 */
export function readModprobeConfiguration(request: ModprobeConfigurationRequest = {}): ModprobeConfiguration {
  const reader = new ModprobeConfigReader(request);
  reader.readFiles();
  if (request.kernelCommandLine !== false) reader.readCommandLine();
  return reader.configuration;
}

/** {@link readModprobeConfiguration} for the text of one file. */
export function parseModprobeConfiguration(
  text: string,
  { file, compat }: { readonly file: string; readonly compat?: boolean },
): ModprobeConfiguration {
  const reader = new ModprobeConfigReader({ compat });
  reader.readText(text, file);
  return reader.configuration;
}

/** {@link readModprobeConfiguration} for a kernel command line. */
export function parseKernelCommandLine(
  line: Buffer,
  { file, compat }: { readonly file: string; readonly compat?: boolean },
): ModprobeConfiguration {
  const reader = new ModprobeConfigReader({ compat });
  reader.readCommandLineBytes(line, file);
  return reader.configuration;
}

const treeFileNames = ['modules.softdep', 'modules.weakdep'] as const;

class ModprobeConfigReader {
  readonly #request: ModprobeConfigurationRequest;
  readonly #compat: boolean;
  readonly #records: ModprobeRecords = {
    aliases: [],
    blacklist: [],
    options: [],
    install: [],
    remove: [],
    softDependencies: [],
    weakDependencies: [],
  };
  readonly #files: string[] = [];
  readonly #hidden: HiddenFile[] = [];
  readonly #problems: ConfigurationProblem[] = [];

  constructor(request: ModprobeConfigurationRequest) {
    this.#request = request;
    this.#compat = request.compat ?? false;
  }

  get configuration(): ModprobeConfiguration {
    return { ...this.#records, files: this.#files, hidden: this.#hidden, problems: this.#problems };
  }

  readFiles(): void {
    const { tree, root, workingDirectory = '' } = this.#request;
    const paths = this.#request.paths ?? configurationDirectories('modprobe.d', root);
    const treeFiles = new Map<ConfigurationFile, () => string>();
    if (tree !== undefined)
      for (const name of treeFileNames)
        treeFiles.set({ path: `${tree.directory}/${name}`, name, isNamed: false }, () => tree.text(name));
    const files = findConfigurationFiles(paths, {
      kind: 'modprobe.d',
      workingDirectory,
      first: [...treeFiles.keys()],
      report: (problem) => this.#problems.push(problem),
      onHidden: ({ path }, by) => this.#hidden.push({ path, by: by.path }),
    });
    for (const file of files) {
      const readTreeFile = treeFiles.get(file);
      const text = this.#tryRead(
        file.path,
        readTreeFile ?? (() => readConfigurationFile(file, workingDirectory)),
      );
      // A tree without such a file, and one that is empty, are the same.
      if (text !== undefined && (readTreeFile === undefined || text !== '')) this.readText(text, file.path);
    }
  }

  readText(text: string, file: string): void {
    this.#files.push(file);
    for (const { text: lineText, line } of logicalLines(text, !this.#compat)) {
      if (isIdleLine(lineText, !this.#compat)) continue;
      const origin = { file, line };
      const parts = lineParts(lineText);
      const verdict = readModprobeLine(parts, origin, { records: this.#records, compat: this.#compat });
      if (verdict === 'deprecated') this.#addDeprecated(parts.keyword, origin);
      else if (verdict === 'bad') this.#addBadLine(parts, origin);
    }
  }

  readCommandLine(): void {
    const file = kernelPath(this.#request.kernel ?? {}, 'proc/cmdline');
    const bytes = this.#tryRead(file, () => readFileSync(filePath(file)));
    if (bytes !== undefined) this.readCommandLineBytes(bytes, file);
  }

  readCommandLineBytes(bytes: Buffer, file: string): void {
    this.#files.push(file);
    const text = byteText(this.#compat ? bytes.subarray(0, KMOD_LIMIT) : bytes);
    const origin = { file, line: 1 };
    for (const option of kernelOptions(text)) this.#addKernelOption(option, origin);
  }

  #addKernelOption({ module: written, text }: KernelOption, origin: TextOrigin): void {
    if (written === 'modprobe' && text.startsWith(BLACKLIST)) {
      for (const word of text.slice(BLACKLIST.length).split(','))
        this.#records.blacklist.push({ module: this.#compat ? word : blacklisted(word), origin });
      return;
    }
    const module = normalizeAlias(written);
    if (module !== undefined) this.#records.options.push(optionsRecord(module, text, origin));
    else
      this.#problems.push({
        priority: 'error',
        code: 'bad-kernel-option',
        ...origin,
        text: `Ignoring bad option on kernel command line while parsing module name: '${partlyNormalized(written)}'`,
        remedy: 'No module has this name; if the option is for a program, it is seen there all the same.',
      });
  }

  #addBadLine(parts: LineParts, origin: TextOrigin): void {
    this.#problems.push({
      priority: 'error',
      code: 'bad-line',
      ...origin,
      text: `${origin.file} line ${origin.line}: ignoring bad line starting with '${parts.keyword}'`,
      remedy: lineRemedy(parts),
    });
  }

  #addDeprecated(keyword: string, origin: TextOrigin): void {
    this.#problems.push({
      priority: 'error',
      code: 'deprecated-directive',
      ...origin,
      text: `${origin.file}: command ${keyword} is deprecated and not parsed anymore`,
      remedy:
        'Put the file into a folder of modprobe.d, under a name that ends in .conf, and remove this line.',
    });
  }

  /** What a reading function gives, undefined when there is no such file, or it cannot be read. */
  #tryRead<T>(file: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#problems.push({
        // kmod passes over it without a word.
        priority: 'info',
        code: 'unreadable',
        file,
        line: null,
        text: `${file}: ${systemErrorText(error)}`,
        remedy: 'Nothing of it was read: make it readable for this user.',
      });
      return undefined;
    }
  }
}

const BLACKLIST = 'blacklist=';

/** A name with a bad bracket as kmod shows it, which has replaced the dashes in front of the bracket already. */
function partlyNormalized(name: string): string {
  const [sound = ''] = /^(?:[^\][]|\[[^\]]*\])*/.exec(name) ?? [];
  return (normalizeAlias(sound) ?? sound) + name.slice(sound.length);
}

/** A name of the kernel's command line as modules have it; quotes around the list are none of a name. */
function blacklisted(word: string): string {
  const name = word.replaceAll('"', '');
  return normalizeAlias(name) ?? name;
}
