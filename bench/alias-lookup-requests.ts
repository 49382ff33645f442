/** Requests that the patterns of a kernel's modules.alias match: modaliases as devices would have them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAliases } from '../src/index-files/alias-file.ts';

/** How wildcards are made concrete. */
export interface Filling {
  /** In place of a star. */
  readonly star: string;
  /** In place of a question mark. */
  readonly any: string;
  /** Which member of a bracket: its first or its last. */
  readonly member: 'first' | 'last';
}

/** Ways of filling that differ in length and in what they have in common with the text around them. */
export const fillings = {
  digits: { star: '00', any: '0', member: 'first' },
  nothing: { star: '', any: 'F', member: 'last' },
  letters: { star: 'sdbc1,x', any: 'd', member: 'first' },
} as const satisfies Readonly<Record<string, Filling>>;

/** One request for each line of the folder's `modules.alias`, in its order. */
export function aliasRequests(directory: string, filling: Filling): readonly string[] {
  const file = join(directory, 'modules.alias');
  return parseAliases(readFileSync(file, 'latin1'), file).map(({ alias }) => makeConcrete(alias, filling));
}

function makeConcrete(pattern: string, { star, any, member }: Filling): string {
  return pattern.replaceAll(/\[([^\]]+)\]|[*?]/g, (wildcard, members?: string) => {
    if (members !== undefined) return members.at(member === 'first' ? 0 : -1) ?? '';
    return wildcard === '*' ? star : any;
  });
}
