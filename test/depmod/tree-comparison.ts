/** Compares our depmod with kmod's over whole trees of kernels. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { runDepmod } from '../../src/depmod/depmod.ts';
import type { ReferenceKmod } from '../reference/reference-kmod.ts';
import { copyTree, referenceTree, type TreeCopy } from '../reference/reference-tree.ts';

/** A copy of a kernel's tree that is removed after the test. */
export async function openTreeCopy(t: ExecutionContext, kernel: string): Promise<TreeCopy> {
  const tree = copyTree(await referenceTree(kernel));
  t.teardown(tree.remove);
  return tree;
}

/** What a comparison is about. */
export interface TreeComparison {
  readonly kmod: ReferenceKmod;
  /** File or folder of depmod.d; none by default. */
  readonly config?: string;
  /** Called between the two runs. */
  readonly change?: () => void;
  /** What ours is to write where kmod has written this; undefined for whatever. Default: the same. */
  readonly expected?: (name: string, content: Buffer) => Buffer | undefined;
  readonly compat?: boolean;
}

/**
 * Asserts that both write the same files, byte for byte, and have the same to say.
 *
 * @returns number of modules
 */
export function compareTree(
  t: ExecutionContext,
  { base, release }: TreeCopy,
  { kmod, config = '/dev/null', compat = false, ...options }: TreeComparison,
): number {
  const output = mkdtempSync(join(tmpdir(), 'kmodctl-indexes-'));
  try {
    const roots = { theirs: join(output, 'theirs'), ours: join(output, 'ours') };
    for (const root of Object.values(roots))
      mkdirSync(join(root, 'lib/modules', release), { recursive: true });
    const theirs = kmod.run('depmod', ['-C', config, '-b', base, '-o', roots.theirs, release]);
    options.change?.();
    const messages: string[] = [];
    const { moduleCount } = runDepmod({
      release,
      root: base,
      outputRoot: roots.ours,
      configPaths: [config],
      compat,
      report: ({ priority, text }) => {
        if (priority !== 'info') messages.push(`depmod: ${priority.toUpperCase()}: ${text}\n`);
      },
    });
    t.is(theirs.exitCode, 0, theirs.stderr);
    t.is(messages.join(''), theirs.stderr);
    const folder = (root: string): string => join(root, 'lib/modules', release);
    const written = readdirSync(folder(roots.theirs)).toSorted();
    t.deepEqual(readdirSync(folder(roots.ours)).toSorted(), written);
    for (const name of written) {
      const reference = readFileSync(join(folder(roots.theirs), name));
      const expected = options.expected === undefined ? reference : options.expected(name, reference);
      const ours = readFileSync(join(folder(roots.ours), name));
      t.true(expected === undefined || ours.equals(expected), `${name} differs`);
    }
    return moduleCount;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Paths of all module files, relative to the release's folder. */
export function modulesOf({ directory }: TreeCopy): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ko(?:\.\w+)?$/.test(path))
    .toSorted();
}

/** Puts a copy of a module into another folder of the tree. */
export function copyModule({ directory }: TreeCopy, path: string, folder: string): void {
  const target = join(directory, folder, basename(path));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(directory, path), target);
}

/** Moves a module to another folder of the tree. */
export function moveModule({ directory }: TreeCopy, path: string, folder: string): void {
  const target = join(directory, folder, basename(path));
  mkdirSync(dirname(target), { recursive: true });
  renameSync(join(directory, path), target);
}
