import { basename } from 'node:path';

/**
 * The kernel's name of a module from its file name: the last path component up to its first dot, with underscores
 * for dashes. `kernel/sound/snd-pcm.ko.xz` and `snd-pcm` both give `snd_pcm`. This is kmod's rule; the name stored
 * inside the file is not looked at.
 */
export function moduleNameOfPath(path: string): string {
  return moduleName(basename(path));
}

/** {@link moduleNameOfPath} for a text that is a name already: slashes are kept. */
export function moduleName(name: string): string {
  const dot = name.indexOf('.');
  return (dot === -1 ? name : name.slice(0, dot)).replaceAll('-', '_');
}

/**
 * An alias as the indexes hold it: underscores for dashes, but not between brackets, where a dash is a range.
 *
 * @returns undefined for a bracket that is never closed, and for one that closes nothing
 */
export function normalizeAlias(alias: string): string | undefined {
  if (!/[-[\]]/.test(alias)) return alias;
  let result = '';
  for (let position = 0; position < alias.length; position++) {
    const character = alias[position] ?? '';
    if (character === ']') return undefined;
    if (character === '[') {
      const close = alias.indexOf(']', position);
      if (close === -1) return undefined;
      result += alias.slice(position, close + 1);
      position = close;
    } else {
      result += character === '-' ? '_' : character;
    }
  }
  return result;
}
