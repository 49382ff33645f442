import { shellWord } from '../errors/shell-word.ts';
import { nearestName } from '../errors/argument.ts';
import type { ModuleParameter } from '../module-file/parameter-type.ts';
import type { FindingList } from './finding-list.ts';
import { valueFault } from './parameter-value.ts';

/** One word of a module's parameters as the kernel splits them. */
export interface ParameterWord {
  readonly name: string;
  /** Null without an equals sign. */
  readonly value: string | null;
}

/**
 * Splits parameters as the kernel does: at white space that is not between double quotes; quotes around a whole value or
 * word are taken off; there is no escape. What follows `--` is passed over.
 */
export function splitParameters(text: string): readonly ParameterWord[] {
  const words: ParameterWord[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    if (word === '--') break;
    const plain = word.startsWith('"') ? word.replace(/^"|"$/g, '') : word;
    const equals = plain.indexOf('=');
    if (equals === -1) words.push({ name: plain, value: null });
    else {
      const value = plain.slice(equals + 1);
      words.push({
        name: plain.slice(0, equals),
        value: value.startsWith('"') ? value.replace(/^"|"$/g, '') : value,
      });
    }
  }
  return words;
}

// To the kernel both are the same.
function withUnderscores(name: string): string {
  return name.replaceAll('-', '_');
}

/** Names that every module takes. */
const ofAll = new Set(['async_probe', 'dyndbg']);

/** Compares the parameters that a module is to get with those that it has. */
export function checkParameters(
  list: FindingList,
  text: string,
  { parameters, path }: { readonly parameters: readonly ModuleParameter[]; readonly path: string },
): void {
  const words = splitParameters(text);
  if (words.length === 0) return;
  const source = `${path}, section .modinfo`;
  for (const { name, value } of words) {
    const key = withUnderscores(name).split('.')[0] ?? '';
    if (ofAll.has(key)) continue;
    const parameter = parameters.find((each) => withUnderscores(each.name) === withUnderscores(name));
    if (parameter === undefined) {
      const nearest = nearestName(
        name,
        parameters.map((each) => each.name),
      );
      list.add('parameter-unknown', {
        text: `The module has no parameter ${name}${nearest === undefined ? '.' : `; did you mean ${nearest}?`} The kernel ignores it.`,
        refused: false,
        evidence: [[`parameters are: ${parameters.map((each) => each.name).join(' ') || 'none'}`, source]],
        remedies: [`modinfo -p ${shellWord(path)}`],
      });
      continue;
    }
    const fault = valueFault(parameter, value);
    if (fault === undefined) continue;
    list.add(fault.cause, {
      text: `The parameter ${parameter.name} does not take ${value === null ? 'no value' : `'${value}'`}: ${fault.reason}.`,
      errno: fault.errno,
      evidence: [
        [`${parameter.name} is ${parameter.array ? 'an array of ' : ''}${parameter.type}`, source],
        [`${name}${value === null ? '' : `=${value}`}`, 'the parameters given'],
      ],
      remedies: [`modinfo -p ${shellWord(path)}`],
    });
  }
  if (!list.findings.some(({ stage }) => stage === 'parameters'))
    list.check('parameters', 'ok', words.map(({ name }) => name).join(' '));
}
