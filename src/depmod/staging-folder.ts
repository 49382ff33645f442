import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { ModuleSystemError } from '../errors/system-error.ts';
import { treeCalls } from '../native/tree-calls.ts';

/** A file to publish. */
export interface PublishedFile {
  /** Without a folder, for example `modules.dep`. */
  readonly name: string;
  readonly content: Uint8Array;
}

const PREFIX = '.depmod-';
const LONGEST_RUN = 24 * 3600 * 1000;

/**
 * Writes files into a new hidden folder inside of `directory`, down to the disk: afterwards only names have to be
 * changed.
 *
 * @returns the folder's name
 * @throws Error of node:fs, ModuleSystemError; the folder is gone then
 */
export function writeStagingFolder(directory: string, files: readonly PublishedFile[]): string {
  const name = `${PREFIX}${ownIdentity()}.${Math.random().toString(36).slice(2, 8)}`;
  const folder = join(directory, name);
  mkdirSync(folder);
  try {
    chmodSync(folder, 0o755);
    writeFiles(folder, files);
    syncFolder(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return name;
}

function writeFiles(folder: string, files: readonly PublishedFile[]): void {
  const descriptors: number[] = [];
  try {
    for (const { name, content } of files) {
      const descriptor = openSync(join(folder, name), 'wx', 0o644);
      descriptors.push(descriptor);
      for (let written = 0; written < content.length;)
        written += writeSync(descriptor, content, written, content.length - written);
      fchmodSync(descriptor, 0o644);
    }
    syncFiles(descriptors);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** fsync(2) of open files. */
export function syncFiles(descriptors: readonly number[]): void {
  const calls = treeCalls();
  if (calls === undefined) {
    for (const descriptor of descriptors) fsyncSync(descriptor);
    return;
  }
  const result = calls.syncFiles(Int32Array.from(descriptors));
  if (result !== 0) throw new ModuleSystemError({ result, syscall: 'fsync' });
}

/** fsync(2) of a folder: the names in it are then on the disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what runs that were killed have left behind in `directory`; not what another run is just writing. */
export function removeDeadStagingFolders(directory: string): void {
  for (const name of readdirSync(directory)) {
    const match = /^\.depmod-(\d+)\.(\d+)\.(\d+)\.\w+$/.exec(name);
    if (match !== null && isDead(match, join(directory, name)))
      rmSync(join(directory, name), { recursive: true, force: true });
  }
}

// A process in another namespace cannot be seen from here; such a folder is left for a day.
function isDead([, pid = '', startTime, namespace]: readonly string[], folder: string): boolean {
  if (namespace === pidNamespace()) return processStartTime(pid) !== startTime;
  try {
    return Date.now() - statSync(folder).mtimeMs > LONGEST_RUN;
  } catch {
    return false;
  }
}

function ownIdentity(): string {
  return `${process.pid}.${processStartTime(String(process.pid)) ?? '0'}.${pidNamespace()}`;
}

/** When a process started, in the kernel's ticks since the boot: a number is given to another process some day. */
function processStartTime(pid: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
