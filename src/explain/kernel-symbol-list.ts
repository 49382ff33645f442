import { KmodError } from '../errors/kmod-error.ts';
import { type Inquiry, readFile } from './inquiry.ts';

/** More are not looked for: each takes a search through all of it. */
const MOST_NAMES = 16;

/** What the kernel itself has, it keeps; to read the whole list takes long. */
const ofKernel = new Map<string, Set<string>>();

/**
 * Which symbols the running kernel has, by /proc/kallsyms: name to the module that has it, empty for the kernel itself. One
 * that is there need not be exported. Undefined where the file cannot be read or names nothing, and where one is missing
 * from a list of functions only (CONFIG_KALLSYMS_ALL=n): it may be a variable.
 */
export function* symbolsInKernel(
  names: readonly string[],
  path: string,
): Inquiry<ReadonlyMap<string, string> | undefined> {
  const kept = ofKernel.get(path) ?? new Set<string>();
  ofKernel.set(path, kept);
  const found = new Map<string, string>();
  for (const name of names) if (kept.has(name)) found.set(name, '');
  const open = names.filter((name) => !kept.has(name));
  if (open.length === 0) return found;
  if (open.length > MOST_NAMES) return undefined;
  let text: Buffer;
  try {
    text = yield* readFile(path);
  } catch (error) {
    if (error instanceof KmodError) return undefined;
    throw error;
  }
  if (text.length === 0) return undefined;
  for (const name of open) {
    for (let at = text.indexOf(` ${name}`); at !== -1; at = text.indexOf(` ${name}`, at + 1)) {
      const end = at + 1 + name.length;
      const next = text[end];
      if (next !== 0x0a && next !== 0x09) continue;
      const line = text.toString('latin1', end, Math.min(text.length, end + 80));
      const module = /^\t\[([^\]]+)\]/.exec(line)?.[1] ?? '';
      if (found.get(name) !== '') found.set(name, module);
      if (module === '') break;
    }
    if (found.get(name) === '') kept.add(name);
    yield { kind: 'pause' };
  }
  return names.every((name) => found.has(name)) || hasVariables(text) ? found : undefined;
}

// Without CONFIG_KALLSYMS_ALL there are a few public ones all the same, and never one of a single file.
function hasVariables(text: Buffer): boolean {
  return [' d ', ' b ', ' r '].some((type) => text.includes(type));
}
