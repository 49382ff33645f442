import { type Dirent, opendirSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { isModuleFileName } from './module-file-name.ts';

/** How to walk and whom to tell. */
export interface TreeWalkOptions {
  /** Names that are passed over. */
  readonly excluded: ReadonlySet<string>;
  /** Whether to take entries in the file system's own order; otherwise in that of their names. */
  readonly isRaw: boolean;
  /** Takes the path of each module file. */
  readonly onFile: (path: string) => void;
  /** Takes what cannot be taken in; the walk goes on. */
  readonly onTrouble: (trouble: WalkTrouble) => void;
}

/** An entry that could not be taken in. */
export interface WalkTrouble {
  /** A link to nothing, neither file nor folder, a folder that cannot be read, a link into a folder that holds it. */
  readonly kind: 'dangling' | 'special' | 'unreadable' | 'loop';
  readonly path: string;
  /** How deep it lies: 0 directly in the folder that the walk began with. */
  readonly depth: number;
  /** Of a special file. */
  readonly mode: number;
  /** Of a dangling link and an unreadable folder. */
  readonly error: unknown;
}

/** A folder whose entries are being looked at. */
interface OpenFolder {
  readonly path: string;
  readonly entries: readonly Dirent[];
  next: number;
}

/**
 * Finds the module files below a folder, links followed. A link to a folder is followed once, whichever way leads to
 * it, and not at all into a folder that is being walked already: so links in a circle end, where kmod's depmod goes
 * round until the path is too long.
 *
 * @throws Error of node:fs when the folder itself cannot be read
 */
export function walkModuleTree(start: string, options: TreeWalkOptions): void {
  const { excluded, onFile, onTrouble } = options;
  const followed = new Set<string>();
  const stack = [openFolder(start, options.isRaw)];
  for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
    const entry = folder.entries[folder.next++];
    if (entry === undefined) {
      stack.pop();
      continue;
    }
    const { name } = entry;
    if (excluded.has(name)) continue;
    const isFile = entry.isFile();
    if (isFile && !isModuleFileName(name)) continue;
    const path = `${folder.path}/${name}`;
    if (isFile) onFile(path);
    else enter(path, entry);
  }

  function enter(path: string, entry: Dirent): void {
    const trouble = (kind: WalkTrouble['kind'], error?: unknown, mode = 0): void => {
      onTrouble({ kind, path, depth: stack.length - 1, mode, error });
    };
    const type = entryType(entry, path);
    if (type.kind === 'file') {
      if (isModuleFileName(entry.name)) onFile(path);
    } else if (type.kind === 'dangling') trouble('dangling', type.error);
    else if (type.kind === 'special') trouble('special', undefined, type.mode);
    else if (type.isLink && leadsBack(path, stack)) trouble('loop');
    else if (!type.isLink || isNew(linkKey(path), followed))
      try {
        stack.push(openFolder(path, options.isRaw));
      } catch (error) {
        trouble('unreadable', error);
      }
  }
}

/** The same for a link, whichever way leads to it. */
function linkKey(path: string): string {
  return `${realpathSync(dirname(path))}/${basename(path)}`;
}

function openFolder(path: string, isRaw: boolean): OpenFolder {
  return { path, next: 0, entries: isRaw ? rawEntries(path) : readdirSync(path, { withFileTypes: true }) };
}

function rawEntries(path: string): readonly Dirent[] {
  const entries: Dirent[] = [];
  const folder = opendirSync(path, { bufferSize: 256 });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) entries.push(entry);
  } finally {
    folder.closeSync();
  }
  return entries;
}

type EntryType =
  | { readonly kind: 'file' }
  | { readonly kind: 'directory'; readonly isLink: boolean }
  | { readonly kind: 'special'; readonly mode: number }
  | { readonly kind: 'dangling'; readonly error: unknown };

function entryType(entry: Dirent, path: string): EntryType {
  if (entry.isDirectory()) return { kind: 'directory', isLink: false };
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    return { kind: 'dangling', error };
  }
  if (stats.isFile()) return { kind: 'file' };
  if (stats.isDirectory()) return { kind: 'directory', isLink: true };
  return { kind: 'special', mode: stats.mode };
}

function leadsBack(path: string, stack: readonly OpenFolder[]): boolean {
  const target = realpathSync(path);
  return stack.some((folder) => realpathSync(folder.path) === target);
}

function isNew(key: string, seen: Set<string>): boolean {
  return seen.size < seen.add(key).size;
}
