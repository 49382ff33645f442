import { existsSync } from 'node:fs';

import { readModprobeConfiguration } from '../api/modprobe-configuration.ts';
import { moduleFacts } from '../api/module-facts.ts';
import { type PlaceOptions, treeOf } from '../api/place-options.ts';
import { explanationText, type Explanation } from '../config/explanation.ts';
import { findingText, type LintFinding, type ModuleFacts } from '../config/lint-finding.ts';
import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { explainModprobeConfiguration } from '../config/modprobe-explanation.ts';
import { lintModprobeConfiguration } from '../config/modprobe-lint.ts';
import { originText } from '../config/modules-conf/conf-origin.ts';
import { configurationText } from '../config/modules-conf/configuration-text.ts';
import { convertModulesConf } from '../config/modules-conf/convert.ts';
import { diagnosticText } from '../config/modules-conf/diagnostic.ts';
import { explainModulesConf } from '../config/modules-conf/explain.ts';
import { lintModulesConf } from '../config/modules-conf/lint.ts';
import type { ModulesConfiguration } from '../config/modules-conf/model.ts';
import { readModulesConf } from '../config/modules-conf/read-modules-conf.ts';
import type { ReadingMode } from '../config/modules-conf/reading-mode.ts';
import { explainIndexes, joinExplanations } from '../config/index-explanation.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { filePath } from '../native/byte-text.ts';
import { lookUpName } from '../plan/lookup.ts';
import type { CliIo } from './cli-io.ts';
import { jsonDocument } from './json-output.ts';
import { configurationLines } from './configuration-dump.ts';
import {
  type Subcommand,
  type SubcommandArguments,
  UsageError,
  namedConfiguration,
  requireCompat,
} from './kmodctl-options.ts';
import { hasCode } from './refusal-text.ts';
import { packageVersion } from './version.ts';

const actions = ['show', 'explain', 'lint', 'convert'] as const;

/** `kmodctl config`: what configuration says, which line counts, what is wrong with it, and modules.conf in new words. */
export const configSubcommand: Subcommand = {
  options: ['config', 'modules-conf', 'mode', 'allow-shell', 'compat', 'release', 'root', 'json'],
  manual: {
    purpose: 'configuration: show it, explain NAME, lint it, convert a modules.conf',
    usage: ['[options] show', '[options] explain NAME...', '[options] lint', '[options] convert'],
    about:
      'Reads modprobe.d and the kernel command line, or a modules.conf of Linux 2.0 to 2.4. show: all that counts, in its order. explain: every line that touches a name, in modprobe.d, on the kernel command line, in the tree of modules, and with --modules-conf in that file, too; a star marks those that count. lint: what is wrong or probably not meant; the exit code is 1 if there is an error. convert: a modules.conf as modprobe.d, with lines for depmod.d in comments, and a warning for whatever is not kept.',
    operands: actions,
  },
  run(given, io) {
    const [action, ...names] = given.operands;
    if (action === 'explain') {
      if (names.length === 0) throw new UsageError('which names? Give them after explain.');
    } else if (names[0] !== undefined) throw new UsageError(`'${names[0]}' is one word too many`);
    checkValues(given, io);
    switch (action) {
      case 'show':
        return show(given, io);
      case 'explain':
        return explain(names, given, io);
      case 'lint':
        return lint(given, io);
      case 'convert':
        return convert(given, io);
      default:
        throw new UsageError(`what is to be done? One of ${actions.join(', ')}.`);
    }
  },
};

/** modprobe passes over configuration that is not there; whoever wants to see it has mistyped its name. */
function checkValues(given: SubcommandArguments, io: CliIo): void {
  requireCompat(given);
  readingMode(given.value('mode'));
  const missing = namedConfiguration(given, io).find((path) => !existsSync(filePath(path)));
  if (missing !== undefined) throw new UsageError(`-C ${missing}: there is no such file or folder`);
}

function show(given: SubcommandArguments, io: CliIo): number {
  if (!isOld(given)) {
    const configuration = modprobeConfiguration(given, io);
    io.stdout(
      given.has('json')
        ? jsonDocument('config-show', { kind: 'modprobe', ...configuration })
        : configurationLines(configuration, given.has('compat')),
    );
    return 0;
  }
  const model = modulesConfiguration(given, io);
  if (given.has('json')) {
    // The environment is the caller's own, and may hold secrets.
    const { environment: _, lines: _lines, ...rest } = model;
    io.stdout(jsonDocument('config-show', { kind: 'modules.conf', ...rest }));
    return model.hasFailed ? 1 : 0;
  }
  io.stdout(configurationText(model, `kmodctl ${packageVersion()}`));
  return tellDiagnostics(model, io);
}

