import { nearestName } from '../errors/argument.ts';
import { normalizeAlias } from '../index-files/module-name.ts';
import type { LineParts } from './modprobe-line.ts';

/** How each directive is written. */
const forms: Readonly<Record<string, string>> = {
  alias: 'alias PATTERN MODULE',
  blacklist: 'blacklist MODULE',
  options: 'options MODULE NAME=VALUE…',
  install: 'install MODULE COMMAND',
  remove: 'remove MODULE COMMAND',
  softdep: 'softdep MODULE pre: MODULE… post: MODULE…',
  weakdep: 'weakdep MODULE MODULE…',
};

const BYTE_ORDER_MARK = '\ufeff';

/** What to do about a line of modprobe.d that is not understood, in one sentence. */
export function lineRemedy({ keyword, name, rest }: LineParts): string {
  if (keyword.startsWith(BYTE_ORDER_MARK))
    return 'The file begins with a byte order mark, which belongs to the first word: save the file without it.';
  if (keyword.startsWith('#')) return 'Put the # of a comment at the very beginning of its line.';
  const form = Object.hasOwn(forms, keyword) ? forms[keyword] : undefined;
  if (form === undefined) return unknownRemedy(keyword);
  const firstOfRest = rest.split(/[\t ]+/).find((word) => word !== '') ?? '';
  if (
    normalizeAlias(name) === undefined ||
    (keyword === 'alias' && normalizeAlias(firstOfRest) === undefined)
  )
    return 'Close each square bracket of the name, and open each one that is closed.';
  return `Write it as: ${form}`;
}

function unknownRemedy(keyword: string): string {
  const nearest = nearestName(keyword, Object.keys(forms));
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  if (keyword.startsWith('<'))
    return 'This looks like a web page that was saved in place of the file: fetch the file again.';
  return `Remove it, or begin it with one of: ${Object.keys(forms).join(', ')}.`;
}
