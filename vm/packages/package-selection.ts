import { VmError } from '../vm-error.ts';
import type { PackageRecord } from './control-record.ts';
import { compareDebianVersions } from './debian-version.ts';

/** Answers with every version of a package that apt's lists have, none if they have none. */
export type PackageLookup = (name: string) => Promise<readonly PackageRecord[]>;

/**
 * Finds the packages that really hold a kernel. Their names carry a number that changes with each security update
 * (and a kernel may be spread over several packages), so they are found from the meta package: its newest version,
 * and from there along the dependencies as long as the names match `pattern`. The meta package itself is left out.
 *
 * @returns the matching packages in the order in which they were found
 * @throws VmError `ERR_KMOD_VM_PACKAGES` if the meta package is unknown or leads to no matching package
 */
export async function selectPackages(
  lookup: PackageLookup,
  metaPackage: string,
  pattern: RegExp,
): Promise<PackageRecord[]> {
  const meta = newest(await lookup(metaPackage));
  if (meta === undefined) throw notFoundError(metaPackage);
  const found = new Map<string, PackageRecord>();
  const waiting = [...meta.depends];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!pattern.test(next.name) || found.has(next.name)) continue;
    const versions = await lookup(next.name);
    const wanted = next.version;
    const record =
      wanted === undefined ? newest(versions) : versions.find(({ version }) => version === wanted);
    if (record === undefined)
      throw notFoundError(wanted === undefined ? next.name : `${next.name} (= ${wanted})`);
    found.set(record.name, record);
    waiting.push(...record.depends);
  }
  if (found.size === 0)
    throw new VmError(
      'ERR_KMOD_VM_PACKAGES',
      `Package ${metaPackage} ${meta.version} depends on nothing that matches ${pattern.source}; ` +
        'its packages have been renamed: mend "packages" in vm/kernels.json.',
    );
  return [...found.values()];
}

/** The record with the highest version. */
export function newest(records: readonly PackageRecord[]): PackageRecord | undefined {
  return records.reduce<PackageRecord | undefined>(
    (best, record) =>
      best === undefined || compareDebianVersions(record.version, best.version) > 0 ? record : best,
    undefined,
  );
}

/** A package that apt's lists do not have; fetching newer lists may help. */
function notFoundError(what: string): VmError {
  return new VmError('ERR_KMOD_VM_PACKAGES', `Package ${what} is not in the suite's package lists.`);
}
