import { normalizeAlias } from './module-name.ts';
import { type OnMalformed, parseLines, wordsOf } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line `weakdep NAME DEPENDENCY…`: what a module may ask for while it is in use. Nothing is loaded because of it. */
export interface WeakDependencyLine {
  /** Name of the module with underscores, or a glob that its name matches. */
  readonly module: string;
  /** Names or aliases, as written. */
  readonly dependencies: readonly string[];
  readonly origin: TextOrigin;
}

/**
 * The lines of a `modules.weakdep`, which depmod collects from the modules themselves (kmod 33 on).
 *
 * @param file path of the file, for the origins
 */
export function parseWeakDependencies(
  text: string,
  file: string,
  onMalformed?: OnMalformed,
): readonly WeakDependencyLine[] {
  return parseLines(text, { file, onMalformed }, (line, origin) => {
    const [keyword, name, ...dependencies] = wordsOf(line);
    if (keyword !== 'weakdep' || name === undefined || dependencies.length === 0) return undefined;
    const module = normalizeAlias(name);
    return module === undefined ? undefined : { module, dependencies, origin };
  });
}
