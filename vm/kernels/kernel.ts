import type { Architecture } from './catalogue.ts';

/** A kernel that is ready to be booted: every path exists. */
export interface Kernel {
  /** Name in the catalogue, for example `6.12`; for a local one its release. */
  readonly name: string;
  /** What `uname -r` will say. */
  readonly release: string;
  /** Version of the Debian package; for a local kernel the release once more. */
  readonly version: string;
  readonly architecture: Architecture;
  /** `debian`: fetched from the archive; `local`: given as paths. */
  readonly origin: 'debian' | 'local';
  /** Uncompressed kernel: an ELF file on x64, an Image on arm64. */
  readonly vmlinux: string;
  /** The image as it was packaged. */
  readonly vmlinuz: string;
  /** The folder `.../modules/RELEASE` with the modules and their indexes. */
  readonly moduleDirectory: string;
  /** Short hash, the same as long as image and modules are. */
  readonly id: string;
  /** Names of the modules that a guest gets by default, with their dependencies. Not every kernel has all of them. */
  readonly modules: readonly string[];
  /** The packages (`NAME=VERSION`) that the kernel comes from; empty for a local one. */
  readonly packages: readonly string[];
}
