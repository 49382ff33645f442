import { unpackModuleSync } from '../../module-file/compression.ts';
import { ElfImage } from '../../module-file/elf-image.ts';
import { parseModinfo } from '../../module-file/modinfo-section.ts';
import { readModuleBytesSync } from '../../module-file/module-bytes.ts';
import { DEFAULT_LIMIT } from '../../module-file/module-file.ts';
import { moduleNameOfPath } from '../../index-files/module-name.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';
import type { NameResolver } from './resolution.ts';

/** A module that another one needs. */
export interface NeededModule {
  readonly module: string;
  /** Null where no file was found. */
  readonly path: string | null;
}

/**
 * All that a module needs, deepest first: by the index for a file of the index, otherwise by what the file itself says.
 *
 * @throws KmodError `ERR_KMOD_MODULE_FILE` and others for a file that cannot be read
 */
export function neededModules(
  module: string,
  path: string | null,
  { tree, resolver }: { readonly tree: ModuleTree; readonly resolver: NameResolver },
): readonly NeededModule[] {
  const found = new Map<string, NeededModule>();
  const visit = (name: string, file: string | null): void => {
    const line = tree.dependencyLine(name);
    const isIndexed = file === null || line?.path === file;
    const names = isIndexed ? (line?.dependencies ?? []).map(moduleNameOfPath) : dependsOf(file);
    for (const needed of names) {
      if (needed === module || found.has(needed) || tree.isBuiltin(needed)) continue;
      const indexed = tree.dependencyLine(needed)?.path ?? null;
      const itsFile = resolver.fileOf(needed, indexed);
      if (!isIndexed || itsFile !== indexed) visit(needed, itsFile);
      if (!found.has(needed)) found.set(needed, { module: needed, path: itsFile });
    }
  };
  visit(module, path);
  return [...found.values()];
}

/** The `depends` of a file. */
function dependsOf(path: string): readonly string[] {
  const packed = readModuleBytesSync(path, DEFAULT_LIMIT);
  const image = new ElfImage(unpackModuleSync(packed, { path, limit: DEFAULT_LIMIT }), path);
  const range = image.parts.modinfo;
  if (range === undefined) return [];
  return parseModinfo(image.bytes.subarray(range.start, range.end))
    .filter(({ key }) => key === 'depends')
    .flatMap(({ value }) => value.split(','))
    .filter((name) => name !== '')
    .map((name) => name.replaceAll('-', '_'));
}
