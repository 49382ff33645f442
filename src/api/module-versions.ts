import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { requireOptions, requireString } from '../errors/argument.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import type { ExportedSymbol } from '../module-file/exported-symbol.ts';
import { type ModuleFile, readModuleFile } from '../module-file/module-file.ts';
import { modinfo, type ModinfoOptions, modinfoOptionTypes } from './modinfo.ts';
import { treeOf } from './place-options.ts';
import { knownVersions, witnessNames } from './version-source.ts';

/** A symbol that a module needs, with its version there and in the kernel. */
export interface NeededVersion {
  readonly name: string;
  /** Version that the module was built with, 32 bits unsigned; null when it names none. */
  readonly crc: number | null;
  /** The module can do without it. */
  readonly weak: boolean;
  /** Version that the kernel has; null when that cannot be known. */
  readonly kernelCrc: number | null;
  /** Module that exports it, or `kernel`; null when that cannot be known. */
  readonly provider: string | null;
  /** File that tells the kernel's version; null when none does. */
  readonly source: string | null;
  /** Whether the kernel would take it; null when one of the versions is not known. */
  readonly agrees: boolean | null;
}

/** Options of {@link moduleVersions}. */
export interface ModuleVersionsOptions extends ModinfoOptions {
  /** Folder that holds the `proc` of the kernel, whose loaded modules are read first. Default `/`. */
  readonly kernelRoot?: string | undefined;
  /**
   * Whether, without a Module.symvers, all modules of the tree are read for what few of them use; that takes as long as a
   * depmod does. Default false: a few hundred, beginning with those that are loaded and those in the same folder.
   */
  readonly thorough?: boolean | undefined;
}

const optionTypes = { ...modinfoOptionTypes, thorough: 'boolean', kernelRoot: 'string' } as const;

/** The versions of a module's symbols. */
export interface ModuleVersions {
  /** The kernel's name of the module. */
  readonly name: string;
  readonly filename: string;
  /** What the kernel compares besides the versions. */
  readonly vermagic: string | null;
  /** In the order of the file; `module_layout` is the version of the module's own structure. */
  readonly needs: readonly NeededVersion[];
  readonly exports: readonly ExportedSymbol[];
}

/**
 * The versions of the symbols that a module needs, beside those that the kernel has, and of those that it exports. The
 * kernel loads a module whose versions differ only when it is forced to.
 *
 * @param name a module's name, an alias, or a path
 * @throws as a rejection: KmodError as {@link modinfo}; `ERR_KMOD_BUILTIN` for a part of the kernel's image
 */
export async function moduleVersions(
  name: string,
  given: ModuleVersionsOptions = {},
): Promise<ModuleVersions> {
  requireString('name', name);
  requireOptions('options', given, optionTypes);
  const { thorough, kernelRoot, ...options } = given;
  const { filename } = await modinfo(name, options);
  if (filename === null)
    throw new KmodError(
      'ERR_KMOD_BUILTIN',
      `${name} is part of the kernel's image and needs no versions of symbols.`,
      { module: name },
    );
  const file = await readModuleFile(filename);
  const known = await knownVersions(
    {
      tree: treeOf(options),
      loaded: loadedNames({ root: kernelRoot }),
      besides: neighbours(file, filename),
      except: filename,
      isThorough: thorough,
    },
    file.needs.map((need) => need.name),
  );
  const needs = file.needs.map(({ name: symbol, crc, weak }): NeededVersion => {
    const version = known.get(symbol);
    const kernelCrc = version?.crc ?? null;
    return {
      name: symbol,
      crc,
      weak,
      kernelCrc,
      provider: version?.provider ?? null,
      source: version?.source ?? null,
      agrees: crc === null || kernelCrc === null ? null : crc === kernelCrc,
    };
  });
  const { vermagic, exports } = file;
  return { name: file.name, filename, vermagic: vermagic?.text ?? null, needs, exports };
}

/** Modules that it depends on and that lie beside it: one's own are often in no tree. */
function neighbours({ dependencies }: ModuleFile, path: string): readonly string[] {
  return dependencies.map((name) => resolve(dirname(path), `${name}.ko`)).filter((each) => existsSync(each));
}

/** None on a kernel without modules: a tree can be looked at all the same. */
function loadedNames(kernel: KernelLocation): readonly string[] {
  try {
    return witnessNames(loadedModules(kernel));
  } catch (error) {
    if (error instanceof KmodError) return [];
    throw error;
  }
}
