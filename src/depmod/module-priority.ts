import type { DepmodConfig } from '../config/depmod-config.ts';
import { pathWithoutExtension } from './module-file-name.ts';

/** A file that may provide a module. */
export interface RankedFile {
  /** Absolute. */
  readonly path: string;
  /** Path below the release's folder; undefined outside it. */
  readonly relativePath: string | undefined;
}

/** Decides between two files of the same module. */
export interface ModulePriority {
  /** Whether a file found later takes the place of the one that is held. */
  readonly replaces: (found: RankedFile, held: RankedFile) => boolean;
}

/**
 * The rules of depmod.d(5) for a module that several files provide.
 *
 * An `override` names the file outright; of several the last line wins. Otherwise the place of the file's folder in
 * `search` decides, `built-in` being the place of all that is in no folder of it (behind everything if it is not
 * there). Folders of `external` lines share the place of the word `external`, the first line's being the strongest.
 *
 * Two files of the same place are a tie. Then what lies in the tree beats what does not, and after that the path that
 * comes first in byte order wins. kmod takes the file that the file system happened to list first, and inside one
 * folder of `search` the last one; `compat` gives exactly that, provided the files are offered in that order.
 */
export function modulePriority(config: DepmodConfig, compat: boolean): ModulePriority {
  const overrides = config.overrides.map(({ path }) => path).toReversed();
  const places = searchPlaces(config);
  const overridden = (found: RankedFile, held: RankedFile): boolean | undefined => {
    if (overrides.length === 0) return undefined;
    const foundPath = found.relativePath && pathWithoutExtension(found.relativePath);
    const heldPath = held.relativePath && pathWithoutExtension(held.relativePath);
    const override = overrides.find((path) => path === foundPath || path === heldPath);
    return override === undefined ? undefined : override === foundPath;
  };
  if (compat)
    return {
      replaces: (found, held) => overridden(found, held) ?? isStrongerForKmod(found, held, places),
    };
  return {
    replaces: (found, held) => {
      const byName = overridden(found, held);
      if (byName !== undefined && found.path !== held.path) return byName;
      const difference = rank(found, places) - rank(held, places);
      return difference === 0 ? comesFirst(found, held) : difference > 0;
    },
  };
}

/** A place of `search`: what is in it and how strong it is. */
interface SearchPlace {
  readonly rank: number;
  readonly holds: ((file: RankedFile) => boolean) | 'all else';
}

/** The weakest first. */
function searchPlaces({ search, externals }: DepmodConfig): readonly SearchPlace[] {
  const holders = search.flatMap((entry): readonly SearchPlace['holds'][] => {
    if (entry.kind === 'directory')
      return [(file) => file.relativePath?.startsWith(`${entry.directory}/`) === true];
    if (entry.kind === 'built-in') return ['all else'];
    return externals.map(({ directory }) => holderOfExternal(directory));
  });
  return holders.toReversed().map((holds, place) => ({ rank: place, holds }));
}

function holderOfExternal(directory: string): (file: RankedFile) => boolean {
  return (file) => file.path.startsWith(`${directory}/`);
}

function rank(file: RankedFile, places: readonly SearchPlace[]): number {
  let builtin = -1;
  let own = -1;
  for (const place of places)
    if (place.holds === 'all else') builtin = place.rank;
    else if (place.holds(file)) own = place.rank;
  return own === -1 ? builtin : own;
}

/** kmod looks at the held file only in places that do not hold the found one. */
function isStrongerForKmod(found: RankedFile, held: RankedFile, places: readonly SearchPlace[]): boolean {
  const withoutFound = places.filter(({ holds }) => holds === 'all else' || !holds(found));
  return rank(found, places) > rank(held, withoutFound);
}

function comesFirst(found: RankedFile, held: RankedFile): boolean {
  if ((found.relativePath === undefined) !== (held.relativePath === undefined))
    return found.relativePath !== undefined;
  return Buffer.compare(Buffer.from(found.path), Buffer.from(held.path)) < 0;
}
