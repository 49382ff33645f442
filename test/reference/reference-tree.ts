import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { resolveKernel } from '../../vm/kernels/resolve-kernel.ts';

/** The modules of a stock kernel. Read only: it is shared by all that use the cache. */
export interface ReferenceTree {
  /** Name in the catalogue, for example `6.12`. */
  readonly kernel: string;
  readonly release: string;
  /** The folder `…/modules/RELEASE`. */
  readonly directory: string;
}

/** A copy of a tree that a test may change. */
export interface TreeCopy extends ReferenceTree {
  /** Folder to give as `-b`: holds `lib/modules/RELEASE`. */
  readonly base: string;
  /** Removes the copy. */
  readonly remove: () => void;
}

/** What the kernel's build leaves beside the modules; all other `modules.*` are depmod's. */
const inputs = new Set(['modules.order', 'modules.builtin', 'modules.builtin.modinfo']);

/** Fetches a kernel of the catalogue if the cache does not have it. */
export async function referenceTree(kernel: string): Promise<ReferenceTree> {
  const { release, moduleDirectory } = await resolveKernel(kernel);
  return { kernel, release, directory: moduleDirectory };
}

/**
 * Copies a tree without depmod's files. The modules are hard links to the cache's where the file systems allow it:
 * replace or remove them, but never write into them.
 */
export function copyTree(tree: ReferenceTree): TreeCopy {
  const base = mkdtempSync(join(tmpdir(), 'kmodctl-tree-'));
  const directory = join(base, 'lib/modules', tree.release);
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(tree.directory))
    if (inputs.has(name)) copy('-a', join(tree.directory, name), directory);
    else if (!name.startsWith('modules.') && copy('-al', join(tree.directory, name), directory) !== 0) {
      rmSync(join(directory, name), { recursive: true, force: true });
      if (copy('-a', join(tree.directory, name), directory) !== 0)
        throw new Error(`${tree.directory}/${name} could not be copied to ${directory}`);
    }
  return {
    ...tree,
    base,
    directory,
    remove: () => {
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function copy(options: string, source: string, directory: string): number {
  return spawnSync('cp', [options, source, directory]).status ?? 1;
}
