import { basename } from 'node:path';

import { requireInteger, requireOptions, requireString } from '../errors/argument.ts';
import type { CertificateInput } from './certificate.ts';
import { type Compression, detectCompression, unpackModule, unpackModuleSync } from './compression.ts';
import { ElfImage, type ElfSection } from './elf-image.ts';
import { machineName } from './elf-machine.ts';
import { type ExportedSymbol, exportedSymbols } from './exported-symbol.ts';
import { modinfoOfImage } from './modinfo-file.ts';
import { type ModinfoEntry, textOfBytes } from './modinfo-section.ts';
import { type ModuleInformation, summarizeModinfo } from './modinfo-summary.ts';
import { readModuleBytes, readModuleBytesSync } from './module-bytes.ts';
import { type NeededSymbol, neededSymbols } from './needed-symbol.ts';
import { type SignatureVerdict, verifyModule } from './signature-verification.ts';
import { type SymbolVersion, symbolVersions } from './symbol-version.ts';

/** A module file, read. All of it is plain data but the two methods. */
export interface ModuleFile extends ModuleInformation {
  /** As given. */
  readonly path: string;
  readonly compression: Compression;
  /** Of the file on the disk, in bytes. */
  readonly size: number;
  /** Of the module that it contains, in bytes, its signature included. */
  readonly unpackedSize: number;
  /** 32 or 64. */
  readonly bits: 32 | 64;
  readonly byteOrder: 'little' | 'big';
  /** `e_machine` of ELF, and the name that `uname -m` has for it; null for an unknown one. */
  readonly machine: { readonly number: number; readonly name: string | null };
  /** The strings of `.modinfo` in the file's order, keys and values decoded as text. */
  readonly modinfo: readonly ModinfoEntry[];
  /** The section table. Damaged sections are in it, with what is wrong with them. */
  readonly sections: readonly ElfSection[];
  /** Symbols that it offers to other modules. */
  readonly exports: readonly ExportedSymbol[];
  /** Symbols that it takes from the kernel and other modules. */
  readonly needs: readonly NeededSymbol[];
  /** The versions of symbols that it was built against; of the extended sections where it has them. */
  readonly versions: readonly SymbolVersion[];
  /** The data of a section, not copied; undefined when the file has none of that name. */
  section(name: string): Buffer | undefined;
  /** Verifies the signature with these certificates, each trusted as given. */
  verify(certificates: readonly CertificateInput[]): SignatureVerdict;
}

/** For {@link readModuleFile}. */
export interface ReadModuleOptions {
  /** Largest size on the disk and unpacked, in bytes; default 512 MiB. */
  readonly limit?: number | undefined;
}

export const DEFAULT_LIMIT = 512 * 2 ** 20;
const LARGEST_LIMIT = 2 ** 32;

/**
 * Reads a module file: plain, or compressed with gzip, xz or zstd whatever its name, of any machine. Unpacking is done
 * off the main thread. Symbols are read when they are asked for.
 *
 * @throws KmodError as a rejection: `ERR_KMOD_MODULE_FILE` (missing, unreadable, no regular file),
 *   `ERR_KMOD_MODULE_CORRUPT` (no ELF file, or a damaged one; the properties `exports`, `needs` and `versions` can throw
 *   it too), `ERR_KMOD_COMPRESSED_DATA`, `ERR_KMOD_COMPRESSION_LIBRARY`, `ERR_KMOD_TOO_LARGE`
 */
export async function readModuleFile(path: string, options?: ReadModuleOptions): Promise<ModuleFile> {
  const limit = requireReadOptions(path, options);
  const bytes = await readModuleBytes(path, limit);
  return moduleFile(path, bytes, await unpackModule(bytes, { path, limit }));
}

/** {@link readModuleFile}, blocking. */
export function readModuleFileSync(path: string, options?: ReadModuleOptions): ModuleFile {
  const limit = requireReadOptions(path, options);
  const bytes = readModuleBytesSync(path, limit);
  return moduleFile(path, bytes, unpackModuleSync(bytes, { path, limit }));
}

function requireReadOptions(path: unknown, options: ReadModuleOptions | undefined): number {
  requireString('path', path);
  requireOptions('options', options, { limit: 'number' });
  return requireInteger('options.limit', options?.limit ?? DEFAULT_LIMIT, 1, LARGEST_LIMIT);
}

function moduleFile(path: string, packed: Buffer, bytes: Buffer): ModuleFile {
  const image = new ElfImage(bytes, path);
  const found = modinfoOfImage(bytes, path);
  let exports: readonly ExportedSymbol[] | undefined;
  let needs: readonly NeededSymbol[] | undefined;
  let versions: readonly SymbolVersion[] | undefined;
  return {
    path,
    ...summarizeModinfo({ module: moduleName(path), path, builtin: false }, found),
    compression: detectCompression(packed),
    size: packed.length,
    unpackedSize: bytes.length,
    bits: image.is64 ? 64 : 32,
    byteOrder: image.littleEndian ? 'little' : 'big',
    machine: { number: image.machine, name: machineName(image.machine) },
    modinfo: found.entries.map(({ key, value }) => ({ key: textOfBytes(key), value: textOfBytes(value) })),
    get sections() {
      return image.sections();
    },
    get exports() {
      return (exports ??= exportedSymbols(image));
    },
    get needs() {
      return (needs ??= neededSymbols(image));
    },
    get versions() {
      return (versions ??= symbolVersions(image));
    },
    section(name) {
      const section = image.section(name);
      return section === undefined ? undefined : image.bytesOf(section);
    },
    verify: (certificates) => verifyModule(bytes, certificates),
  };
}

/** The kernel's name of a module: that of its file up to the first dot, with underscores. */
function moduleName(path: string): string {
  const name = basename(path);
  const dot = name.indexOf('.');
  return (dot === -1 ? name : name.slice(0, dot)).replaceAll('-', '_');
}
