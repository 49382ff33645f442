import { requireOptions } from '../../src/errors/argument.ts';
import type { WorkOptions } from '../packages/package-source.ts';
import { type CatalogueEntry, catalogueEntry, readCatalogue } from './catalogue.ts';
import { cachedDebianKernel, fetchDebianKernel } from './debian-kernel.ts';
import type { Kernel } from './kernel.ts';
import { resolveLocalKernel } from './local-kernel.ts';

/** Options of {@link resolveKernel}. */
export interface ResolveKernelOptions extends WorkOptions {
  /** Look for a newer version of a kernel that the cache already has. Default false. */
  readonly update?: boolean | undefined;
}

/** A kernel of the catalogue, and what the cache has of it. */
export interface KernelListing {
  readonly name: string;
  readonly architecture: string;
  /** Debian suites it is fetched from. */
  readonly suites: readonly string[];
  /** Whether it is the one used when none is named. */
  readonly default: boolean;
  /** The kernel in the cache, undefined if it has not been fetched. */
  readonly cached: Kernel | undefined;
}

/**
 * Makes a kernel ready to be booted. With all in the cache this takes milliseconds and neither network nor another
 * program. A cached kernel stays as it is until `update` is asked for: nothing changes under a test run.
 *
 * @param spec a name of the catalogue (`6.12`), or `vmlinuz:modules-dir`. Default: the variable
 *   `KMODCTL_VM_KERNEL`, read in the same way, else the catalogue's default
 * @throws VmError `ERR_KMOD_VM_KERNEL` (unknown name, unusable image or modules), `ERR_KMOD_VM_PACKAGES` (fetching),
 *   `ERR_KMOD_VM_NO_ROOM`, `ERR_KMOD_VM_ABORTED`
 */
export async function resolveKernel(spec?: string, options: ResolveKernelOptions = {}): Promise<Kernel> {
  requireOptions('options', options, { log: 'function', signal: 'object', update: 'boolean' });
  const wanted = spec ?? (process.env['KMODCTL_VM_KERNEL'] || readCatalogue().default);
  if (wanted.includes(':') || wanted.includes('/')) return resolveLocalKernel(wanted, options);
  const entry = catalogueEntry(wanted);
  const cached = options.update === true ? undefined : await cachedDebianKernel(entry);
  return cached ?? (await fetchDebianKernel(entry, options));
}

/** The kernels of the catalogue in its order. Reads the cache only. */
export async function listKernels(): Promise<KernelListing[]> {
  const { kernels, default: defaultName } = readCatalogue();
  return Promise.all(kernels.map((entry) => listing(entry, defaultName)));
}

async function listing(entry: CatalogueEntry, defaultName: string): Promise<KernelListing> {
  return {
    name: entry.name,
    architecture: entry.architecture,
    suites: entry.suites,
    default: entry.name === defaultName,
    cached: await cachedDebianKernel(entry),
  };
}
