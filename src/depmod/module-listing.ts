import { bytesOfText } from '../module-file/modinfo-section.ts';
import { treeCalls } from '../native/tree-calls.ts';
import { moduleFileEndings } from './module-file-name.ts';
import { packTexts } from './packed-texts.ts';

/** The module files below some folders: those of one folder after those of the other. */
export interface ModuleListing {
  readonly folders: readonly {
    readonly folder: string;
    /** How many of the bytes of `paths` are its own. */
    readonly length: number;
  }[];
  /** Paths below the folders, each with a NUL behind it. All are ASCII. */
  readonly paths: Buffer;
  /** What tells one state of each file from another; see `file-stamps.ts`. */
  readonly stamps: BigInt64Array;
}

/**
 * Lists the module files below folders with one call of the addon for each. It is there for speed: where there is anything
 * but files, folders and links to files, or something cannot be read, the answer is undefined, and `walkModuleTree` says
 * what there is to say.
 *
 * @param excluded names that are passed over
 */
export function listModules(
  folders: readonly string[],
  excluded: ReadonlySet<string>,
): ModuleListing | undefined {
  const calls = treeCalls();
  if (calls === undefined || folders.some((folder) => folder.includes('\0'))) return undefined;
  const endings = packTexts(moduleFileEndings);
  const names = packTexts(Array.from(excluded, bytesOfText));
  const parts: { readonly folder: string; readonly paths: Buffer; readonly stamps: BigInt64Array }[] = [];
  for (const folder of folders) {
    const part = calls.listModules(folder, endings, names);
    if (part === null) return undefined;
    parts.push({ folder, ...part });
  }
  const [first] = parts;
  return {
    folders: parts.map(({ folder, paths }) => ({ folder, length: paths.length })),
    paths:
      first !== undefined && parts.length === 1
        ? first.paths
        : Buffer.concat(parts.map(({ paths }) => paths)),
    stamps:
      first !== undefined && parts.length === 1 ? first.stamps : joined(parts.map(({ stamps }) => stamps)),
  };
}

/** Absolute paths of all files, in the order of the stamps. */
export function listedPaths({ folders, paths }: ModuleListing): readonly string[] {
  const all: string[] = [];
  let start = 0;
  for (const { folder, length } of folders) {
    const own = paths.toString('latin1', start, start + length).split('\0');
    own.pop();
    for (const path of own) all.push(`${folder}/${path}`);
    start += length;
  }
  return all;
}

function joined(parts: readonly BigInt64Array[]): BigInt64Array {
  const all = new BigInt64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}
