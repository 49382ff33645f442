import { ContributionCache } from './contribution-cache.ts';
import type { DepmodOptions, DepmodResult, IndexesMade } from './depmod-options.ts';
import { moduleDirectories } from './module-directories.ts';
import { makeOutputs, readKernelSymbols } from './module-outputs.ts';
import { searchModules } from './module-search.ts';
import { finishPublication, publishIndexes } from './publish.ts';
import { lockRun } from './run-lock.ts';
import { scanList, type ScanOptions } from './scan.ts';
import { reviewScan } from './scan-completeness.ts';

/**
 * depmod(8): reads all modules of a kernel release and writes the indexes that modprobe and the rest of this package
 * look things up in. Either all files are replaced or none.
 *
 * @throws KmodError `ERR_KMOD_INDEX_MISSING` (no such module folder), `ERR_KMOD_MODULE_FILE` (one of `files`),
 *   `ERR_KMOD_SYMBOL_FILE`, `ERR_KMOD_SCAN_INCOMPLETE`, `ERR_KMOD_DEPENDENCY_CYCLE`, `ERR_KMOD_TOO_LARGE`,
 *   `ERR_KMOD_PUBLISH`; nothing is written then
 */
export function runDepmod(options: DepmodOptions): DepmodResult {
  const started = performance.now();
  const isPublished = options.dryRun !== true;
  if (!isPublished) return { ...makeIndexes(options), isPublished, durationMs: performance.now() - started };
  const { outputDirectory } = moduleDirectories(options);
  const unlock = lockRun(outputDirectory, {
    onWait: () =>
      options.report?.({ priority: 'info', text: `waiting for another depmod in ${outputDirectory}` }),
  });
  try {
    finishPublication(outputDirectory);
    const made = makeIndexes(options);
    publishIndexes(outputDirectory, made.outputs);
    return { ...made, isPublished, durationMs: performance.now() - started };
  } finally {
    unlock();
  }
}

/** {@link runDepmod} without writing anything. */
export function makeIndexes(options: DepmodOptions): IndexesMade {
  const { release, compat = false, report = () => undefined } = options;
  const { directory, outputDirectory } = moduleDirectories(options);
  const kernelSymbols = readKernelSymbols(options, report);
  const { modules, unreadable } = searchModules(options, report);
  const scan = scanList(modules, scanOptions(options, directory));
  reviewScan({ modules, scan, unreadable, compat, report });
  const outputs = makeOutputs(options, { directory, modules, scan, kernelSymbols, report });
  const { readCount } = scan;
  return { release, directory, outputDirectory, moduleCount: modules.length, readCount, outputs };
}

function scanOptions(options: DepmodOptions, directory: string): ScanOptions {
  const { cacheFile, compat = false, jobs, onProgress } = options;
  return {
    onProgress,
    compat,
    // Files that were named are not the tree, and the cache is about all of it.
    cache:
      cacheFile === undefined || options.files !== undefined
        ? undefined
        : new ContributionCache({ file: cacheFile, directory, compat }),
    helpers: jobs === undefined ? undefined : jobs - 1,
  };
}
