import { KmodError } from '../errors/kmod-error.ts';
import { dependencyCycles } from './dependency-cycles.ts';
import { type DependencyEdges, dependencyEdges, type EdgeObserver } from './dependency-edges.ts';
import { type DependencyOrder, dependencyOrder } from './dependency-order.ts';
import type { DepmodOptions } from './depmod-options.ts';
import type { DepmodReport } from './depmod-notice.ts';
import type { IndexOutput } from './index-output.ts';
import { indexOutputs } from './index-outputs.ts';
import { type KernelSymbols, noKernelSymbols, readModuleSymvers, readSystemMap } from './kernel-symbols.ts';
import type { ModuleList } from './module-list.ts';
import { unpackTexts } from './packed-texts.ts';
import { quickOutputs } from './quick-outputs.ts';
import type { ScanResult } from './scan.ts';
import { symbolOwners } from './symbol-owners.ts';

/** What the indexes are made from. */
export interface IndexSource {
  readonly directory: string;
  readonly modules: ModuleList;
  readonly scan: ScanResult;
  readonly kernelSymbols: KnownKernelSymbols;
  readonly report: DepmodReport;
}

/** All files that depmod writes, or the text files alone after a dry run. */
export function makeOutputs(options: DepmodOptions, source: IndexSource): readonly IndexOutput[] {
  const { directory, modules, scan, kernelSymbols, report } = source;
  const { names, paths } = modules;
  const { compat = false, dryRun: textOnly = false, warnsOfDuplicates = false } = options;
  const fileOptions = { directory, compat, textOnly, report };
  if (isUsual(options, kernelSymbols)) {
    const packed = {
      names,
      paths,
      parts: scan.parts,
      parallel: options.jobs !== 1,
    };
    const outputs = quickOutputs(packed, fileOptions);
    if (outputs !== undefined) return outputs;
  }
  const symbols = symbolOwners(scan, kernelSymbols.symbols, { prefix: options.symbolPrefix ?? '' });
  const edges = dependencyEdges(scan.modules, symbols, edgeObserver(options, source));
  const order = dependencyOrder(edges);
  if (order.unordered.length > 0) throw cycleError(edges, order, modules, report);
  return indexOutputs(
    {
      names: unpackTexts(names),
      paths: unpackTexts(paths),
      contributions: scan.modules,
      symbols,
      edges,
      order,
    },
    { ...fileOptions, warnsOfDuplicates },
  );
}

// Names that mean others, and everything that is to be told of symbols and aliases, is for the complete way.
function isUsual(
  { symbolPrefix = '', warnsOfDuplicates = false, onEdge }: DepmodOptions,
  { isChecked }: KnownKernelSymbols,
): boolean {
  return symbolPrefix === '' && !warnsOfDuplicates && onEdge === undefined && !isChecked;
}

function edgeObserver(
  { onEdge }: DepmodOptions,
  { modules, kernelSymbols, report }: IndexSource,
): EdgeObserver {
  const pathAt = (module: number): string => modules.path(module);
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

/** Symbols of the kernel itself, and what they are good for. */
export interface KnownKernelSymbols {
  readonly symbols: KernelSymbols;
  /** Whether unknown symbols are worth a warning. */
  readonly isChecked: boolean;
  /** Whether the list has CRCs. */
  readonly hasVersions: boolean;
}

/** Reads the list of the kernel's symbols that the options name, if any. */
export function readKernelSymbols(options: DepmodOptions, report: DepmodReport): KnownKernelSymbols {
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

function cycleError(
  edges: DependencyEdges,
  order: DependencyOrder,
  modules: ModuleList,
  report: DepmodReport,
): KmodError {
  const { cycles, moduleCount } = dependencyCycles(edges, order.unordered);
  const texts = cycles.map((cycle) => cycle.map((module) => modules.name(module)).join(' -> '));
  for (const text of texts) report({ priority: 'error', text: `Cycle detected: ${text}` });
  return new KmodError('ERR_KMOD_DEPENDENCY_CYCLE', `Found ${moduleCount} modules in dependency cycles!`);
}
