import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { PublishedFile } from '../../src/depmod/publish.ts';

const names = ['modules.dep', 'modules.dep.bin', 'modules.alias'];

/** Files that say which set they belong to. */
export function publishedSet(letter: string): readonly PublishedFile[] {
  return names.map((name) => ({ name, content: Buffer.from(`${letter} ${name}\n`.repeat(1000)) }));
}

/** The set that a folder holds, by its letter; `mixed` for files of several, `` for none at all. */
export function foundSet(folder: string, reader: 'ours' | 'plain'): string {
  const letters = names.map((name) => {
    const first = reader === 'ours' ? [join(folder, '.depmod-commit', name)] : [];
    const path = [...first, join(folder, name)].find((candidate) => existsSync(candidate));
    if (path === undefined) return '';
    const text = readFileSync(path, 'latin1');
    const letter = text[0] ?? 'empty';
    return text === `${letter} ${name}\n`.repeat(1000) ? letter : `torn ${name}`;
  });
  return letters.every((letter) => letter === letters[0]) ? (letters[0] ?? '') : `mixed: ${letters.join()}`;
}

/** Hidden entries of a folder: what a run has left behind. */
export function leftovers(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.'));
}
