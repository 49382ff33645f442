import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

import { type KernelLocation, kernelPath } from './kernel-file.ts';

const DENIED = new Set(['EACCES', 'EPERM']);

/** Reads /proc and /sys for an overview: what is not there is empty, and what may not be read is remembered. */
export class KernelView {
  readonly location: KernelLocation;
  /** Files and folders that are there and that this user may not read, below `/`. */
  readonly denied = new Set<string>();

  constructor(location: KernelLocation = {}) {
    this.location = location;
  }

  /** Whether it is the running kernel's own, so that it can be asked questions, too. */
  get isOwn(): boolean {
    const { root } = this.location;
    return root === undefined || root === '/';
  }

  /** Where a file of the kernel is, for example `proc/swaps`. */
  path(file: string): string {
    return kernelPath(this.location, file);
  }

  text(file: string): string {
    return this.#readIfThere(file, '', (path) => readFileSync(path, 'utf8'));
  }

  lines(file: string): readonly string[] {
    return this.text(file)
      .split('\n')
      .filter((line) => line !== '');
  }

  /** The names in a folder. */
  names(folder: string): readonly string[] {
    return this.#readIfThere<readonly string[]>(folder, [], (path) => readdirSync(path));
  }

  /** What a symbolic link says; empty where there is none. */
  link(file: string): string {
    return this.#read(file, '', (path) => readlinkSync(path));
  }

  exists(file: string): boolean {
    return this.#read(file, false, (path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  }

  /** Where a link of /sys leads in the end, as a path below the root; empty where it leads nowhere. */
  real(file: string): string {
    const root = this.isOwn ? '' : this.#read('', '', realpathSync);
    return this.#read(file, '', (path) => realpathSync(path).slice(root.length + 1));
  }

  // Most of what is asked for is not there, and an error takes many times as long as the question.
  #readIfThere<Result>(file: string, otherwise: Result, read: (path: string) => Result): Result {
    return existsSync(this.path(file)) ? this.#read(file, otherwise, read) : otherwise;
  }

  #read<Result>(file: string, otherwise: Result, read: (path: string) => Result): Result {
    try {
      return read(this.path(file));
    } catch (error) {
      if (DENIED.has((error as NodeJS.ErrnoException).code ?? '')) this.denied.add(`/${file}`);
      return otherwise;
    }
  }
}
