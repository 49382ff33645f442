import { resolve } from 'node:path';

import { ModuleTree, type ModuleTreeOptions } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';

/** Where modules are read from and which kernel they are meant for. */
export interface PlaceOptions {
  /** Folder in place of `/` for `lib/modules` (and `usr/lib/modules`). Default `/`. */
  readonly root?: string | undefined;
  /** Kernel release, as `uname -r` prints it. Default: that of the running kernel. */
  readonly release?: string | undefined;
  /** The release's own folder of modules, in place of `<root>/lib/modules/<release>`. */
  readonly moduleDirectory?: string | undefined;
  /** Folder that holds the `proc` and `sys` of the kernel. Default `/`. */
  readonly kernelRoot?: string | undefined;
}

/** Names and types of {@link PlaceOptions}. */
export const placeOptionTypes = {
  root: 'string',
  release: 'string',
  moduleDirectory: 'string',
  kernelRoot: 'string',
} as const;

/**
 * The tree that the options name.
 *
 * @param reading how its indexes are read; those that are read in pieces have to be closed
 */
export function treeOf(
  { root, release, moduleDirectory }: PlaceOptions,
  reading: Pick<ModuleTreeOptions, 'inPieces'> = {},
): ModuleTree {
  return new ModuleTree({
    ...reading,
    release,
    root: root === undefined ? undefined : resolve(root),
    moduleDirectory: moduleDirectory === undefined ? undefined : resolve(moduleDirectory),
  });
}

/** The /proc and /sys that the options name. */
export function kernelOf({ kernelRoot }: PlaceOptions): KernelLocation {
  return { root: kernelRoot };
}
