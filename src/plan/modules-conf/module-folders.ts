import { readdirSync, type Stats, statSync } from 'node:fs';

import type { ModulesConfiguration } from '../../config/modules-conf/model.ts';
import { moduleNameOfPath } from '../../index-files/module-name.ts';
import type { ModuleTree } from '../../index-files/module-tree.ts';

const FILE_NAME = /\.ko(?:\.(?:gz|xz|zst))?$/;
/** How deep folders are searched. */
const MAX_DEPTH = 64;

/** A place that modules are looked for in. */
type Place =
  /** The release's own folder, or part of it: what depmod's index has of it. */
  | { readonly kind: 'tree'; readonly folder: string }
  | {
      readonly kind: 'folder';
      readonly folder: string;
      readonly tag: string;
      files: ReadonlyMap<string, string> | undefined;
    };

/**
 * The folders of `path` lines. depmod of modutils searched them, and what it found first of a name counted. Today's
 * index has the release's own folder only, so that the others are searched here.
 */
export class ModuleFolders {
  readonly #tree: ModuleTree;
  readonly #places: readonly Place[];
  readonly #prune: ReadonlySet<string>;

  /** @param root folder in place of `/` */
  constructor(model: ModulesConfiguration, tree: ModuleTree, root = '') {
    this.#tree = tree;
    this.#places = placesOf(model, tree, root === '/' ? '' : root);
    this.#prune = new Set(model.prune.map(({ name }) => name));
  }

  /** The file of a module by the order of the folders; undefined where no folder has it. */
  find(module: string): string | undefined {
    for (const place of this.#places) {
      const path =
        place.kind === 'tree' ? this.#inTree(module, place.folder) : this.#filesOf(place).get(module);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /** Whether it is a file of the release's own folder that `path` lines leave in force. */
  allows(path: string): boolean {
    return this.#places.some(({ kind, folder }) => kind === 'tree' && isBelow(path, folder));
  }

  #inTree(module: string, folder: string): string | undefined {
    const path = this.#tree.dependencyLine(module)?.path;
    return path !== undefined && isBelow(path, folder) ? path : undefined;
  }

  #filesOf(place: Extract<Place, { kind: 'folder' }>): ReadonlyMap<string, string> {
    if (place.files === undefined) {
      const files = new Map<string, string>();
      if (place.tag !== '') this.#search(`${place.folder}/${place.tag}`, files, 0);
      this.#search(place.folder, files, 0);
      place.files = files;
    }
    return place.files;
  }

  /** By names; the first file of a name counts. Links to folders below the first one are not followed. */
  #search(folder: string, files: Map<string, string>, depth: number): void {
    for (const entry of entriesOf(folder)) {
      if (this.#prune.has(entry.name)) continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH) this.#search(path, files, depth + 1);
        continue;
      }
      if (!FILE_NAME.test(entry.name) || statusOf(path)?.isFile() !== true) continue;
      const module = moduleNameOfPath(path);
      if (!files.has(module)) files.set(module, path);
    }
  }
}

/** Without any `path`, and with `keep` before the first one, the release's own folder counts. */
function placesOf({ paths, keeps }: ModulesConfiguration, tree: ModuleTree, root: string): readonly Place[] {
  const isKept = keeps.length > 0 && paths.every(({ origin }) => origin !== undefined);
  const own: Place = { kind: 'tree', folder: tree.directory };
  const listed = paths.flatMap(({ directory, tag }): readonly Place[] => {
    const folder = directory.replace(/(?<=.)\/+$/, '');
    const inTree = folderInTree(folder, tree);
    const further: Place = { kind: 'folder', folder: inTree ?? `${root}${folder}`, tag, files: undefined };
    if (inTree === undefined) return [further];
    // What depmod has not seen yet is there all the same.
    return inTree === tree.directory ? [own] : [{ kind: 'tree', folder: inTree }, further];
  });
  return paths.length === 0 || isKept ? [own, ...listed] : listed;
}

/** A folder of the release, whose modules an index has. */
function folderInTree(folder: string, { directory, release }: ModuleTree): string | undefined {
  const [, rest] = /^(?:\/usr)?\/lib\/modules\/([^/]+(?:\/.*)?)$/.exec(folder) ?? [];
  if (rest === undefined) return undefined;
  if (rest === release) return directory;
  return rest.startsWith(`${release}/`) ? `${directory}${rest.slice(release.length)}` : undefined;
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function entriesOf(
  folder: string,
): readonly { readonly name: string; readonly isDirectory: () => boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
