/** Checks of arguments and options, with messages that name the argument and what was given instead. */

/** A TypeError with Node's code `ERR_INVALID_ARG_TYPE`. */
export function argumentTypeError(argument: string, expected: string, actual: unknown): TypeError {
  return Object.assign(
    new TypeError(`The "${argument}" argument must be ${expected}. Received ${describe(actual)}`),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );
}

/** A RangeError with Node's code `ERR_OUT_OF_RANGE`. */
export function argumentRangeError(argument: string, expected: string, actual: unknown): RangeError {
  return Object.assign(
    new RangeError(`The "${argument}" argument must be ${expected}. Received ${describe(actual)}`),
    { code: 'ERR_OUT_OF_RANGE' },
  );
}

/** Passes a string on, throws {@link argumentTypeError} for all else. */
export function requireString(argument: string, value: unknown): string {
  if (typeof value !== 'string') throw argumentTypeError(argument, 'of type string', value);
  return value;
}

/** Passes an integer from `lowest` to `highest` on; TypeError for a non-number, RangeError for the rest. */
export function requireInteger(argument: string, value: unknown, lowest: number, highest: number): number {
  if (typeof value !== 'number') throw argumentTypeError(argument, 'of type number', value);
  if (!Number.isInteger(value) || value < lowest || value > highest)
    throw argumentRangeError(argument, `an integer from ${lowest} to ${highest}`, value);
  return value;
}

/**
 * Refuses unknown option names, and values of another type than the option has.
 *
 * @param known each option's name with the `typeof` of its value (`array` and `null` apart from `object`), or a list of them
 * @throws TypeError that names the nearest known option (`ERR_INVALID_ARG_VALUE`), or the wrong type
 */
export function requireOptions(
  argument: string,
  options: unknown,
  known: Readonly<Record<string, string | readonly string[]>>,
): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw argumentTypeError(argument, 'an object', options);
  for (const [name, value] of Object.entries(options)) {
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (expected === undefined) throw unknownOptionError(argument, name, Object.keys(known));
    if (value === undefined) continue;
    const types = typeof expected === 'string' ? [expected] : expected;
    const actual = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    if (!types.includes(actual))
      throw argumentTypeError(`${argument}.${name}`, `of type ${types.join(' or ')}`, value);
  }
}

function unknownOptionError(argument: string, name: string, known: readonly string[]): TypeError {
  const nearest = nearestName(name, known);
  const remedy = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean "${nearest}"?`;
  return Object.assign(new TypeError(`Unknown option "${name}" in "${argument}": ${remedy}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
}

/** The candidate with the smallest edit distance, if that is at most a third of the name's length (at least 2). */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `type string (${JSON.stringify(value.slice(0, 40))})`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return `type ${typeof value} (${String(value)})`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  return `type ${typeof value}`;
}
