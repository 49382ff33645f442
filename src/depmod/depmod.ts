import { readDepmodConfig } from '../config/depmod-config.ts';
import { systemErrorText } from '../config/configuration-files.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import { ContributionCache } from './contribution-cache.ts';
import { dependencyCycles } from './dependency-cycles.ts';
import { type DependencyEdges, dependencyEdges, type EdgeObserver } from './dependency-edges.ts';
import { type DependencyOrder, dependencyOrder } from './dependency-order.ts';
import type { DepmodOptions, DepmodResult, IndexesMade } from './depmod-options.ts';
import type { DepmodReport } from './depmod-notice.ts';
import type { IndexOutput } from './index-output.ts';
import { indexOutputs } from './index-outputs.ts';
import { type KernelSymbols, noKernelSymbols, readModuleSymvers, readSystemMap } from './kernel-symbols.ts';
import {
  type CandidateList,
  collectCandidates,
  type ModuleCandidate,
  namedCandidates,
} from './module-candidates.ts';
import { moduleDirectories } from './module-directories.ts';
import { orderModules } from './module-order.ts';
import { finishPublication, publishIndexes } from './publish.ts';
import { lockRun } from './run-lock.ts';
import { scanModules, type ScanOptions, type ScanResult } from './scan.ts';
import { reviewScan } from './scan-completeness.ts';
import { symbolOwners } from './symbol-owners.ts';

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
  const { candidates, unreadable } = findModules(options, directory, report);
  const modules = orderModules(candidates, { directory, compat, report });
  const paths = modules.map(({ path }) => path);
  const scan = scanModules(paths, scanOptions(options, directory));
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

/** What the indexes are made from. */
interface IndexSource {
  readonly directory: string;
  readonly modules: readonly ModuleCandidate[];
  readonly scan: ScanResult;
  readonly kernelSymbols: KnownKernelSymbols;
  readonly report: DepmodReport;
}

function makeOutputs(options: DepmodOptions, source: IndexSource): readonly IndexOutput[] {
  const { directory, modules, scan, kernelSymbols, report } = source;
  const symbols = symbolOwners(scan, kernelSymbols.symbols, { prefix: options.symbolPrefix ?? '' });
  const edges = dependencyEdges(scan.modules, symbols, edgeObserver(options, source));
  const order = dependencyOrder(edges);
  if (order.unordered.length > 0) throw cycleError(edges, order, modules, report);
  return indexOutputs(
    {
      names: modules.map(({ name }) => bytesOfText(name)),
      paths: modules.map(({ indexPath }) => bytesOfText(indexPath)),
      contributions: scan.modules,
      symbols,
      edges,
      order,
    },
    {
      directory,
      report,
      compat: options.compat ?? false,
      textOnly: options.dryRun ?? false,
      warnsOfDuplicates: options.warnsOfDuplicates ?? false,
    },
  );
}

function edgeObserver(
  { onEdge }: DepmodOptions,
  { modules, kernelSymbols, report }: IndexSource,
): EdgeObserver {
  const pathAt = (module: number): string => modules[module]?.path ?? '';
  const warn = (module: number, text: string): void => {
    report({ priority: 'warning', text: `${pathAt(module)} ${text}` });
  };
  const { isChecked, hasVersions } = kernelSymbols;
  return {
    onEdge:
      onEdge &&
      ((module, symbol, owner) => {
        onEdge({ path: pathAt(module), symbol, owner: pathAt(owner) });
      }),
    onUnknown: isChecked ? (module, symbol) => warn(module, `needs unknown symbol ${symbol}`) : undefined,
    onMismatch:
      isChecked && hasVersions
        ? (module, symbol) => warn(module, `disagrees about version of symbol ${symbol}`)
        : undefined,
  };
}

interface KnownKernelSymbols {
  readonly symbols: KernelSymbols;
  /** Whether unknown symbols are worth a warning. */
  readonly isChecked: boolean;
  /** Whether the list has CRCs. */
  readonly hasVersions: boolean;
}

function readKernelSymbols(options: DepmodOptions, report: DepmodReport): KnownKernelSymbols {
  const { symvers, systemMap, checksSymbols: isChecked = false, workingDirectory = '' } = options;
  const { symbolPrefix: prefix = '' } = options;
  if (symvers !== undefined)
    return {
      symbols: readModuleSymvers({ path: symvers, workingDirectory, prefix }, report),
      isChecked,
      hasVersions: true,
    };
  if (systemMap !== undefined)
    return {
      symbols: readSystemMap({ path: systemMap, workingDirectory, prefix }, report),
      isChecked,
      hasVersions: false,
    };
  if (isChecked) report({ priority: 'warning', text: '-e needs -E or -F' });
  return { symbols: noKernelSymbols, isChecked: false, hasVersions: false };
}

function findModules(options: DepmodOptions, directory: string, report: DepmodReport): CandidateList {
  const { release, configPaths, workingDirectory, files, compat = false } = options;
  if (files !== undefined) return { candidates: namedCandidates(files, directory, report), unreadable: [] };
  const config = readDepmodConfig({ release, paths: configPaths, workingDirectory, report });
  try {
    return collectCandidates({ directory, config, compat, report });
  } catch (error) {
    const reason = systemErrorText(error);
    report({ priority: 'error', text: `could not open directory ${directory}: ${reason}` });
    throw new KmodError('ERR_KMOD_INDEX_MISSING', `could not search modules: ${reason}`, {
      path: directory,
      cause: error,
    });
  }
}

function cycleError(
  edges: DependencyEdges,
  order: DependencyOrder,
  modules: readonly ModuleCandidate[],
  report: DepmodReport,
): KmodError {
  const { cycles, moduleCount } = dependencyCycles(edges, order.unordered);
  const texts = cycles.map((cycle) => cycle.map((module) => modules[module]?.name ?? '').join(' -> '));
  for (const text of texts) report({ priority: 'error', text: `Cycle detected: ${text}` });
  return new KmodError('ERR_KMOD_DEPENDENCY_CYCLE', `Found ${moduleCount} modules in dependency cycles!`);
}
