import type { ExpandedValue } from './expansion.ts';
import type { ReadingMode } from './reading-mode.ts';
import { isWhiteSpace } from './white-space.ts';
import { firstWord } from './words.ts';

/** What a condition is decided with. */
export interface ConditionContext {
  readonly mode: ReadingMode;
  /** Whether modprobe runs with -k. */
  readonly autoclean: boolean;
  readonly isReadable: (path: string) => boolean;
  readonly expand: (text: string) => ExpandedValue;
  readonly warn: (code: 'glued-negation' | 'unknown-operator', found: string) => void;
}

/** Decides the expression of an `if` or `elseif`. */
export function conditionHolds(expression: string, context: ConditionContext): boolean {
  const { negated, text } = readNegation(expression, context);
  if (text.startsWith('-k'))
    // modutils forgot the `!`.
    return context.mode === '2.4' ? context.autoclean : context.autoclean !== negated;
  if (text.startsWith('-f')) {
    const { rest } = firstWord(text);
    return context.isReadable(context.expand(rest).words[0] ?? rest) !== negated;
  }
  const isNumeric = text.startsWith('-n');
  return comparisonHolds(isNumeric ? firstWord(text).rest : text, isNumeric, context) !== negated;
}

function readNegation(
  expression: string,
  { mode, warn }: ConditionContext,
): { readonly negated: boolean; readonly text: string } {
  if (!expression.startsWith('!')) return { negated: false, text: expression };
  const { word, rest } = firstWord(expression);
  // modutils skips the whole word that the `!` begins.
  if (mode === '2.4' || word === '!') return { negated: true, text: rest };
  warn('glued-negation', word);
  return { negated: true, text: expression.slice(1) };
}

function comparisonHolds(text: string, isNumeric: boolean, context: ConditionContext): boolean {
  const { word, rest } = firstWord(text);
  const left = context.expand(word).words[0] ?? '';
  if (rest === '') return left !== '' && left !== '0' && left !== 'false';
  const { word: operator, rest: rightText } = firstWord(rest);
  const right = context.expand(rightText).words[0] ?? '';
  const order = isNumeric
    ? Number(numberOf(left) > numberOf(right)) - Number(numberOf(left) < numberOf(right))
    : Buffer.compare(Buffer.from(left), Buffer.from(right));
  switch (operator) {
    case '==':
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    default:
      context.warn('unknown-operator', operator);
      return false;
  }
}

const HIGHEST = 2n ** 63n - 1n;

/** A number as C's strtol reads it with base 0: 0x10, 010, -5; 0 for what is none. */
function numberOf(text: string): bigint {
  let start = 0;
  while (isWhiteSpace(text, start)) start++;
  const [, sign = '', digits = '0'] =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(text.slice(start)) ?? [];
  const isOctal = /^0[0-7]/.test(digits);
  const size = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  return value > HIGHEST ? HIGHEST : value < -HIGHEST - 1n ? -HIGHEST - 1n : value;
}
