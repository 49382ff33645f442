import type { ConversionWarnings } from './conversion-warning.ts';
import type { ConfOrigin } from './conf-origin.ts';
import { generatedFileNames } from './directive.ts';
import type { ListRecord, ModulesConfiguration } from './model.ts';
import { comparedName } from './modprobe-words.ts';
import type { CircleMember } from './loading-circles.ts';
import type { NameTable } from './name-table.ts';

/** Warns of all that neither modprobe.d nor depmod.d has a word for. */
export function warnOfLostLines(
  model: ModulesConfiguration,
  table: NameTable,
  warnings: ConversionWarnings,
): void {
  for (const { file, firstLine, line, severity, text, remedy } of model.diagnostics)
    if (severity === 'error') warnings.add({ file, firstLine, line }, 'line-not-read', text, remedy);
  for (const { expression, holds, origin } of model.conditions)
    warnings.add(
      origin,
      'condition-frozen',
      `the condition ${JSON.stringify(expression)} is taken for ${holds ? 'true' : 'false'} from now on`,
      frozenRemedy(expression),
    );
  for (const name of generatedFileNames) {
    const { origin } = model.generatedFiles[name];
    if (origin !== undefined)
      warnings.add(
        origin,
        'file-name',
        `${name}file=: depmod's files have fixed names today`,
        'Use depmod -o DIR to have them elsewhere.',
      );
  }
  warnOfSingles(model, warnings);
  for (const record of [...model.above, ...model.below]) warnOfOffMembers(record, table, warnings);
  warnOfCollisions(model, warnings);
}

function frozenRemedy(expression: string): string {
  if (/^!?\s*-k/.test(expression))
    return 'Convert once with autoclean and once without, and choose: no configuration knows today who asks.';
  if (expression.includes('`')) return 'Convert again for every other kernel, or write what both need.';
  return 'Convert again when it turns out otherwise.';
}

function warnOfSingles(
  { insmodOptions, persistDirectory }: ModulesConfiguration,
  warnings: ConversionWarnings,
): void {
  if (insmodOptions?.origin !== undefined) {
    const { value, origin } = insmodOptions;
    const remedy = /(?:^|\s)-f/.test(value)
      ? 'Use modprobe --force where a module of another kernel really has to be loaded.'
      : 'Nothing has to be done.';
    warnings.add(origin, 'insmod-option', `insmod_opt=${value}: modprobe calls no insmod today`, remedy);
  }
  if (persistDirectory.origin !== undefined)
    warnings.add(
      persistDirectory.origin,
      'persistent-data',
      'persistdir=: parameters are not kept over unloading any more',
      'Save /sys/module/NAME/parameters in a unit or script of your own.',
    );
}

/** A list with a member that is aliased off made modutils load nothing at all. */
function warnOfOffMembers(
  { name, words, origins }: ListRecord,
  table: NameTable,
  warnings: ConversionWarnings,
): void {
  const off = words.filter((word) => table.chain(word).end === 'off');
  const origin = origins.at(-1);
  if (off.length > 0 && origin !== undefined)
    warnings.add(
      origin,
      'alias-off-in-list',
      `${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off, for which modutils loaded nothing of ${name} at all; now ${name} is loaded`,
      `If that is meant, write "install ${name} /bin/true".`,
    );
}

/** Two commands that start each other would never end. */
export function warnOfCircles(
  circles: readonly CircleMember[],
  table: NameTable,
  warnings: ConversionWarnings,
): void {
  for (const { name, member } of circles) {
    const lists = [table.above, table.below, table.probe, table.probeall].map((list) => list.get(name));
    const origin = lists.find((list) => list?.words.includes(member) === true)?.origins.at(-1);
    if (origin !== undefined)
      warnings.add(
        origin,
        'alias-loop',
        `${name} has ${member} in its list, which leads back to ${name}: ${member} is left out there, for otherwise the two commands would start each other without end`,
        'Remove it from one of the lists.',
      );
  }
}

/** kmod does not tell dashes from underscores. */
function warnOfCollisions(model: ModulesConfiguration, warnings: ConversionWarnings): void {
  const kinds = ['aliases', 'options', 'above', 'below', 'probe', 'probeall'] as const;
  for (const kind of kinds) {
    const seen = new Map<string, { readonly name: string; readonly origin: ConfOrigin | undefined }>();
    for (const { name, origins } of model[kind]) {
      const origin = origins.at(-1);
      const other = seen.get(comparedName(name));
      if (other !== undefined && origin !== undefined)
        warnings.add(
          origin,
          'name-collision',
          `${name} and ${other.name} are one name for kmod`,
          'Keep one of the two.',
        );
      seen.set(comparedName(name), { name, origin });
    }
  }
}
