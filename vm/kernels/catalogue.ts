import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../packages/package-root.ts';
import type { Mirrors } from '../packages/mirror.ts';
import { VmError } from '../vm-error.ts';

/** Node's name of an architecture that guests can have. */
export type Architecture = 'x64' | 'arm64';

/** One kernel of `vm/kernels.json`: where its packages are. */
export interface CatalogueEntry {
  /** Name in the catalogue, for example `6.12`. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Debian suites to look in, for example `trixie`, `trixie-security`. */
  readonly suites: readonly string[];
  /** Addresses of the archives if the suites are not on the usual mirrors. */
  readonly mirrors?: Partial<Mirrors> | undefined;
  /** Package whose newest version leads to the kernel's own packages. */
  readonly metaPackage: string;
  /** Pattern for the names of the packages that hold the image and the modules. */
  readonly packages: string;
  /** Where the packages have the image, relative to the root; `{release}` stands for the kernel release. */
  readonly image: string;
  /** Headers package; `{release}` stands for the kernel release. */
  readonly headersPackage: string;
}

/** `vm/kernels.json` as a whole. */
export interface Catalogue {
  /** Name of the kernel used when none is named. */
  readonly default: string;
  /** Packages of the suite that are needed for every kernel: kmod with what it loads at run time, BusyBox. */
  readonly toolPackages: readonly string[];
  /** Packages beside the headers and their compiler that a build of modules takes. */
  readonly buildPackages: readonly string[];
  /** Modules that are put into a guest with their dependencies if it has them. */
  readonly modules: readonly string[];
  readonly kernels: readonly CatalogueEntry[];
}

/** Debian's name of an architecture, and its directory name for libraries. */
export const debianArchitectures: Readonly<Record<Architecture, { name: string; triplet: string }>> = {
  x64: { name: 'amd64', triplet: 'x86_64-linux-gnu' },
  arm64: { name: 'arm64', triplet: 'aarch64-linux-gnu' },
};

let catalogue: Catalogue | undefined;

/** Reads the catalogue, once per process. */
export function readCatalogue(): Catalogue {
  catalogue ??= parseCatalogue(readFileSync(join(packageRoot(), 'vm/kernels.json'), 'utf8'));
  return catalogue;
}

/** Reads a catalogue's text. The file is part of the package, so its form is not checked field by field. */
function parseCatalogue(text: string): Catalogue {
  const data = JSON.parse(text) as Omit<Catalogue, 'kernels'> & {
    readonly kernels: Readonly<Record<string, Omit<CatalogueEntry, 'name'>>>;
  };
  return {
    ...data,
    kernels: Object.entries(data.kernels).map(([name, entry]) => Object.assign({ name }, entry)),
  };
}

/** The entry of that name. @throws VmError `ERR_KMOD_VM_KERNEL` naming the known ones */
export function catalogueEntry(name: string, from: Catalogue = readCatalogue()): CatalogueEntry {
  const entry = from.kernels.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const known = from.kernels.map((candidate) => candidate.name).join(', ');
  throw new VmError(
    'ERR_KMOD_VM_KERNEL',
    `Unknown kernel "${name}": known are ${known}. A kernel of your own is given as vmlinuz:modules-dir, ` +
      'here or in KMODCTL_VM_KERNEL.',
  );
}

/** The architecture of this process, if guests can have it. */
export function hostArchitecture(): Architecture {
  const { arch } = process;
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new VmError('ERR_KMOD_VM_KERNEL', `The VM harness runs on x64 and arm64 hosts, not on ${arch}.`);
}
