/** Parameters by name; a list is joined by commas, as the kernel's array parameters want it. */
export type ParameterRecord = Readonly<
  Record<string, string | number | boolean | readonly (string | number)[]>
>;

/** Parameters of a module: the text that the kernel is given, or single values by name. */
export type ModuleParameters = string | ParameterRecord;

/**
 * The text for the kernel. Values with spaces are put between double quotes, booleans become `1` and `0`.
 *
 * @throws TypeError for a name or value that the kernel's parser cannot take
 */
export function parameterText(parameters: ModuleParameters): string {
  if (typeof parameters === 'string') return parameters;
  return Object.entries(parameters)
    .map(([name, value]) => parameterWord(name, value))
    .join(' ');
}

/**
 * Joins the words of a command line as modprobe and insmod do: a value with a space in it that does not begin with a
 * quote is put between double quotes. The shell took the user's own quotes away.
 */
export function joinParameterWords(words: readonly string[]): string {
  return words.map(quoteValue).join(' ');
}

function quoteValue(word: string): string {
  const equals = word.indexOf('=');
  const value = word.slice(equals + 1);
  if (equals === -1 || !value.includes(' ') || /^["']/.test(value)) return word;
  return `${word.slice(0, equals)}="${value}"`;
}

function parameterWord(name: string, value: ParameterRecord[string]): string {
  if (!/^[^\s="']+$/.test(name))
    throw new TypeError(`The parameter name ${JSON.stringify(name)} is not one that a module can have`);
  if (typeof value === 'boolean') return `${name}=${value ? '1' : '0'}`;
  const text = Array.isArray(value) ? value.join(',') : String(value);
  // The kernel knows no escapes: a quote ends a quoted value, and there is no other way to keep white space in it.
  if (text.includes('"') || text.includes('\0'))
    throw new TypeError(
      `The value of the parameter ${name} must not contain ${text.includes('"') ? 'a double quote' : 'a NUL'}: ${JSON.stringify(text)}`,
    );
  return /\s/.test(text) ? `${name}="${text}"` : `${name}=${text}`;
}
