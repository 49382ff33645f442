import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

import { makeFolders } from '../native/make-folders.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import { moduleInstance } from '../kernel/module-state.ts';
import { byteLocks } from '../native/byte-lock.ts';
import { writeWholeFile } from './whole-file.ts';

/** A module that may be taken out again when nothing uses it. */
export interface AutocleanMark {
  readonly module: string;
  /** The load that the mark is for, see moduleInstance: who unloads and loads a module by hand takes the mark off. */
  readonly instance: bigint;
  /** Whether the last cleaning found it unused; the next one then takes it out. */
  readonly isIdle: boolean;
}

const FOLDER = 'run/kmodctl';
const LINE = /^(\S+) (\d+) (idle|new)$/;
const EXCLUSIVE = 2;
const PATIENCE_MS = 5000;
const PAUSE_MS = 5;

/**
 * The marks that `modprobe -k` set on modules that are still loaded, by module. They are in `/run/kmodctl/autoclean`, a line
 * `NAME INSTANCE new|idle` for each, which everybody may read and root writes. None where there is no such file, or one of
 * somebody else.
 */
export function readAutocleanMarks(kernel: KernelLocation = {}): ReadonlyMap<string, AutocleanMark> {
  const marks = new Map<string, AutocleanMark>();
  for (const line of markText(kernel).split('\n')) {
    const [, module = '', number = '', state] = LINE.exec(line) ?? [];
    if (module === '') continue;
    const instance = BigInt(number);
    if (moduleInstance(module, kernel) === instance)
      marks.set(module, { module, instance, isIdle: state === 'idle' });
  }
  return marks;
}

function markText(kernel: KernelLocation): string {
  let descriptor: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(kernelPath(kernel, `${FOLDER}/autoclean`), flags);
  } catch {
    return '';
  }
  try {
    const status = fstatSync(descriptor);
    return status.isFile() && status.uid === 0 ? readFileSync(descriptor, 'latin1') : '';
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Changes the marks: whole or not at all, and one program at a time.
 *
 * @param change is given those that count, and answers those that are to be there
 * @throws Error of node:fs without the right to; KmodError `ERR_KMOD_PROC` when another program does not let go of them
 */
export function changeAutocleanMarks(
  change: (marks: ReadonlyMap<string, AutocleanMark>) => Iterable<AutocleanMark>,
  kernel: KernelLocation = {},
): void {
  const folder = kernelPath(kernel, FOLDER);
  makeFolders(folder, 0o755);
  const lock = openSync(
    `${folder}/autoclean.lock`,
    constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    takeLock(lock, `${folder}/autoclean.lock`);
    writeWholeFile(`${folder}/autoclean`, [...change(readAutocleanMarks(kernel))].map(lineOf).join(''));
  } finally {
    closeSync(lock); // which gives the lock back
  }
}

/** Marks modules, as they are loaded now. A mark that is there already begins anew. */
export function markAutoclean(modules: readonly string[], kernel: KernelLocation = {}): void {
  if (modules.length === 0) return;
  changeAutocleanMarks((marks) => {
    const changed = new Map(marks);
    for (const module of modules) {
      const instance = moduleInstance(module, kernel);
      if (instance !== undefined) changed.set(module, { module, instance, isIdle: false });
    }
    return changed.values();
  }, kernel);
}

function takeLock(descriptor: number, path: string): void {
  const set = byteLocks();
  if (set === undefined) return; // nor is there a way to load or unload anything
  const deadline = performance.now() + PATIENCE_MS;
  while (set(descriptor, 0, EXCLUSIVE) !== 0) {
    if (performance.now() > deadline)
      throw new KmodError(
        'ERR_KMOD_PROC',
        `${path} is locked by another program that does not come to an end.`,
        {
          path,
        },
      );
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
}

function lineOf({ module, instance, isIdle }: AutocleanMark): string {
  return `${module} ${instance} ${isIdle ? 'idle' : 'new'}\n`;
}
