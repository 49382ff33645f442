/** A bracket expression: which characters it stands for, and where the pattern goes on. */
export interface Bracket {
  readonly accepts: (character: string) => boolean;
  readonly end: number;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[^ -~\u0080-\uffff]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/**
 * Reads a bracket expression of POSIX in the C locale: members, ranges, classes (`[:digit:]`), and single characters
 * as `[=a=]` or `[.a.]`. A backslash is a member like any other.
 *
 * @param start place behind the opening bracket
 * @returns undefined for one that is not valid
 */
export function parseBracket(pattern: string, start: number): Bracket | undefined {
  const isNegated = pattern[start] === '^';
  const first = isNegated ? start + 1 : start;
  const tests: ((character: string) => boolean)[] = [];
  for (let at = first; ;) {
    // A closing bracket in the first place is a member.
    if (pattern[at] === ']' && at > first)
      return { accepts: (given) => tests.some((test) => test(given)) !== isNegated, end: at + 1 };
    // A dash is a member in the first place and in the last one.
    if (pattern[at] === '-' && at > first && pattern[at + 1] !== ']') return undefined;
    const low = member(pattern, at);
    if (low === undefined) return undefined;
    at = low.end;
    if (typeof low.value !== 'string') {
      tests.push(low.value);
      continue;
    }
    const from = low.value;
    if (pattern[at] !== '-' || pattern[at + 1] === ']') {
      tests.push((given) => given === from);
      continue;
    }
    const high = member(pattern, at + 1);
    if (high === undefined || typeof high.value !== 'string' || high.value < from) return undefined;
    const to = high.value;
    at = high.end;
    tests.push((given) => from <= given && given <= to);
  }
}

interface Member {
  /** A character, or the test of a class. */
  readonly value: string | ((character: string) => boolean);
  readonly end: number;
}

function member(pattern: string, at: number): Member | undefined {
  const character = pattern[at];
  if (character === undefined) return undefined;
  const [, kind, content = ''] = /^\[([:=.])(.*?)\1\]/s.exec(pattern.slice(at)) ?? [];
  if (kind === undefined)
    // The beginning of one of these that does not end.
    return character === '[' && /[:=.]/.test(pattern[at + 1] ?? '')
      ? undefined
      : { value: character, end: at + 1 };
  const end = at + content.length + 4;
  if (kind !== ':') return content.length === 1 ? { value: content, end } : undefined;
  const expression = Object.hasOwn(classes, content) ? classes[content] : undefined;
  return expression && { value: (given) => expression.test(given), end };
}
