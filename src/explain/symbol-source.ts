import { KmodError } from '../errors/kmod-error.ts';
import { moduleNameOfPath } from '../index-files/module-name.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import { ElfImage } from '../module-file/elf-image.ts';
import { exportedSymbols } from '../module-file/exported-symbol.ts';
import { symbolVersions } from '../module-file/symbol-version.ts';
import { statusOf } from './file-status.ts';
import { type Inquiry, readFile, unpackBytes } from './inquiry.ts';
import type { KernelImage } from './kernel-image.ts';
import type { ReferenceModule } from './reference-module.ts';
import type { SymbolTableFile } from './symbol-table-file.ts';

/** What is known of a symbol that a module needs. */
export interface SymbolFacts {
  /** Module that exports it; null for the kernel itself. */
  readonly exporter: string | null;
  /** File of that module in the tree; null where it is the kernel's, or not in the tree. */
  readonly exporterPath: string | null;
  readonly crc: number | null;
  readonly gplOnly: boolean | null;
  readonly namespace: string | null;
  /** Where this is from. */
  readonly source: string;
}

/** Where to look for symbols. */
export interface SymbolPlaces {
  readonly tree: ModuleTree;
  readonly reference: ReferenceModule | undefined;
  readonly table: SymbolTableFile | undefined;
  readonly image: KernelImage | undefined;
  /** Whether the modules that export symbols are read for their CRCs. */
  readonly readsExporters: boolean;
}

/** Each is a search in an index. */
const NAMES_BETWEEN_PAUSES = 64;

/**
 * What is known of symbols: of those of modules by the files that export them, of the kernel's by its image, by Module.symvers,
 * or by the versions that its own modules were built against.
 *
 * @returns an entry for each symbol that is known to be exported
 */
export function* knownSymbols(
  names: readonly string[],
  { tree, reference, table, image, readsExporters }: SymbolPlaces,
): Inquiry<Map<string, SymbolFacts>> {
  const known = new Map<string, SymbolFacts>();
  const byExporter = new Map<string, string[]>();
  // To read it in pieces, as a search does, takes longer from some dozens of names on.
  if (names.length > NAMES_BETWEEN_PAUSES) tree.index('modules.symbols.bin')?.loadAll();
  for (const [index, name] of names.entries()) {
    if (index % NAMES_BETWEEN_PAUSES === NAMES_BETWEEN_PAUSES - 1) yield { kind: 'pause' };
    const exported = image?.exports.get(name);
    const [exporter] = exported === undefined ? tree.modulesOfSymbol(`symbol:${name}`) : [];
    const listed = table?.symbols.get(name);
    if (exported !== undefined && image !== undefined)
      known.set(name, { ...exported, exporter: null, exporterPath: null, source: image.path });
    else if (exporter !== undefined) {
      const others = byExporter.get(exporter);
      if (others === undefined) byExporter.set(exporter, [name]);
      else others.push(name);
    } else if (listed !== undefined && table !== undefined)
      known.set(name, {
        ...listed,
        exporter: listed.exporter === 'vmlinux' ? null : moduleNameOfPath(listed.exporter),
        exporterPath: null,
        source: table.path,
      });
    else addOfReference(known, name, reference);
  }
  for (const [exporter, wanted] of byExporter)
    yield* addExports(known, exporter, { wanted, tree, readsExporters });
  return known;
}

/** What a module of the kernel's own build tells of symbols that it needs too. */
export function symbolsOfReference(
  names: readonly string[],
  { reference }: Pick<SymbolPlaces, 'reference'>,
): Map<string, SymbolFacts> {
  const known = new Map<string, SymbolFacts>();
  for (const name of names) addOfReference(known, name, reference);
  return known;
}

function addOfReference(
  known: Map<string, SymbolFacts>,
  name: string,
  reference: ReferenceModule | undefined,
): void {
  const crc = reference?.crcs.get(name);
  if (reference === undefined || crc === undefined) return;
  const source = `${reference.path}, section __versions`;
  known.set(name, { exporter: null, exporterPath: null, crc, gplOnly: null, namespace: null, source });
}

function* addExports(
  known: Map<string, SymbolFacts>,
  exporter: string,
  {
    wanted,
    tree,
    readsExporters,
  }: { readonly wanted: readonly string[]; readonly tree: ModuleTree; readonly readsExporters: boolean },
): Inquiry<void> {
  const path = tree.dependencyLine(exporter)?.path ?? null;
  const names = new Set(wanted);
  const source = path === null ? `${tree.directory}/modules.symbols.bin` : path;
  const facts = { exporter, exporterPath: path, source };
  for (const name of names) known.set(name, { ...facts, crc: null, gplOnly: null, namespace: null });
  if (path === null || !readsExporters) return;
  try {
    const image = new ElfImage(yield* unpackBytes(yield* readFile(path), path), path);
    for (const { name, crc, gplOnly, namespace } of exportedSymbols(image))
      if (names.has(name)) known.set(name, { ...facts, crc, gplOnly, namespace });
    yield { kind: 'pause' };
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
  }
}

/** How many of the kernel's modules are read at most. */
const MOST_MODULES = 200;

/** A CRC, and the module whose `__versions` has it. */
export interface KnownVersion {
  readonly crc: number;
  readonly path: string;
}

/** Versions that were read, and the modules that were not. */
interface VersionPool {
  readonly key: string;
  readonly known: Map<string, KnownVersion>;
  readonly open: string[];
}

/** Who asks about one module asks about others. */
let pool: VersionPool | undefined;

/**
 * Looks for CRCs of the kernel's symbols in its own modules, until all are found or enough were read. All modules of one
 * build agree on them.
 */
export function* versionsOfModules(
  tree: ModuleTree,
  wanted: ReadonlySet<string>,
): Inquiry<ReadonlyMap<string, KnownVersion>> {
  const index = `${tree.directory}/modules.dep.bin`;
  const key = `${index} ${statusOf(index)?.mtimeMs}`;
  if (pool?.key !== key) pool = { key, known: new Map(), open: modulePaths(tree) };
  const { known, open } = pool;
  while ([...wanted].some((name) => !known.has(name))) {
    const path = open.pop();
    if (path === undefined) break;
    try {
      const image = new ElfImage(yield* unpackBytes(yield* readFile(path), path), path);
      for (const { name, crc } of symbolVersions(image)) if (!known.has(name)) known.set(name, { crc, path });
    } catch (error) {
      if (!(error instanceof KmodError)) throw error;
    }
    yield { kind: 'pause' };
  }
  const found = new Map<string, KnownVersion>();
  for (const name of wanted) {
    const version = known.get(name);
    if (version !== undefined) found.set(name, version);
  }
  return found;
}

/** Modules of the kernel's own build, evenly over the tree: neighbours need much the same. */
function modulePaths(tree: ModuleTree): string[] {
  const paths: string[] = [];
  for (const { key } of tree.index('modules.dep.bin')?.entries() ?? []) {
    const path = tree.dependencyLine(key)?.path;
    if (path?.startsWith(`${tree.directory}/kernel/`) === true) paths.push(path);
  }
  const stride = Math.max(1, Math.floor(paths.length / MOST_MODULES));
  return paths.filter((_, place) => place % stride === 0).slice(0, MOST_MODULES);
}
