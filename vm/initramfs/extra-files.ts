import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { ArchiveTree } from './archive-tree.ts';
import { fileStamp } from './file-stamp.ts';

/** A file that a guest gets beside the usual ones. A string or bytes alone are the contents of a file, mode 0644. */
export type ExtraFile =
  | string
  | Uint8Array
  /** Contents with a mode. Default 0644. */
  | { readonly content: string | Uint8Array; readonly mode?: number | undefined }
  /** Copy of a file of the host. Default mode: that file's. */
  | { readonly source: string; readonly mode?: number | undefined }
  /** Symbolic link. */
  | { readonly target: string };

/** Puts further files into a tree and returns a key of their contents (of their times for files of the host). */
export function addExtraFiles(tree: ArchiveTree, files: Readonly<Record<string, ExtraFile>>): string {
  const hash = createHash('sha256');
  for (const [path, file] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${JSON.stringify(path)} ${addExtraFile(tree, path, file)}\n`);
  return hash.digest('hex');
}

function addExtraFile(tree: ArchiveTree, path: string, file: ExtraFile): string {
  if (!path.startsWith('/')) throw new TypeError(`"${path}" must be an absolute path in the guest`);
  if (typeof file === 'string' || file instanceof Uint8Array)
    return addExtraFile(tree, path, { content: file });
  if ('target' in file) {
    tree.link(path, file.target);
    return `link ${file.target}`;
  }
  if ('source' in file) {
    const mode = file.mode ?? statSync(file.source).mode & 0o7777;
    tree.file(path, file.source, mode);
    return `source ${mode} ${fileStamp(file.source)}`;
  }
  const mode = file.mode ?? 0o644;
  tree.data(path, file.content, mode);
  return `content ${mode} ${createHash('sha256').update(file.content).digest('hex')}`;
}
