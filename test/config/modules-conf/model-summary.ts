import { builtInAliases, builtInOptions } from '../../../src/config/modules-conf/built-in-lists.ts';
import { originalMessages } from '../../../src/config/modules-conf/diagnostic.ts';
import type { ListRecord, ModulesConfiguration } from '../../../src/config/modules-conf/model.ts';
import { defaultPaths } from '../../../src/config/modules-conf/path-list.ts';

/**
 * modutils' messages and then, unless it refused the file, what a configuration says beyond the built-in tables: one
 * record a line, each word in braces.
 */
export function modelSummary(model: ModulesConfiguration): string {
  const messages = originalMessages(model.diagnostics);
  if (model.hasFailed) return `${messages}refused\n`;
  const records = [
    ...paths(model),
    ...model.prune.filter(({ origins }) => origins.length > 0).map(({ name }) => `prune ${name}`),
    ...model.above.map((record) => listText('above', record)),
    ...model.below.map((record) => listText('below', record)),
    ...own(model.aliases, builtInAliases).map((record) => listText('alias', record)),
    ...own(model.options, builtInOptions).map((record) => listText('options', record)),
    ...model.probe.map((record) => listText('probe', record)),
    ...model.probeall.map((record) => listText('probeall', record)),
    ...model.commands.map(({ kind, name, command }) => `${kind} ${name} {${command}}`),
    ...Object.entries(model.generatedFiles)
      .filter(([, { origin }]) => origin !== undefined)
      .map(([name, { value }]) => `${name}file=${value}`),
    ...(model.persistDirectory.origin === undefined ? [] : [`persistdir=${model.persistDirectory.value}`]),
    ...(model.insmodOptions === undefined ? [] : [`insmod_opt=${model.insmodOptions.value}`]),
  ];
  return messages + records.map((record) => `${record}\n`).join('');
}

function paths({ paths: given, release }: ModulesConfiguration): readonly string[] {
  const usual = JSON.stringify(defaultPaths(release, ''));
  if (JSON.stringify(given) === usual || given.length === 0) return [];
  return given.map(({ tag, directory }) => `path[${tag}]=${directory}`);
}

/** Those that a line changed. */
function own(records: readonly ListRecord[], builtIn: readonly (readonly string[])[]): readonly ListRecord[] {
  const known = new Set(builtIn.map((words) => words.join(' ')));
  return records.filter(({ name, words }) => !known.has([name, ...words].join(' ')));
}

function listText(keyword: string, { name, words, noAutoclean }: ListRecord): string {
  const quoted = words.map((word) => ` {${word}}`).join('');
  return `${keyword} ${noAutoclean ? '-k ' : ''}${name}${quoted}`;
}
