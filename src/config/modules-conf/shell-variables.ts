import { matchesAliasPattern } from '../../index-files/alias-pattern.ts';

/** Why a text has no value of its own. */
export type ExpansionFailure =
  /** Only a shell could tell: a command, arithmetic, quotes in a pattern. */
  | { readonly kind: 'command'; readonly index: number; readonly text: string }
  /** A shell would refuse it: `${`, `${a b}`, `${VAR?message}`. */
  | { readonly kind: 'bad-substitution'; readonly index: number; readonly text: string }
  | { readonly kind: 'too-long'; readonly index: number; readonly text: string };

/** What came of a text. */
export type ShellText =
  | { readonly text: string; readonly failure?: undefined }
  | { readonly text?: undefined; readonly failure: ExpansionFailure };

/** Longest result, in UTF-16 units. */
const MAX_LENGTH = 1 << 20;
const MAX_DEPTH = 100;
/** Steps that taking a pattern off may need: every length is tried. */
const MAX_WORK = 1e8;

/**
 * What a POSIX shell makes of a text in double quotes, as far as that is variables: `$VAR`, `${VAR}`, the forms with
 * `:-`, `-`, `:=`, `=`, `:+`, `+`, `:?`, `?`, `%`, `%%`, `#` and `##`, `${#VAR}` and the special ones. Quotes and
 * backslashes are ordinary characters. `environment` is not changed: what `:=` assigns is lost with the text.
 */
export function expandVariables(text: string, environment: ReadonlyMap<string, string>): ShellText {
  const expander = new Expander(text, environment);
  try {
    return { text: expander.expandUntil(undefined, 0) };
  } catch (error) {
    if (error instanceof Failure) return { failure: error.failure };
    throw error;
  }
}

class Failure extends Error {
  readonly failure: ExpansionFailure;

  constructor(failure: ExpansionFailure) {
    super(failure.kind);
    this.failure = failure;
  }
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-=+?]|%%?|##?/y;

class Expander {
  readonly #text: string;
  readonly #variables: Map<string, string>;
  #at = 0;
  #length = 0;

  constructor(text: string, environment: ReadonlyMap<string, string>) {
    this.#text = text;
    // A shell sets these itself.
    this.#variables = new Map([...environment, ['IFS', ' \t\n'], ['OPTIND', '1']]);
  }

  /** Expands up to a closing brace, which is passed over, or up to the end. */
  expandUntil(end: '}' | undefined, depth: number): string {
    if (depth > MAX_DEPTH) throw this.#failure('too-long', this.#at);
    let result = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (character === end) {
        this.#at++;
        return result;
      }
      if (character === '`') throw this.#failure('command', this.#at);
      const part = character === '$' ? this.#parameter(depth) : this.#literal();
      this.#length += part.length;
      if (this.#length > MAX_LENGTH) throw this.#failure('too-long', this.#at);
      result += part;
    }
    if (end !== undefined) throw this.#failure('bad-substitution', this.#text.length - 1);
    return result;
  }

  #literal(): string {
    const start = this.#at++;
    while (this.#at < this.#text.length && !'$`}'.includes(this.#text.charAt(this.#at))) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #parameter(depth: number): string {
    const start = this.#at++;
    const character = this.#text.charAt(this.#at);
    if (character === '(') throw this.#failure('command', start);
    if (character === '{') {
      this.#at++;
      return this.#braced(start, depth);
    }
    const name = this.#take(NAME);
    if (name !== undefined) return this.#variables.get(name) ?? '';
    const special = this.#special(character, start);
    if (special === undefined) return '$';
    this.#at++;
    return special;
  }

  #braced(start: number, depth: number): string {
    if (this.#text[this.#at] === '#') return this.#lengthOf(start);
    const name = this.#take(NAME) ?? this.#take(/[0-9]+|[@*?$!-]/y);
    if (name === undefined) throw this.#failure('bad-substitution', start);
    const value = /^[A-Za-z_]/.test(name) ? this.#variables.get(name) : this.#specialIfSet(name, start);
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return value ?? '';
    }
    const operator = this.#take(OPERATOR);
    if (operator === undefined) throw this.#failure('bad-substitution', start);
    const wordStart = this.#at;
    const before = this.#length;
    const word = this.expandUntil('}', depth + 1);
    // Only what is returned counts.
    this.#length = before;
    if (/[%#]/.test(operator)) {
      if (/['"\\]/.test(this.#text.slice(wordStart, this.#at))) throw this.#failure('command', start);
      const size = value?.length ?? 0;
      if (size * size * word.length > MAX_WORK) throw this.#failure('too-long', start);
      return withoutPattern(value ?? '', operator, word);
    }
    const isThere = value !== undefined && (value !== '' || !operator.startsWith(':'));
    switch (operator.at(-1)) {
      case '-':
        return isThere ? value : word;
      case '+':
        return isThere ? word : '';
      case '=':
        if (!isThere) this.#variables.set(name, word);
        return isThere ? value : word;
      default:
        if (isThere) return value;
        throw this.#failure('bad-substitution', start);
    }
  }

  /** `${#NAME}` in bytes, `${#}`. */
  #lengthOf(start: number): string {
    this.#at++;
    const name = this.#take(NAME);
    if (this.#text[this.#at] !== '}') throw this.#failure('command', start);
    this.#at++;
    if (name === undefined) return '0';
    return String(Buffer.byteLength(this.#variables.get(name) ?? ''));
  }

  #specialIfSet(name: string, start: number): string | undefined {
    // Positional parameters are unset.
    return /^[1-9@*]/.test(name) || /^0./.test(name) ? undefined : this.#special(name, start);
  }

  /** The value of a special parameter; undefined where the character names none. */
  #special(name: string, start: number): string | undefined {
    if (name === '$') throw this.#failure('command', start);
    if (name === '0') return 'sh';
    if (name === '#' || name === '?') return '0';
    return /^[1-9@*!-]$/.test(name) ? '' : undefined;
  }

  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #failure(kind: ExpansionFailure['kind'], index: number): Failure {
    return new Failure({ kind, index, text: this.#text.slice(index) });
  }
}

/** Takes the shortest (`%`, `#`) or longest (`%%`, `##`) end or beginning off that matches. */
function withoutPattern(value: string, operator: string, pattern: string): string {
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  const isEnd = operator.startsWith('%');
  const part = (length: number): string =>
    isEnd ? value.slice(value.length - length) : value.slice(0, length);
  const fits = (length: number): boolean => matchesAliasPattern(pattern, part(length));
  const found = operator.length === 1 ? lengths.find(fits) : lengths.findLast(fits);
  if (found === undefined) return value;
  return isEnd ? value.slice(0, value.length - found) : value.slice(found);
}