function explain(names: readonly string[], given: SubcommandArguments, io: CliIo): number {
  const old = isOld(given) ? modulesConfiguration(given, io) : undefined;
  const explanations = names.map((name) => explanationOf(name, old, given, io));
  if (given.has('json')) io.stdout(jsonDocument('config-explain', { explanations }));
  else io.stdout(explanations.map(explanationText).join('\n'));
  // Lines that were not understood are in no explanation.
  return old === undefined ? 0 : tellDiagnostics(old, io);
}

function explanationOf(
  name: string,
  old: ModulesConfiguration | undefined,
  given: SubcommandArguments,
  io: CliIo,
): Explanation {
  const tree = treeOf(given.place);
  const configuration = modprobeConfiguration(given, io);
  const byModprobe = (asked: string): Explanation =>
    explainByModprobe(configuration, asked, { tree, compat: given.has('compat') });
  if (old === undefined) return byModprobe(name);
  const first = explainModulesConf(old, name);
  const others = first.modules.filter((module) => module !== name && module !== 'off' && module !== 'null');
  return joinExplanations(first, ...[name, ...others].map(byModprobe));
}

/** By modprobe.d, the kernel's command line and the tree. */
function explainByModprobe(
  configuration: ModprobeConfiguration,
  name: string,
  { tree, compat }: { readonly tree: ModuleTree; readonly compat: boolean },
): Explanation {
  const modules = lookUpName(tree, name, configuration).map(({ module }) => module);
  const explanation = explainModprobeConfiguration(configuration, name, { modules, compat });
  const alias = explanation.lines.find(
    ({ text, effect }) => effect === 'counts' && text.startsWith('alias '),
  );
  const winner = alias === undefined ? null : `${alias.origin.file}:${alias.origin.line} comes first`;
  return { ...explanation, lines: [...explanation.lines, ...explainIndexes(tree, name, winner)] };
}

function lint(given: SubcommandArguments, io: CliIo): number {
  const facts = factsIfKnown(given.place);
  const findings: readonly LintFinding[] = isOld(given)
    ? lintModulesConf(modulesConfiguration(given, io), facts)
    : lintModprobeConfiguration(modprobeConfiguration(given, io), facts);
  io.stdout(
    given.has('json') ? jsonDocument('config-lint', { findings }) : findings.map(findingText).join(''),
  );
  return findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}

function convert(given: SubcommandArguments, io: CliIo): number {
  const model = modulesConfiguration(given, io);
  if (model.files.length === 0 && !model.hasFailed)
    throw new UsageError('there is no /etc/modules.conf; name the file with --modules-conf');
  const { modprobe, depmod, warnings } = convertModulesConf(model);
  if (given.has('json')) {
    io.stdout(jsonDocument('config-convert', { modprobe, depmod, warnings, hasErrors: model.hasFailed }));
    return model.hasFailed ? 1 : 0;
  }
  io.stdout(modprobe);
  const lines = depmod.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length > 0)
    io.stdout(['# For a file of depmod.d:', ...lines.map((line) => `#   ${line}`), ''].join('\n'));
  for (const warning of warnings)
    io.stderr(`${originText(warning)}: warning: ${warning.text} (${warning.code})\n    ${warning.remedy}\n`);
  return model.hasFailed ? 1 : 0;
}

/** Whether it is about a modules.conf. */
function isOld({ has }: SubcommandArguments): boolean {
  return has('modules-conf');
}

function modprobeConfiguration(given: SubcommandArguments, io: CliIo): ModprobeConfiguration {
  const { place, has } = given;
  const config = namedConfiguration(given, io);
  return readModprobeConfiguration({
    ...place,
    config: config.length === 0 ? undefined : config,
    configRoot: place.root ?? io.root,
    compat: has('compat'),
  });
}

function modulesConfiguration({ place, value, has }: SubcommandArguments, io: CliIo): ModulesConfiguration {
  return readModulesConf({
    release: place.release ?? io.release,
    mode: readingMode(value('mode')),
    builtIn: false,
    file: value('modules-conf') === '' ? undefined : value('modules-conf'),
    root: place.root ?? io.root,
    workingDirectory: io.workingDirectory,
    environment: io.env,
    allowShell: has('allow-shell'),
  });
}

function readingMode(text = 'fixed'): ReadingMode {
  if (text === '2.4' || text === 'fixed') return text;
  throw new UsageError(`--mode takes fixed or 2.4, not '${text}'`);
}

function tellDiagnostics(model: ModulesConfiguration, io: CliIo): number {
  for (const diagnostic of model.diagnostics) io.stderr(diagnosticText(diagnostic));
  return model.hasFailed ? 1 : 0;
}

function factsIfKnown(place: PlaceOptions): ModuleFacts | undefined {
  try {
    return moduleFacts(place);
  } catch (error) {
    if (hasCode(error, 'ERR_KMOD_INDEX_MISSING')) return undefined;
    throw error;
  }
}
