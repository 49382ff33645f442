import { type OnMalformed, parseLines, wordsOf } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line `alias PATTERN MODULE` of `modules.alias` or `modules.symbols`. */
export interface AliasRecord {
  /** The pattern as the module declares it, dashes and all; `symbol:NAME` in `modules.symbols`. */
  readonly alias: string;
  readonly module: string;
  readonly origin: TextOrigin;
}

/**
 * The lines of a `modules.alias` or `modules.symbols`.
 *
 * @param file path of the file, for the origins
 */
export function parseAliases(text: string, file: string, onMalformed?: OnMalformed): readonly AliasRecord[] {
  return parseLines(text, { file, onMalformed }, (line, origin) => {
    const [keyword, alias, module, ...rest] = wordsOf(line);
    if (keyword !== 'alias' || alias === undefined || module === undefined || rest.length > 0)
      return undefined;
    return { alias, module, origin };
  });
}
