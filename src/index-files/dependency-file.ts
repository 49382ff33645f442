import { type OnMalformed, parseLines, wordsOf } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line `PATH: DEPENDENCY…` of `modules.dep`. */
export interface DependencyRecord {
  /** Path of the module's file, relative to the module directory or absolute, as written. */
  readonly path: string;
  /** Paths of all that it needs, as written: what has to be loaded last comes first. */
  readonly dependencies: readonly string[];
  readonly origin: TextOrigin;
}

/**
 * The lines of a `modules.dep`.
 *
 * @param file path of the file, for the origins
 */
export function parseDependencies(
  text: string,
  file: string,
  onMalformed?: OnMalformed,
): readonly DependencyRecord[] {
  return parseLines(text, { file, onMalformed }, (line, origin) => {
    const fields = splitDependencyLine(line);
    return fields === undefined ? undefined : { ...fields, origin };
  });
}

/** Splits `PATH: DEPENDENCY…`, which is also a value of `modules.dep.bin`. Undefined without a path. */
export function splitDependencyLine(
  line: string,
): { readonly path: string; readonly dependencies: readonly string[] } | undefined {
  const colon = line.indexOf(':');
  return colon <= 0
    ? undefined
    : { path: line.slice(0, colon), dependencies: wordsOf(line.slice(colon + 1)) };
}
