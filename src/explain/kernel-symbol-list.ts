import { KmodError } from '../errors/kmod-error.ts';
import { type Inquiry, readFile } from './inquiry.ts';

/** More are not looked for: each takes a search through all of it. */
const MOST_NAMES = 16;

/**
 * Which symbols the running kernel has, by /proc/kallsyms: name to the module that has it, empty for the kernel itself. One
 * that is there need not be exported. Undefined where the file cannot be read or names nothing.
 */
export function* symbolsInKernel(
  names: readonly string[],
  path: string,
): Inquiry<ReadonlyMap<string, string> | undefined> {
  if (names.length > MOST_NAMES) return undefined;
  let text: Buffer;
  try {
    text = yield* readFile(path);
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
  if (text.length === 0) return undefined;
  const found = new Map<string, string>();
  for (const name of names) {
    for (let at = text.indexOf(` ${name}`); at !== -1; at = text.indexOf(` ${name}`, at + 1)) {
      const end = at + 1 + name.length;
      const next = text[end];
      if (next !== 0x0a && next !== 0x09) continue;
      const line = text.toString('latin1', end, Math.min(text.length, end + 80));
      const module = /^\t\[([^\]]+)\]/.exec(line)?.[1] ?? '';
      if (found.get(name) !== '') found.set(name, module);
      if (module === '') break;
    }
    yield { kind: 'pause' };
  }
  return found;
}
