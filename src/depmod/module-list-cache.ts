import type { DepmodConfig } from '../config/depmod-config.ts';
import { cacheVersion, type ElementSize, readBlocks, writeBlocks } from './cache-file.ts';
import { stampsAt } from './file-stamps.ts';
import { ModuleList } from './module-list.ts';
import type { ModuleListing } from './module-listing.ts';

/** All that the choice of modules and their order depend on. */
export interface ModuleListInputs {
  /** Folder of the release. */
  readonly directory: string;
  readonly config: DepmodConfig;
  readonly listing: ModuleListing;
  /** Content of `modules.order`. */
  readonly order: Buffer;
}

/** Settings, listing, `modules.order`; names and paths, each with their starts; places in the listing. */
const kinds: readonly ElementSize[] = [1, 1, 1, 1, 4, 1, 4, 4];

/**
 * Which modules there were when depmod last ran, and in which order, kept in a file beside the other cache. The list
 * counts only if all that it was made from is the same, byte for byte. The files' states are not part of it: those are
 * always the present ones.
 */
export class ModuleListCache {
  readonly #file: string;

  /** @param cacheFile the file of the contributions */
  constructor(cacheFile: string) {
    this.#file = `${cacheFile}.list`;
  }

  /** The list for these inputs, if it is known. */
  look(inputs: ModuleListInputs): ModuleList | undefined {
    const [block] = readBlocks(this.#file, kinds).blocks;
    const key = keyOf(inputs);
    if (block === undefined || !key.every((part, index) => part.equals(block[index] as Uint8Array)))
      return undefined;
    const [nameBytes, pathBytes] = [block[3], block[5]] as [Uint8Array, Uint8Array];
    const [nameStarts, pathStarts, places] = [block[4], block[6], block[7]] as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    return new ModuleList({
      directory: inputs.directory,
      names: { bytes: nameBytes, starts: nameStarts },
      paths: { bytes: pathBytes, starts: pathStarts },
      stamps: stampsAt(inputs.listing.stamps, places),
    });
  }

  /** Keeps a list; `places` are those of its modules in the listing. */
  store(inputs: ModuleListInputs, { names, paths }: ModuleList, places: Uint32Array): void {
    const values = [names.bytes, names.starts, paths.bytes, paths.starts, places];
    writeBlocks(this.#file, [[...keyOf(inputs), ...values]]);
  }
}

function keyOf({ directory, config, listing, order }: ModuleListInputs): readonly Buffer[] {
  const settings = { ...config, excluded: [...config.excluded] };
  return [
    Buffer.from(JSON.stringify([cacheVersion, directory, settings, listing.folders])),
    listing.paths,
    order,
  ];
}
