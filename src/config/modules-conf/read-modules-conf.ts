import type { ConfDiagnostic } from './diagnostic.ts';
import { type GeneratedFileName, generatedFileNames } from './directive.ts';
import { evaluateFile, evaluateText } from './evaluation.ts';
import { EvaluationState } from './evaluation-state.ts';
import { expandValue, type ShellRunner } from './expansion.ts';
import { type FileAccess, fileAccess } from './file-access.ts';
import { locateModulesConf } from './location.ts';
import type { GivenValue, ModulesConfiguration } from './model.ts';
import { defaultPaths, environmentPaths } from './path-list.ts';
import type { ReadingMode } from './reading-mode.ts';
import { runShell } from './shell-runner.ts';
import { systemErrorText } from '../configuration-files.ts';

/** How a modules.conf is read. */
export interface ModulesConfOptions {
  /** Kernel release that `` `uname -r` `` and the default paths stand for. */
  readonly release: string;
  /** Default `fixed`. */
  readonly mode?: ReadingMode | undefined;
  /** Default: MODULECONFIG, else /etc/modules.conf, else /etc/conf.modules. */
  readonly file?: string | undefined;
  /** Folder that stands for `/`. Default the real one. */
  readonly root?: string | undefined;
  /** Folder that relative names start at. Default that of the process. */
  readonly workingDirectory?: string | undefined;
  /** Default: that of the process. It is not changed. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether MODULECONFIG, MODPATH and the like are ignored, as for a request of the kernel. Default false. */
  readonly safeMode?: boolean | undefined;
  /** Whether `-k` holds. Default false. */
  readonly autoclean?: boolean | undefined;
  /** What is read: `all` (default), or `paths` as insmod and depmod do. */
  readonly scope?: 'all' | 'paths' | undefined;
  /** Folder in front of paths and generated files, as depmod -b has it. Default none. */
  readonly baseDirectory?: string | undefined;
  /** Whether the built-in aliases, options, paths and prune list count. Default: in mode `2.4` only. */
  readonly builtIn?: boolean | undefined;
  /** Whether commands in values (`$(…)`) are run by /bin/sh. Default false: they are an error. */
  readonly allowShell?: boolean | undefined;
}

/** Reads a modules.conf with all that it includes. What is wrong with it is in `diagnostics`; nothing is thrown. */
export function readModulesConf(options: ModulesConfOptions): ModulesConfiguration {
  const files = fileAccess(options);
  const environment = environmentOf(options);
  const place = locateModulesConf(options.file, { environment, safeMode: options.safeMode ?? false, files });
  const state = startState(options, files, environment);
  state.diagnostics.push(...place.diagnostics);
  let isSound = true;
  if (place.file !== undefined)
    try {
      isSound = evaluateFile(state, { file: place.file, depth: 0, identities: [files.identity(place.file)] });
    } catch (error) {
      isSound = false;
      state.diagnostics.push(cannotOpen(place.file, error));
    }
  return modelOf(state, isSound);
}

/**
 * {@link readModulesConf} for a text. `file` is its name in messages; what it includes is read from files.
 *
 * @param access default the files of this machine, below `root`
 */
export function parseModulesConf(
  text: string,
  options: ModulesConfOptions & { readonly file: string },
  access?: { readonly files?: FileAccess; readonly shell?: ShellRunner },
): ModulesConfiguration {
  const state = startState(
    options,
    access?.files ?? fileAccess(options),
    environmentOf(options),
    access?.shell,
  );
  return modelOf(state, evaluateText(state, options.file, text));
}

function environmentOf({ environment = process.env }: ModulesConfOptions): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function startState(
  options: ModulesConfOptions,
  files: FileAccess,
  environment: ReadonlyMap<string, string>,
  shell = runShell,
): EvaluationState {
  const { release, mode = 'fixed', scope = 'all', baseDirectory = '', autoclean = false } = options;
  const { safeMode = false, builtIn = mode === '2.4', allowShell = false } = options;
  const settings = {
    mode,
    release,
    scope,
    baseDirectory,
    autoclean,
    files,
    shell: allowShell ? shell : undefined,
  };
  const state = new EvaluationState(settings, environment);
  if (builtIn) state.addBuiltInLists();
  const modulePath = safeMode ? undefined : environment.get('MODPATH');
  if (modulePath !== undefined) state.paths = environmentPaths(modulePath, release);
  else if (builtIn) state.paths = defaultPaths(release, baseDirectory);
  for (const name of safeMode ? [] : generatedFileNames) {
    const value = environment.get(`${name.toUpperCase()}PATH`);
    if (value !== undefined) state.generatedFiles.set(name, { value, origin: undefined });
  }
  return state;
}

function modelOf(state: EvaluationState, isSound: boolean): ModulesConfiguration {
  const { lists, settings } = state;
  const names = generatedFiles(state);
  return {
    mode: settings.mode,
    release: settings.release,
    paths: state.paths,
    prune: lists.prune.records(),
    above: lists.above.records(),
    below: lists.below.records(),
    aliases: lists.alias.records(),
    options: lists.options.records(),
    probe: lists.probe.records(),
    probeall: lists.probeall.records(),
    commands: state.commands,
    defines: state.defines,
    generatedFiles: names.files,
    persistDirectory: state.persistDirectory,
    insmodOptions: state.insmodOptions,
    keeps: state.keeps,
    environment: state.environment,
    conditions: state.conditions,
    lines: state.lines,
    files: state.filesRead,
    diagnostics: state.diagnostics,
    hasFailed: !isSound || names.hasFailed,
  };
}

interface GeneratedFiles {
  readonly files: Readonly<Record<GeneratedFileName, GivenValue>>;
  readonly hasFailed: boolean;
}

/** Names of generated files are expanded when all has been read. */
function generatedFiles(state: EvaluationState): GeneratedFiles {
  const { release, baseDirectory, mode } = state.settings;
  let hasFailed = false;
  const entries = generatedFileNames.map((name): readonly [GeneratedFileName, GivenValue] => {
    const usual = { value: `${baseDirectory}/lib/modules/${release}/modules.${name}`, origin: undefined };
    const given = state.generatedFiles.get(name);
    if (given === undefined) return [name, usual];
    const [value] = expandValue(given.value, state.expansion, baseDirectory).words;
    if (value !== undefined) return [name, { value, origin: given.origin }];
    const isError = mode === '2.4';
    hasFailed ||= isError;
    const origin = given.origin ?? { file: 'the environment', firstLine: 1, line: 1 };
    state.diagnostics.push({
      ...origin,
      column: 1,
      code: 'empty-file-name',
      severity: isError ? 'error' : 'warning',
      text: `${name}file has no value${isError ? '' : `; ${usual.value} is used`}`,
      remedy: 'Write the name of a file, or remove the line.',
      original: [],
    });
    return [name, usual];
  });
  return { files: Object.fromEntries(entries) as Record<GeneratedFileName, GivenValue>, hasFailed };
}

function cannotOpen(file: string, error: unknown): ConfDiagnostic {
  return {
    file,
    firstLine: 1,
    line: 1,
    column: 1,
    code: 'cannot-open',
    severity: 'error',
    text: `cannot be read: ${systemErrorText(error)}`,
    remedy: 'Correct the name of the file (option, or MODULECONFIG in the environment).',
    original: [`Can't open ${file}`],
  };
}
