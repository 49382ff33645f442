import { argumentTypeError } from '../errors/argument.ts';
import { requireCString } from '../native/call-arguments.ts';

/**
 * One name or several, as a list.
 *
 * @throws TypeError for another type, an empty list, an empty name or one with a NUL in it
 */
export function requireNames(names: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  if (list.length === 0) throw argumentTypeError('names', 'a module name or a list of at least one', names);
  return list.map((name, index) => {
    const argument = Array.isArray(names) ? `names[${index}]` : 'names';
    if (typeof name !== 'string' || name === '')
      throw argumentTypeError(argument, 'a module name (a string, not empty)', name);
    return requireCString(argument, name);
  });
}
