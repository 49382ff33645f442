import { bytesOfText } from '../module-file/modinfo-section.ts';
import { stampFiles } from './file-stamps.ts';
import { latin1, type PackedTexts, packTexts, unpackTexts } from './packed-texts.ts';

/** A module as the indexes know it. */
interface ListedModule {
  /** The kernel's name. */
  readonly name: string;
  /** Path as the indexes have it: below the release's folder, or absolute outside it. */
  readonly indexPath: string;
}

/**
 * Modules in the order of the indexes. They are kept as a few arrays: strings for thousands of names and paths are made
 * only for who asks for them.
 */
export class ModuleList {
  /** Folder of the release; undefined where all paths are whole. */
  readonly directory: string | undefined;
  readonly names: PackedTexts;
  /** Paths as the indexes have them. */
  readonly paths: PackedTexts;
  #stamps: BigInt64Array | undefined;

  constructor({
    directory,
    names,
    paths,
    stamps,
  }: {
    readonly directory: string | undefined;
    readonly names: PackedTexts;
    readonly paths: PackedTexts;
    /** Default: the files are looked at when somebody asks. */
    readonly stamps?: BigInt64Array | undefined;
  }) {
    this.directory = directory;
    this.names = names;
    this.paths = paths;
    this.#stamps = stamps;
  }

  static of(
    modules: readonly ListedModule[],
    directory: string | undefined,
    stamps?: BigInt64Array,
  ): ModuleList {
    return new ModuleList({
      directory,
      stamps,
      names: packTexts(modules.map(({ name }) => bytesOfText(name))),
      paths: packTexts(modules.map(({ indexPath }) => bytesOfText(indexPath))),
    });
  }

  get length(): number {
    return this.paths.starts.length - 1;
  }

  /** What tells one state of each file from another: see {@link stampFiles}. */
  get stamps(): BigInt64Array {
    return (this.#stamps ??= stampFiles(this.allPaths()));
  }

  /** The absolute path of a module. */
  path(index: number): string {
    return this.#absolute(textAt(this.paths, index));
  }

  /** The absolute paths of all modules. */
  allPaths(): readonly string[] {
    return unpackTexts(this.paths).map((path) => this.#absolute(path));
  }

  /** Paths of some modules as the indexes have them; a character stands for one byte. */
  indexPaths(modules: readonly number[]): readonly string[] {
    if (modules.length < FEW) return modules.map((module) => textAt(this.paths, module));
    const all = unpackTexts(this.paths);
    return modules.map((module) => all[module] ?? '');
  }

  /** The kernel's name of a module. */
  name(index: number): string {
    return textOfBytes(textAt(this.names, index));
  }

  #absolute(bytes: string): string {
    const path = textOfBytes(bytes);
    return this.directory === undefined || path.startsWith('/') ? path : `${this.directory}/${path}`;
  }
}

/** For fewer texts it is not worth while to unpack all. */
const FEW = 100;

function textAt({ bytes, starts }: PackedTexts, index: number): string {
  return latin1(bytes.subarray(starts[index], starts[index + 1]));
}

function textOfBytes(bytes: string): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes;
}

const NON_ASCII = /[^\0-\x7f]/;
