/**
 * Glob matching as the C library's `fnmatch(pattern, text, 0)` does it in the C locale, which is what module aliases
 * are written for: `*` and `?` match every byte (a slash and a leading dot too), a backslash takes the next byte
 * literally, brackets hold ranges and the classes of POSIX.
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;
const BANG = 0x21;
const CARET = 0x5e;
const DASH = 0x2d;
const COLON = 0x3a;

/** Whether the whole of `text` matches the pattern. Both are compared byte by byte, as UTF-8. */
export function matchesAliasPattern(pattern: string, text: string): boolean {
  return matchesPatternBytes(Buffer.from(pattern), Buffer.from(text), 0);
}

/**
 * {@link matchesAliasPattern} on bytes, from `textStart` on. Takes time proportional to the product of the lengths at
 * worst: only the last star can need another try, because an earlier one gains nothing by taking more.
 */
export function matchesPatternBytes(pattern: Uint8Array, text: Uint8Array, textStart: number): boolean {
  let p = 0;
  let t = textStart;
  let resumePattern = -1;
  let resumeText = 0;
  for (;;) {
    if (p < pattern.length && pattern[p] === STAR) {
      resumePattern = ++p;
      resumeText = t;
      continue;
    }
    if (t === text.length && p === pattern.length) return true;
    const next = t < text.length ? matchOne(pattern, p, text[t] ?? 0) : -1;
    if (next >= 0) {
      p = next;
      t++;
      continue;
    }
    if (resumePattern < 0 || resumeText >= text.length) return false;
    p = resumePattern;
    t = ++resumeText;
  }
}

/** Position after the pattern element at `p` when it matches the byte, -1 when it does not. */
function matchOne(pattern: Uint8Array, p: number, byte: number): number {
  if (p >= pattern.length) return -1;
  const first = pattern[p];
  if (first === QUESTION) return p + 1;
  if (first === OPEN) return matchBracket(pattern, p, byte);
  // A backslash that ends the pattern matches nothing.
  if (first === BACKSLASH) return pattern[p + 1] === byte && p + 1 < pattern.length ? p + 2 : -1;
  return first === byte ? p + 1 : -1;
}

function matchBracket(pattern: Uint8Array, start: number, byte: number): number {
  let p = start + 1;
  const negated = pattern[p] === BANG || pattern[p] === CARET;
  if (negated) p++;
  let found = false;
  // A closing bracket in the first place is a member.
  for (let isFirst = true; isFirst || pattern[p] !== CLOSE; isFirst = false) {
    // Without its closing bracket the opening one stands for itself.
    if (p >= pattern.length) return byte === OPEN ? start + 1 : -1;
    const characterClass = readClass(pattern, p);
    if (characterClass !== undefined) {
      found ||= characterClass.test(byte);
      p = characterClass.end;
      continue;
    }
    const low = readMember(pattern, p);
    if (low === undefined) return -1;
    p = low.end;
    let high = low;
    if (pattern[p] === DASH && p + 1 < pattern.length && pattern[p + 1] !== CLOSE) {
      const upper = readMember(pattern, p + 1);
      if (upper === undefined) return -1;
      high = upper;
      p = upper.end;
    }
    found ||= low.byte <= byte && byte <= high.byte;
  }
  return found === negated ? -1 : p + 1;
}

interface Member {
  readonly byte: number;
  readonly end: number;
}

function readMember(pattern: Uint8Array, p: number): Member | undefined {
  const position = pattern[p] === BACKSLASH ? p + 1 : p;
  const byte = pattern[position];
  return byte === undefined ? undefined : { byte, end: position + 1 };
}

interface CharacterClass {
  readonly test: (byte: number) => boolean;
  readonly end: number;
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[^ -~]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

function readClass(pattern: Uint8Array, p: number): CharacterClass | undefined {
  if (pattern[p] !== OPEN || pattern[p + 1] !== COLON) return undefined;
  let end = p + 2;
  while (end < pattern.length && isLowerCase(pattern[end])) end++;
  if (pattern[end] !== COLON || pattern[end + 1] !== CLOSE) return undefined;
  const name = Buffer.from(pattern.subarray(p + 2, end)).toString('latin1');
  const expression = Object.hasOwn(classes, name) ? classes[name] : undefined;
  // Bytes above ASCII are in no class, and an unknown class has no members.
  return {
    test: (byte) => byte < 0x80 && (expression?.test(String.fromCharCode(byte)) ?? false),
    end: end + 2,
  };
}

function isLowerCase(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x61 && byte <= 0x7a;
}
