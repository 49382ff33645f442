import { existsSync, opendirSync, statSync } from 'node:fs';

import { KmodError } from '../errors/kmod-error.ts';
import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';
import type { ModuleState } from './loaded-module.ts';

/**
 * State of a loaded module by /sys/module/NAME/initstate. Undefined when it is not loaded, and for one that is built
 * into the kernel: such a one may have a folder there, but no initstate.
 *
 * @param name with underscores, as the kernel writes it
 * @throws KmodError `ERR_KMOD_PROC` for a state that is not known
 */
export function moduleState(name: string, location: KernelLocation = {}): ModuleState | undefined {
  if (!isFolderName(name)) return undefined;
  const path = kernelPath(location, `sys/module/${name}/initstate`);
  const text = readKernelText(path)?.text.trim();
  if (text === undefined || text === 'live' || text === 'coming' || text === 'going') return text;
  throw new KmodError('ERR_KMOD_PROC', `${path}: unknown state ${JSON.stringify(text)}`, {
    path,
    module: name,
  });
}

/** Whether /sys shows modules at all; without it nothing can be said of one. */
export function isModuleListVisible(location: KernelLocation = {}): boolean {
  return existsSync(kernelPath(location, 'sys/module'));
}

/** Whether the kernel knows the name at all: as a loaded module, or as a built-in one with parameters. */
export function hasModuleFolder(name: string, location: KernelLocation = {}): boolean {
  return isFolderName(name) && existsSync(kernelPath(location, `sys/module/${name}`));
}

/**
 * Whether the kernel shows the name as that of a part of itself: by parameters, a version or drivers, without the folder
 * `holders` that only a loadable module has, from before those appear until they are gone. A built-in module with none of
 * them is not shown at all.
 */
export function isShownAsBuiltin(name: string, location: KernelLocation = {}): boolean {
  if (!isFolderName(name)) return false;
  const has = (entry: string): boolean => existsSync(kernelPath(location, `sys/module/${name}/${entry}`));
  // Asked twice: a module may come between two questions.
  return !has('holders') && ['parameters', 'version', 'drivers'].some(has) && !has('holders');
}

/**
 * A number that a module has from its load to its unload, and no other load has: the inode number of its folder in /sys,
 * which the kernel counts up. Undefined when the name is not known.
 */
export function moduleInstance(name: string, location: KernelLocation = {}): bigint | undefined {
  if (!isFolderName(name)) return undefined;
  const path = kernelPath(location, `sys/module/${name}`);
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Number of users; -1 while going. Undefined when not loaded, or when the kernel cannot unload modules. */
export function moduleRefcount(name: string, location: KernelLocation = {}): number | undefined {
  return numberFile(name, 'refcnt', location);
}

/** Memory of the module in bytes, without its init sections. Undefined when not loaded. */
export function moduleCoreSize(name: string, location: KernelLocation = {}): number | undefined {
  return numberFile(name, 'coresize', location);
}

/** Names of the modules that use this one, in the order of the folder `holders`. Empty when not loaded. */
export function moduleHolders(name: string, location: KernelLocation = {}): readonly string[] {
  if (!isFolderName(name)) return [];
  try {
    // Not readdir: that sorts, and kmod's tools print the order that the kernel has.
    const folder = opendirSync(kernelPath(location, `sys/module/${name}/holders`));
    try {
      const holders: string[] = [];
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) holders.push(entry.name);
      return holders;
    } finally {
      folder.closeSync();
    }
  } catch {
    return [];
  }
}

/** Compression of module files that the kernel can undo by itself. Undefined for none (or Linux before 5.17). */
export function kernelCompression(location: KernelLocation = {}): string | undefined {
  if (location.root !== undefined) return readCompression(location);
  return (ownCompression ??= readCompression(location));
}

/** Of the running kernel: it is built in, and never changes. */
let ownCompression: string | undefined;

function readCompression(location: KernelLocation): string | undefined {
  const path = kernelPath(location, 'sys/module/compression');
  // To open a file that is not there takes many times as long as to ask.
  return existsSync(path) ? readKernelText(path)?.text.trim() : undefined;
}

function numberFile(name: string, file: string, location: KernelLocation): number | undefined {
  if (!isFolderName(name)) return undefined;
  const text = readKernelText(kernelPath(location, `sys/module/${name}/${file}`))?.text.trim() ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

// A name with a slash would lead elsewhere, one with a NUL is refused by open.
function isFolderName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}
