import { systemErrorText } from '../config/configuration-files.ts';
import { type DepmodConfig, readDepmodConfig } from '../config/depmod-config.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { DepmodOptions } from './depmod-options.ts';
import type { DepmodReport } from './depmod-notice.ts';
import { stampsAt } from './file-stamps.ts';
import { readListFile } from './list-file.ts';
import {
  CandidateChoice,
  type CandidateList,
  collectCandidates,
  excludedNames,
  namedCandidates,
} from './module-candidates.ts';
import { moduleDirectories } from './module-directories.ts';
import { ModuleList } from './module-list.ts';
import { ModuleListCache, type ModuleListInputs } from './module-list-cache.ts';
import { listedPaths, listModules } from './module-listing.ts';
import { ORDER_FILE, orderModules } from './module-order.ts';
import type { WalkTrouble } from './module-tree-walk.ts';

/** The modules that the indexes are to be about. */
export interface ModuleSearch {
  readonly modules: ModuleList;
  /** Folders that exist but could not be read: modules may be missing. */
  readonly unreadable: readonly WalkTrouble[];
}

/**
 * Finds the modules and puts them into the order of the indexes.
 *
 * @throws KmodError `ERR_KMOD_INDEX_MISSING` where there is no folder of modules, `ERR_KMOD_MODULE_FILE` for one of
 *   `files`, `ERR_KMOD_TOO_LARGE`
 */
export function searchModules(options: DepmodOptions, report: DepmodReport): ModuleSearch {
  const { release, configPaths, workingDirectory, files, compat = false, cacheFile } = options;
  const { directory } = moduleDirectories(options);
  const inOrder = ({ candidates, unreadable }: CandidateList): ModuleSearch => ({
    modules: ModuleList.of(orderModules(candidates, { directory, compat, report }), directory),
    unreadable,
  });
  if (files !== undefined)
    return inOrder({ candidates: namedCandidates(files, directory, report), unreadable: [] });
  const config = readDepmodConfig({ release, paths: configPaths, workingDirectory, report });
  // In the other mode the order in which the file system has the files counts.
  const inputs = compat ? undefined : listInputs(directory, config);
  if (inputs !== undefined) return { modules: listedModules(inputs, cacheFile, report), unreadable: [] };
  try {
    return inOrder(collectCandidates({ directory, config, compat, report }));
  } catch (error) {
    // Also what `report` has thrown is not about the folder.
    if ((error as NodeJS.ErrnoException).syscall === undefined || error instanceof KmodError) throw error;
    const reason = systemErrorText(error);
    report({ priority: 'error', text: `could not open directory ${directory}: ${reason}` });
    throw new KmodError('ERR_KMOD_INDEX_MISSING', `could not search modules: ${reason}`, {
      path: directory,
      cause: error,
    });
  }
}

/** Undefined where anything is unusual, and there may be something to report. */
function listInputs(directory: string, config: DepmodConfig): ModuleListInputs | undefined {
  const folders = [directory, ...config.externals.toReversed().map((external) => external.directory)];
  const listing = listModules(folders, excludedNames(config));
  if (listing === undefined) return undefined;
  try {
    return { directory, config, listing, order: readListFile(`${directory}/${ORDER_FILE}`) };
  } catch {
    return undefined;
  }
}

function listedModules(
  inputs: ModuleListInputs,
  cacheFile: string | undefined,
  report: DepmodReport,
): ModuleList {
  const cache = cacheFile === undefined ? undefined : new ModuleListCache(cacheFile);
  const known = cache?.look(inputs);
  if (known !== undefined) return known;
  const { directory, listing, order } = inputs;
  let hasReported = false;
  const paths = listedPaths(listing);
  const choice = new CandidateChoice({ ...inputs, compat: false });
  for (const path of paths) choice.offer(path);
  const inOrder = orderModules(choice.candidates(), {
    directory,
    compat: false,
    list: order,
    report: (notice) => {
      hasReported = true;
      report(notice);
    },
  });
  const placeOf = new Map(paths.map((path, place) => [path, place]));
  const places = Uint32Array.from(inOrder, ({ path }) => placeOf.get(path) ?? 0);
  const modules = ModuleList.of(inOrder, directory, stampsAt(listing.stamps, places));
  // What is reported has to be reported next time, too.
  if (!hasReported) cache?.store(inputs, modules, places);
  return modules;
}
