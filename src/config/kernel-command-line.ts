/** Bytes of the kernel's command line that kmod reads. */
export const KMOD_LIMIT = 4095;

/** `MODULE.NAME=VALUE` or `MODULE.NAME` on the kernel's command line. */
export interface KernelOption {
  /** As written. */
  readonly module: string;
  /** What stands behind the first dot. */
  readonly text: string;
}

/**
 * The module options on a kernel command line. Words that have none are passed over, and so are those whose quotes are at
 * other places than a value or around the whole word (`"MODULE.NAME=a b"`, as some boot loaders write it); the opening
 * quote of such a word is moved to its value. A NUL ends the line.
 */
export function kernelOptions(line: string): readonly KernelOption[] {
  const nul = line.indexOf('\0');
  const text = nul === -1 ? line : line.slice(0, nul);
  const options: KernelOption[] = [];
  for (let at = 0; at < text.length;) {
    const { option, end } = readWord(text, at);
    if (option !== undefined) options.push(option);
    at = end + 1;
  }
  return options;
}

const SPACE = /[ \t\n\v\f\r]/;

/** Reads up to the white space that ends a word. */
function readWord(
  text: string,
  start: number,
): { readonly option: KernelOption | undefined; readonly end: number } {
  const isWhole = text[start] === '"';
  let isQuoted = isWhole;
  let place: 'module' | 'name' | 'value' | 'nowhere' = 'module';
  let dot = -1;
  let equals = -1;
  let at = isWhole ? start + 1 : start;
  for (; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character <= ' ' && SPACE.test(character)) {
      if (!isQuoted) break;
      if (place !== 'value') place = 'nowhere';
    } else if (character === '"') {
      isQuoted = !isQuoted;
      if (place !== 'value') place = 'nowhere';
    } else if (character === '.') {
      if (place === 'module') [place, dot] = ['name', at];
      else if (place === 'name') place = 'nowhere';
    } else if (character === '=') {
      if (place === 'name') [place, equals] = ['value', at];
      else if (place === 'module') place = 'nowhere';
    }
  }
  if (isQuoted || place === 'nowhere' || place === 'module') return { option: undefined, end: at };
  const module = text.slice(isWhole ? start + 1 : start, dot);
  const option = text.slice(dot + 1, at);
  if (!isWhole) return { option: { module, text: option }, end: at };
  return {
    option: { module, text: `${text.slice(dot + 1, equals + 1)}"${text.slice(equals + 1, at)}` },
    end: at,
  };
}
