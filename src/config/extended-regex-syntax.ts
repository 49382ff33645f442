import { parseBracket } from './extended-regex-bracket.ts';

/** A part of an extended regular expression. */
export type ExpressionNode =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean }
  /** A place between characters, such as a beginning. */
  | { readonly kind: 'position'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly ExpressionNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly ExpressionNode[] }
  | {
      readonly kind: 'repetition';
      readonly part: ExpressionNode;
      readonly least: number;
      /** Undefined for any number. */
      readonly most: number | undefined;
    };

const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;
/** RE_DUP_MAX of the C library. */
const MAX_COUNT = 0x7fff;

class InvalidExpression extends Error {}

/** Takes an expression apart as the C library does; undefined for an invalid one, and for one with back references. */
export function parseExtendedRegex(pattern: string): ExpressionNode | undefined {
  if (pattern.length > MAX_LENGTH) return undefined;
  try {
    return new ExpressionParser(pattern).parse();
  } catch (error) {
    if (error instanceof InvalidExpression) return undefined;
    throw error;
  }
}

class ExpressionParser {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  parse(): ExpressionNode {
    const expression = this.#choice();
    if (this.#at < this.#pattern.length) throw new InvalidExpression();
    return expression;
  }

  #choice(): ExpressionNode {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): ExpressionNode {
    const parts: ExpressionNode[] = [];
    for (;;) {
      const next = this.#pattern[this.#at];
      // A closing parenthesis that closes nothing stands for itself.
      if (next === undefined || next === '|' || (next === ')' && this.#depth > 0)) break;
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): ExpressionNode {
    let part = this.#element();
    // An anchor cannot be repeated.
    if (part.kind === 'position') return part;
    for (;;) {
      if (this.#take('*')) part = { kind: 'repetition', part, least: 0, most: undefined };
      else if (this.#take('+')) part = { kind: 'repetition', part, least: 1, most: undefined };
      else if (this.#take('?')) part = { kind: 'repetition', part, least: 0, most: 1 };
      else if (this.#take('{')) part = this.#counted(part);
      else return part;
    }
  }

  #counted(part: ExpressionNode): ExpressionNode {
    const found = /^(\d*)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at));
    const [all = '', first = '', comma = '', second = ''] = found ?? [];
    if (first === '' && comma === '') throw new InvalidExpression();
    this.#at += all.length;
    const least = Number(first);
    const most = comma === '' ? least : second === '' ? undefined : Number(second);
    if (least > (most ?? MAX_COUNT) || (most ?? 0) > MAX_COUNT) throw new InvalidExpression();
    return { kind: 'repetition', part, least, most };
  }

  #element(): ExpressionNode {
    const character = this.#pattern[this.#at++] ?? '';
    switch (character) {
      case '*':
      case '+':
      case '?':
      case '{':
        throw new InvalidExpression();
      case '(':
        return this.#group();
      case '[':
        return this.#bracket();
      case '\\':
        return this.#escape();
      case '.':
        return { kind: 'character', accepts: (given) => given !== '\0' };
      case '^':
        return { kind: 'position', holds: isBeginning };
      case '$':
        return { kind: 'position', holds: isEnd };
      default:
        return literal(character);
    }
  }

  #group(): ExpressionNode {
    if (++this.#depth > MAX_DEPTH) throw new InvalidExpression();
    const inner = this.#choice();
    if (!this.#take(')')) throw new InvalidExpression();
    this.#depth--;
    // Also a group of a single anchor can be repeated.
    return { kind: 'sequence', parts: [inner] };
  }

  #bracket(): ExpressionNode {
    const bracket = parseBracket(this.#pattern, this.#at);
    if (bracket === undefined) throw new InvalidExpression();
    this.#at = bracket.end;
    return { kind: 'character', accepts: bracket.accepts };
  }

  #escape(): ExpressionNode {
    const character = this.#pattern[this.#at++];
    if (character === undefined || /[1-9]/.test(character)) throw new InvalidExpression();
    const holds = positions[character];
    if (holds !== undefined) return { kind: 'position', holds };
    const accepts = characterKinds[character];
    return accepts === undefined ? literal(character) : { kind: 'character', accepts };
  }

  #take(character: string): boolean {
    const isNext = this.#pattern[this.#at] === character;
    if (isNext) this.#at++;
    return isNext;
  }
}

function literal(character: string): ExpressionNode {
  return { kind: 'character', accepts: (given) => given === character };
}

const isWord = (character: string | undefined): boolean => /^[A-Za-z0-9_]$/.test(character ?? '');
const isSpace = (character: string): boolean => /^[ \t\n\v\f\r]$/.test(character);
const isBeginning = (_text: string, at: number): boolean => at === 0;
const isEnd = (text: string, at: number): boolean => at === text.length;
const isWordStart = (text: string, at: number): boolean => !isWord(text[at - 1]) && isWord(text[at]);
const isWordEnd = (text: string, at: number): boolean => isWord(text[at - 1]) && !isWord(text[at]);
const isWordEdge = (text: string, at: number): boolean => isWordStart(text, at) || isWordEnd(text, at);

/** The C library's additions to POSIX. */
const positions: Readonly<Record<string, (text: string, at: number) => boolean>> = {
  '<': isWordStart,
  '>': isWordEnd,
  b: isWordEdge,
  B: (text, at) => !isWordEdge(text, at),
  '`': isBeginning,
  "'": isEnd,
};
const characterKinds: Readonly<Record<string, (character: string) => boolean>> = {
  w: isWord,
  W: (character) => !isWord(character),
  s: isSpace,
  S: (character) => !isSpace(character),
};
