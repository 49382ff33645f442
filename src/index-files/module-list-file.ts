import { type OnMalformed, parseLines } from './text-lines.ts';
import type { TextOrigin } from './text-origin.ts';

/** A line of `modules.order` or `modules.builtin`: the path of one module. */
export interface ListedModule {
  /** Relative to the module directory, for example `kernel/fs/ext4/ext4.ko`, whatever its compression. */
  readonly path: string;
  readonly origin: TextOrigin;
}

/**
 * The lines of a `modules.order` or `modules.builtin`, which the kernel's build makes.
 *
 * @param file path of the file, for the origins
 */
export function parseModuleList(
  text: string,
  file: string,
  onMalformed?: OnMalformed,
): readonly ListedModule[] {
  return parseLines(text, { file, onMalformed }, (line, origin) =>
    /^[^\s#]\S*$/.test(line) ? { path: line, origin } : undefined,
  );
}
