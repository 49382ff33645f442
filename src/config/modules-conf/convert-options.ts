import type { ConversionWarnings } from './conversion-warning.ts';
import type { ConfOrigin } from './conf-origin.ts';
import type { ListRecord } from './model.ts';
import { modprobeText } from './modprobe-words.ts';

/** Where modutils' own lists are from. */
const BUILT_IN: ConfOrigin = { file: 'modutils', firstLine: 1, line: 1 };

/** The parameters that a list of options hands to a module, with a warning for each word that it does not. */
export function parameterWords(
  { name, words, origins, noAutoclean }: ListRecord,
  warnings: ConversionWarnings,
): readonly string[] {
  const origin = origins.at(-1) ?? BUILT_IN;
  if (noAutoclean)
    warnings.add(
      origin,
      'no-autoclean',
      `options -k ${name}: modules are not unloaded by themselves any more`,
      'Nothing has to be done.',
    );
  const parameters: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '-o') {
      const rename = words[++index] ?? '';
      warnings.add(
        origin,
        'rename',
        `${name} -o ${rename}: a module cannot be loaded under another name any more`,
        'Use a parameter of the module that makes several devices, such as numdummies= of dummy.',
      );
    } else if (!word.includes('=')) {
      const lost = words.slice(index).join(' ');
      warnings.add(
        origin,
        'option-dropped',
        `${name}: modutils stopped at ${JSON.stringify(word)}, so ${JSON.stringify(lost)} never reached the module`,
        'Write NAME=VALUE if the word is to count.',
      );
      break;
    } else {
      if (hasOpenQuote(word))
        warnings.add(
          origin,
          'option-dropped',
          `${name}: the kernel takes the quotation mark of ${JSON.stringify(word)} for the begin of a longer value, insmod took it for a character`,
          'Do without the character; it is left out, for otherwise the parameters that follow would be part of the value.',
        );
      parameters.push(quotedParameter(word, () => warnEscape(name, word, origins, warnings)));
    }
  }
  return parameters;
}

/**
 * One parameter list of several, the most basic name first: a later one takes the place of an earlier one of the same
 * parameter.
 */
export function mergeParameters(lists: readonly (readonly string[])[]): readonly string[] {
  let merged: readonly string[] = [];
  for (const list of lists) {
    const given = new Set(list.map(parameterKey));
    merged = [...merged.filter((word) => !given.has(parameterKey(word))), ...list];
  }
  return merged;
}

/** `options NAME PARAMETERS`. */
export function optionsLine(name: string, parameters: readonly string[]): string {
  return `options ${name} ${modprobeText(parameters.join(' '))}`;
}

/** A parameter's name, as the kernel compares it. */
export function parameterKey(word: string): string {
  return word.slice(0, word.indexOf('=')).replaceAll('-', '_');
}

/** The kernel needs quotes around a value with blanks, and each with its second one; insmod did not. */
function quotedParameter(word: string, warnEscaped: () => void): string {
  const equals = word.indexOf('=');
  const value = word.slice(equals + 1);
  if (value.includes('\\')) warnEscaped();
  if ((!/\s/.test(value) && !hasOpenQuote(word)) || /^"[^"]*"$/.test(value)) return word;
  return `${word.slice(0, equals)}="${value.replaceAll('"', '')}"`;
}

/** Whether the kernel would read on behind a parameter for the quotation mark that is missing. */
function hasOpenQuote(word: string): boolean {
  return word.replaceAll(/[^"]/g, '').length % 2 === 1;
}

function warnEscape(
  name: string,
  word: string,
  origins: ListRecord['origins'],
  warnings: ConversionWarnings,
): void {
  const origin = origins.at(-1);
  if (origin === undefined) return;
  warnings.add(
    origin,
    'option-dropped',
    `${name}: the kernel takes the backslash of ${JSON.stringify(word)} for itself, insmod took it for the begin of an escape`,
    'Write the character that is meant.',
  );
}
