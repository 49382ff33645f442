/**
 * Options as the C library's getopt_long takes them: operands may stand between options, short options may be
 * clustered, a value may be joined to its option, long names may be shortened as long as they stay unique.
 */

/** One spelling of an option. */
export interface OptionName<Id extends string> {
  /** What the option means; several spellings may share it. */
  readonly id: Id;
  readonly long?: string;
  readonly short?: string;
  /** `optional`: only behind a `=`. Default false. */
  readonly takesValue?: boolean | 'optional';
  /** Whether the long name must be written in full, so that it makes no shorter name ambiguous. Default false. */
  readonly isExact?: boolean;
}

/** An option as it was given. */
export interface GivenOption<Id extends string> {
  readonly id: Id;
  /** Empty for an option that takes none. */
  readonly value: string;
}

/** What a command line consists of. */
export interface ParsedArguments<Id extends string> {
  /** In the order given; up to the mistake, if there is one. */
  readonly options: readonly GivenOption<Id>[];
  readonly operands: readonly string[];
  /** The C library's words for the first mistake, without the program's name. */
  readonly mistake: string | undefined;
}

/** How a command line is read. */
export interface ParseOptions {
  /** Whether options end at the first operand. Default false. */
  readonly stopsAtOperand?: boolean;
}

/** A lone byte in a mistake's text: getopt_long shows the first byte of a letter that is longer. */
const BYTE_MARK = 0xdc00;

/** Takes a command line apart. */
export function parseArguments<Id extends string>(
  argv: readonly string[],
  names: readonly OptionName<Id>[],
  { stopsAtOperand = false }: ParseOptions = {},
): ParsedArguments<Id> {
  const options: GivenOption<Id>[] = [];
  const operands: string[] = [];
  const rest = argv.values();
  const nextValue = (): string | undefined => rest.next().value;
  for (const word of rest) {
    if (word === '--') {
      operands.push(...rest);
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      operands.push(word);
      if (stopsAtOperand) operands.push(...rest);
      continue;
    }
    const mistake = word.startsWith('--')
      ? readLong(word.slice(2), names, options, nextValue)
      : readCluster(word.slice(1), names, options, nextValue);
    if (mistake !== undefined) return { options, operands, mistake };
  }
  return { options, operands, mistake: undefined };
}

/** Reads `options` as the environment asks for: POSIXLY_CORRECT ends them at the first operand. */
export function parseOptions(env: Readonly<Record<string, string | undefined>>): ParseOptions {
  return { stopsAtOperand: env['POSIXLY_CORRECT'] !== undefined };
}

/** A mistake's text as bytes. */
export function mistakeBytes(text: string): Uint8Array {
  // Half a surrogate pair stands for one byte, as BYTE_MARK says.
  const parts = text.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from([part.charCodeAt(0) - BYTE_MARK]) : Buffer.from(part),
    ),
  );
}

function readLong<Id extends string>(
  word: string,
  names: readonly OptionName<Id>[],
  options: GivenOption<Id>[],
  nextValue: () => string | undefined,
): string | undefined {
  const equals = word.indexOf('=');
  const given = equals === -1 ? word : word.slice(0, equals);
  const candidates = names.filter(
    ({ long, isExact }) => long === given || (isExact !== true && long?.startsWith(given) === true),
  );
  const first = candidates.find(({ long }) => long === given) ?? candidates[0];
  if (first === undefined) return `unrecognized option '--${word}'`;
  if (first.long !== given && candidates.some(({ id }) => id !== first.id)) {
    // Another name for the same is no possibility of its own.
    const possibilities = candidates.filter((candidate) => candidate === first || candidate.id !== first.id);
    const list = possibilities.map(({ long }) => `'--${long}'`).join(' ');
    return `option '--${word}' is ambiguous; possibilities: ${list}`;
  }
  if (first.takesValue === 'optional') {
    options.push({ id: first.id, value: equals === -1 ? '' : word.slice(equals + 1) });
    return undefined;
  }
  if (first.takesValue !== true) {
    if (equals !== -1) return `option '--${first.long}' doesn't allow an argument`;
    options.push({ id: first.id, value: '' });
    return undefined;
  }
  const value = equals === -1 ? nextValue() : word.slice(equals + 1);
  if (value === undefined) return `option '--${first.long}' requires an argument`;
  options.push({ id: first.id, value });
  return undefined;
}

function readCluster<Id extends string>(
  cluster: string,
  names: readonly OptionName<Id>[],
  options: GivenOption<Id>[],
  nextValue: () => string | undefined,
): string | undefined {
  for (let index = 0; index < cluster.length; index++) {
    const letter = cluster[index] ?? '';
    const option = names.find(({ short }) => short === letter);
    if (option === undefined) return `invalid option -- '${firstByte(cluster.slice(index))}'`;
    if (option.takesValue !== true) {
      options.push({ id: option.id, value: '' });
      continue;
    }
    const value = index + 1 < cluster.length ? cluster.slice(index + 1) : nextValue();
    if (value === undefined) return `option requires an argument -- '${letter}'`;
    options.push({ id: option.id, value });
    return undefined;
  }
  return undefined;
}

function firstByte(text: string): string {
  const [byte = 0] = Buffer.from(text);
  return String.fromCharCode(byte < 0x80 ? byte : BYTE_MARK + byte);
}
