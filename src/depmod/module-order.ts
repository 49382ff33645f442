import { systemErrorText } from '../config/configuration-files.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { bytesOfText } from '../module-file/modinfo-section.ts';
import type { DepmodReport } from './depmod-notice.ts';
import { readListFile } from './list-file.ts';
import type { ModuleCandidate } from './module-candidates.ts';
import { pathWithoutExtension, uncompressedPath } from './module-file-name.ts';
import { hashOrder } from './name-hash.ts';

/** The list that the kernel's build leaves in the folder of the release. */
export const ORDER_FILE = 'modules.order';
/** Buckets of kmod's table of modules. */
const MODULE_BUCKETS = 512;
/** kmod counts modules in 16 bits. */
const MAX_MODULES = 65_534;
/** Longest line of `modules.order` that kmod reads, its newline included. */
const MAX_LINE = 4095;

/** Where the list is, and how to read it. */
export interface OrderOptions {
  /** Folder of the kernel release. */
  readonly directory: string;
  /** Whether to look for a name with several dots as kmod does, which does not find it. */
  readonly compat: boolean;
  readonly report: DepmodReport;
  /** Content of the list, if it has been read already. */
  readonly list?: Buffer | undefined;
}

/**
 * Puts modules into the order of the indexes: first those that `modules.order` lists, as it lists them, then all others
 * in the order of kmod's hash table. A list that cannot be read, or that has a broken line, is reported and not used.
 *
 * @throws KmodError `ERR_KMOD_TOO_LARGE` for more modules than can have a number
 */
export function orderModules(
  candidates: readonly ModuleCandidate[],
  { directory, compat, report, list = readOrderFile(directory, report) }: OrderOptions,
): readonly ModuleCandidate[] {
  if (candidates.length > MAX_MODULES)
    throw new KmodError(
      'ERR_KMOD_TOO_LARGE',
      `${directory} has ${candidates.length} modules, and the indexes can hold ${MAX_MODULES}.`,
      { path: directory },
    );
  const order = hashOrder(
    candidates.map(({ name }) => bytesOfText(name)),
    MODULE_BUCKETS,
  );
  const byHash = Array.from(order, (index) => candidates[index]).filter((module) => module !== undefined);
  const places = list && readOrder(list, { directory, report });
  const listedPath = compat ? listedPathForKmod : uncompressedPath;
  if (places === undefined) return byHash;
  const listed: (ModuleCandidate | undefined)[] = Array.from({ length: places.size });
  const others: ModuleCandidate[] = [];
  for (const module of byHash) {
    const { relativePath } = module;
    const place = relativePath === undefined ? undefined : places.get(listedPath(relativePath));
    if (place === undefined || listed[place] !== undefined) others.push(module);
    else listed[place] = module;
  }
  return [...listed.filter((module) => module !== undefined), ...others];
}

/** kmod takes the module's name and three more characters, as if they had to be `.ko`. */
function listedPathForKmod(path: string): string {
  return path.slice(0, pathWithoutExtension(path).length + 3);
}

function readOrderFile(directory: string, report: DepmodReport): Buffer | undefined {
  try {
    return readListFile(`${directory}/${ORDER_FILE}`);
  } catch (error) {
    report({
      priority: 'warning',
      text: `could not open ${ORDER_FILE} at ${directory}: ${systemErrorText(error)}`,
    });
    return undefined;
  }
}

/** The paths of the list, each with its place among them. */
function readOrder(
  bytes: Buffer,
  { directory, report }: { readonly directory: string; readonly report: DepmodReport },
): ReadonlyMap<string, number> | undefined {
  const lines = bytes.toString('utf8').split('\n');
  const rest = lines.pop();
  // A line that begins with a NUL passes for an empty one.
  const broken = lines.findIndex((line) => line.length >= MAX_LINE || line.indexOf('\0') > 0);
  const corrupt = broken !== -1 ? broken : rest === '' ? -1 : lines.length;
  if (corrupt !== -1) {
    report({
      priority: 'error',
      text: `${directory}/${ORDER_FILE}:${corrupt + 1} corrupted line misses '\\n'`,
    });
    return undefined;
  }
  const places = new Map<string, number>();
  for (const line of lines) if (!places.has(line)) places.set(line, places.size);
  return places;
}
