import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { resultText } from '../errors/system-error.ts';
import type { ConfigurationReport } from './configuration-notice.ts';

/** The two families of configuration folders. */
export type ConfigurationKind = 'modprobe.d' | 'depmod.d';

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
  readonly report: ConfigurationReport;
}

/**
 * The folders that are read when none is named, the strongest first.
 *
 * @param root folder in place of `/`; default the real one
 */
export function configurationDirectories(kind: ConfigurationKind, root = ''): readonly string[] {
  return ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${root}${folder}/${kind}`);
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
  const files = new Map<string, ConfigurationFile>();
  const add = (path: string, name: string, isNamed: boolean): void => {
    if (!files.has(name)) files.set(name, { path, name, isNamed });
  };
  for (const path of paths) {
    const type = fileType(resolve(search.workingDirectory, path));
    if (type === 'file') add(path, basename(path), true);
    if (type === 'directory') for (const name of namesIn(path, search)) add(`${path}/${name}`, name, false);
  }
  return [...files.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

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
  if (isNamed) return readFileSync(file, 'utf8');
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return fstatSync(descriptor).isFile() ? readFileSync(descriptor, 'utf8') : '';
  } finally {
    closeSync(descriptor);
  }
}

function namesIn(directory: string, search: ConfigurationSearch): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(resolve(search.workingDirectory, directory));
  } catch (error) {
    search.report({ priority: 'error', text: `files list ${directory}: ${systemErrorText(error)}` });
    return [];
  }
  return names.filter((name) => isConfigurationName(directory, name, search));
}

function isConfigurationName(
  directory: string,
  name: string,
  { kind, workingDirectory, report }: ConfigurationSearch,
): boolean {
  if (name.startsWith('.')) return false;
  if (name.length < 6 || !name.endsWith('.conf')) {
    if (kind === 'depmod.d')
      report({ priority: 'info', text: `All cfg files need .conf: ${directory}/${name}` });
    return false;
  }
  const type = fileType(resolve(workingDirectory, directory, name));
  if (type === 'missing')
    report({ priority: 'error', text: `Cannot stat directory entry: ${directory}/${name}` });
  if (type === 'directory')
    report({
      priority: 'error',
      text: `Directories inside directories are not supported: ${directory}/${name}`,
    });
  return type === 'file';
}

function fileType(path: string): 'file' | 'directory' | 'missing' {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'file';
  } catch {
    return 'missing';
  }
}

/** The C library's words for a failed call of node:fs. */
export function systemErrorText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : resultText(errno);
}
