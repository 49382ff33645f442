import { moduleName } from '../index-files/module-name.ts';

/** How names of module files end: something is before that. */
export const moduleFileEndings = ['.ko', '.ko.gz', '.ko.xz', '.ko.zst'] as const;

const EXTENSION = /.\.ko(?:\.(?:gz|xz|zst))?$/s;

/** Whether a file of this name is taken for a module: something, then `.ko`, and perhaps a compression's suffix. */
export function isModuleFileName(name: string): boolean {
  // Most have no suffix of a compression, and an expression takes longer.
  return (name.endsWith('.ko') && name.length > 3) || EXTENSION.test(name);
}

/** A path without the suffix of a compression, as `modules.order` has it. */
export function uncompressedPath(path: string): string {
  return path.endsWith('.ko') ? path : path.replace(/\.ko\.(?:gz|xz|zst)$/, '.ko');
}

/** The path without the file's extension: `updates/ext4.ko.xz` is `updates/ext4`, `a/b.c.ko` is `a/b`. */
export function pathWithoutExtension(path: string): string {
  const slash = path.lastIndexOf('/');
  const dot = path.indexOf('.', slash + 1);
  return dot === -1 ? path : path.slice(0, dot);
}

/** The kernel's name of the module in a file. */
export function moduleNameOfFile(path: string): string {
  return moduleName(path.slice(path.lastIndexOf('/') + 1));
}
