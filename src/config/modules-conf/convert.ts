import { originText, type ConfOrigin } from './conf-origin.ts';
import { type ConversionWarning, ConversionWarnings } from './conversion-warning.ts';
import { warnOfLaterCommands } from './convert-commands.ts';
import { mergeParameters, optionsLine, parameterWords } from './convert-options.ts';
import { loadingLines } from './convert-loading.ts';
import { dangerousCircles } from './loading-circles.ts';
import { convertPaths } from './convert-paths.ts';
import { warnOfCircles, warnOfLostLines } from './conversion-losses.ts';
import type { ListRecord, ModulesConfiguration } from './model.ts';
import { isModprobeName } from './modprobe-words.ts';
import { NameTable } from './name-table.ts';
import { isRequestName, remedyForGoneName } from './request-names.ts';

/** A modules.conf in today's words. */
export interface Conversion {
  /** Text of a file of modprobe.d; its name should sort before `modules.softdep`. */
  readonly modprobe: string;
  /** Text of a file of depmod.d; empty when it has nothing to say. */
  readonly depmod: string;
  /** What is not kept, or only in another way, in the order of the lines. */
  readonly warnings: readonly ConversionWarning[];
}

/**
 * Writes what a modules.conf says as modprobe.d and depmod.d. Built-in entries are left out, conditions are taken as
 * they turned out, and lines with errors are missing; there is a warning for each.
 */
export function convertModulesConf(model: ModulesConfiguration): Conversion {
  const warnings = new ConversionWarnings();
  const table = new NameTable(model);
  warnOfLostLines(model, table, warnings);
  warnOfLaterCommands(model.commands, table, warnings);
  const names = loadedNames(model, table);
  const circles = dangerousCircles(names, table);
  warnOfCircles(circles, table, warnings);
  const context = { table, defines: model.defines, warnings, circles };
  const aliases = model.aliases.flatMap((record) => aliasLines(record, table, warnings));
  const options = optionNames(table).flatMap((name) => optionLines(name, table, warnings));
  const loading = names.flatMap((name) => {
    const origins = table.origins(name);
    if (!isExpressible(name, origins, warnings)) return [];
    const lines = loadingLines(name, nextName(name, table), context);
    return lines.length === 0 ? [] : [comment(origins), ...lines];
  });
  const body = [...aliases, ...options, ...loading];
  const depmod = convertPaths(model, warnings);
  const head = commentLine(
    `Converted by kmodctl from ${model.files.join(', ')}, for Linux ${model.release}.`,
  );
  const order = (a: ConversionWarning, b: ConversionWarning): number =>
    model.files.indexOf(a.file) - model.files.indexOf(b.file) || a.line - b.line;
  return {
    modprobe: `${[head, ...body].join('\n')}\n`,
    depmod: depmod.length === 0 ? '' : `${[head, ...depmod].join('\n')}\n`,
    warnings: warnings.all().toSorted(order),
  };
}

/** Names with more to them than an alias and options, in the order in which they came. */
function loadedNames({ lines }: ModulesConfiguration, table: NameTable): readonly string[] {
  const names = new Set(lines.filter(({ isActive }) => isActive).map(({ name }) => name));
  return [...names].filter((name) => table.origins(name).length > 0);
}

/** What a name stands for when it is loaded: itself, another name, or nothing. */
function nextName(name: string, table: NameTable): string | undefined {
  const target = table.aliases.get(name)?.words[0];
  if (target === undefined || target === name) return name;
  return target === 'off' || target === 'null' ? undefined : target;
}

