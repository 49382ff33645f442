import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, resolve } from 'node:path';

import { resultText } from '../errors/system-error.ts';
import { byteText, filePath } from '../native/byte-text.ts';
import type { ConfigurationProblem } from './configuration-notice.ts';

/** The families of configuration folders. */
export type ConfigurationKind = 'modprobe.d' | 'depmod.d' | 'modules-load.d';

/** A file to be read, found in a folder or named itself. */
export interface ConfigurationFile {
  /** As messages show it: relative where the folder or file was named so. */
  readonly path: string;
  /** Its last component, by which it is sorted and by which it hides others. */
  readonly name: string;
  /** Whether it was named itself, in place of a folder that holds it. */
  readonly isNamed: boolean;
}

/** How configuration is looked for. */
export interface ConfigurationSearch {
  readonly kind: ConfigurationKind;
  /** Folder that relative paths start at. */
  readonly workingDirectory: string;
  readonly report: (problem: ConfigurationProblem) => void;
  /** Files that take part whether they exist or not, before all others. */
  readonly first?: readonly ConfigurationFile[];
  /** Told of each file that another one hides. */
  readonly onHidden?: (file: ConfigurationFile, by: ConfigurationFile) => void;
}

/** Folders that hold those of configuration, the strongest first. */
export const configurationRoots = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'] as const;

/**
 * The folders that are read when none is named, the strongest first.
 *
 * @param root folder in place of `/`; default the real one
 */
export function configurationDirectories(kind: ConfigurationKind, root = ''): readonly string[] {
  return configurationRoots.map((folder) => `${root}${folder}/${kind}`);
}

/**
 * The files to be read, in the order of their names. Of several with the same name only the one of the earliest folder
 * counts, so an empty file or a link to /dev/null hides a weaker one. In a folder only names that end in `.conf` count,
 * and no hidden ones; folders in it are not entered. A path that is no folder counts whatever its name. What does not
 * exist is passed over.
 *
 * @param paths folders and files, the strongest first
 */
export function findConfigurationFiles(
  paths: readonly string[],
  search: ConfigurationSearch,
): readonly ConfigurationFile[] {
  const files = new Map((search.first ?? []).map((file) => [file.name, file]));
  const folders = new Set<string>();
  for (const path of paths) {
    // It names nothing, and not the working directory, as for the C library.
    if (path === '') continue;
    const status = statusOf(resolve(search.workingDirectory, path));
    if (status === undefined) continue;
    if (!status.isDirectory()) {
      addFile({ path, name: basename(path), isNamed: true }, files, search);
      continue;
    }
    // Where /lib is a link to /usr/lib the weaker folder is the same one, and hides nothing.
    const identity = `${status.dev} ${status.ino}`;
    const isRepeated = folders.has(identity);
    folders.add(identity);
    for (const name of namesIn(path, search)) {
      if (isRepeated && files.has(name)) continue;
      const file = { path: `${path}/${name}`, name, isNamed: false };
      if (isConfigurationFile(file, search)) addFile(file, files, search);
    }
  }
  return [...files.values()].sort((a, b) => compareNames(a.name, b.name));
}

function addFile(
  file: ConfigurationFile,
  files: Map<string, ConfigurationFile>,
  search: ConfigurationSearch,
): void {
  const by = files.get(file.name);
  if (by === undefined) files.set(file.name, file);
  else search.onHidden?.(file, by);
}

/** By bytes, as strcmp does. */
function compareNames(a: string, b: string): number {
  if (NON_ASCII.test(a) || NON_ASCII.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

const NON_ASCII = /[^\0-\x7f]/;

/**
 * The text of a configuration file. What is no regular file is read only when it was named itself: in a folder a FIFO
 * would make everyone wait, and a link to /dev/null is empty anyway.
 *
 * @throws Error of node:fs when the file cannot be read
 */
export function readConfigurationFile(
  { path, isNamed }: ConfigurationFile,
  workingDirectory: string,
): string {
  const file = resolve(workingDirectory, path);
  if (isNamed) return byteText(readFileSync(filePath(file)));
  const descriptor = openSync(filePath(file), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return fstatSync(descriptor).isFile() ? byteText(readFileSync(descriptor)) : '';
  } finally {
    closeSync(descriptor);
  }
}

function namesIn(directory: string, search: ConfigurationSearch): readonly string[] {
  try {
    return readdirSync(filePath(resolve(search.workingDirectory, directory)), 'buffer').map(byteText);
  } catch (error) {
    const call = search.kind === 'modprobe.d' ? `opendir(${directory})` : `files list ${directory}`;
    search.report({
      priority: 'error',
      code: 'unreadable',
      file: directory,
      line: null,
      text: `${call}: ${systemErrorText(error)}`,
      remedy: 'Nothing of it was read: make the folder readable for this user.',
    });
    return [];
  }
}

function isConfigurationFile({ path, name }: ConfigurationFile, search: ConfigurationSearch): boolean {
  const { kind, workingDirectory, report } = search;
  if (name.startsWith('.')) return false;
  const about = { file: path, line: null };
  if (name.length < 6 || !name.endsWith('.conf')) {
    if (kind === 'depmod.d')
      report({
        priority: 'info',
        code: 'other-name',
        ...about,
        text: `All cfg files need .conf: ${path}`,
        remedy: 'Let its name end in .conf if it is to be read.',
      });
    return false;
  }
  const status = statusOf(resolve(workingDirectory, path));
  if (status === undefined)
    report({
      priority: 'error',
      code: 'dangling-link',
      ...about,
      text: `Cannot stat directory entry: ${path}`,
      remedy: 'Remove the link, or let it lead to a file; to hide weaker files let it lead to /dev/null.',
    });
  if (status?.isDirectory() === true)
    report({
      priority: 'error',
      code: 'nested-folder',
      ...about,
      text: `Directories inside directories are not supported: ${path}`,
      remedy: 'Move the files of the folder into the folder above it, and remove it.',
    });
  return status?.isDirectory() === false;
}

/** Undefined for what is not there, and for what cannot be looked at. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(filePath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The C library's words for a failed call of node:fs. */
export function systemErrorText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : resultText(errno);
}