function aliasLines(
  { name, origins, words: [target] }: ListRecord,
  table: NameTable,
  warnings: ConversionWarnings,
): readonly string[] {
  const origin = origins.at(-1);
  if (origin === undefined || target === undefined) return [];
  if (!isExpressible(name, origins, warnings)) return [];
  const remedy = remedyForGoneName(name);
  if (remedy !== undefined)
    warnings.add(origin, 'nobody-asks', `no kernel asks for ${name} any more`, remedy);
  // The install line of the name says it all.
  if (table.isActive(name)) return [];
  const { names, end } = table.chain(name);
  if (end === 'loop') {
    warnings.add(
      origin,
      'alias-loop',
      `the aliases of ${name} lead back to themselves: ${names.join(', ')}`,
      'Remove one of them.',
    );
    return [];
  }
  const stop = table.stop(name);
  if (end !== 'module' && !table.isActive(stop)) return offLines(name, origin, end, warnings);
  if (!isModprobeName(stop)) {
    warnings.add(
      origin,
      'name-not-expressible',
      `modprobe.d cannot name the module ${JSON.stringify(stop)}`,
      'Name the module without a path.',
    );
    return [];
  }
  return [comment(origins), `alias ${name} ${stop}`, ...minorNumberLines(name, stop, table)];
}

/** A kernel of today asks for major and minor number first. */
function minorNumberLines(name: string, module: string, table: NameTable): readonly string[] {
  return table.standsForMinors(name) ? [`alias ${name}-* ${module}`] : [];
}

function offLines(
  name: string,
  origin: ConfOrigin,
  end: 'off' | 'null',
  warnings: ConversionWarnings,
): readonly string[] {
  if (end === 'off' && !isRequestName(name))
    warnings.add(
      origin,
      'off-module',
      `if ${name} is a module, other modules that need it can no longer load it either`,
      `If only hardware must not load it, write "blacklist ${name}" instead.`,
    );
  return [comment([origin]), `install ${name} /bin/true`];
}

/** Names with options, those of modules first: of two values for a parameter the kernel takes the last one. */
function optionNames(table: NameTable): readonly string[] {
  const names = new Set([...table.options.keys(), ...table.aliases.keys()]);
  const distance = (name: string): number => table.chain(name).names.length;
  return [...names].sort((a, b) => distance(a) - distance(b));
}

function optionLines(name: string, table: NameTable, warnings: ConversionWarnings): readonly string[] {
  const records = table.passed(name).flatMap((each) => table.options.get(each) ?? []);
  if (records.length === 0) return [];
  const origins = records.flatMap((record) => record.origins);
  const isOwn = table.options.has(name);
  if (isOwn ? !isExpressible(name, origins, warnings) : !isModprobeName(name)) return [];
  // Other names' options are told of where these names have their turn.
  const lists = records.map((record) =>
    parameterWords(record, record.name === name ? warnings : new ConversionWarnings()),
  );
  const parameters = mergeParameters(lists.toReversed());
  if (parameters.length === 0) return [];
  const isMajor = table.aliases.has(name) && !table.isActive(name) && table.standsForMinors(name);
  const names = isMajor ? [name, `${name}-*`] : [name];
  return [comment(origins), ...names.map((each) => optionsLine(each, parameters))];
}

function isExpressible(name: string, origins: readonly ConfOrigin[], warnings: ConversionWarnings): boolean {
  if (isModprobeName(name)) return true;
  const origin = origins.at(-1);
  if (origin === undefined) return false;
  if (name.startsWith('/'))
    warnings.add(
      origin,
      'device-name',
      `${name}: nobody asks for modules by the names of devices any more`,
      'Remove the line; devfs is gone, and udev loads modules by hardware.',
    );
  else
    warnings.add(
      origin,
      'name-not-expressible',
      `modprobe.d cannot have the name ${JSON.stringify(name)}`,
      'Use a name of letters, digits, dashes and underscores.',
    );
  return false;
}

function comment(origins: readonly ConfOrigin[]): string {
  return commentLine([...new Set(origins.map(originText))].join(', '));
}

/** A comment that neither ends early nor goes on in the next line. */
function commentLine(text: string): string {
  return `# ${text.replaceAll(/[\p{Cc}\\]/gu, '?')}`;
}
