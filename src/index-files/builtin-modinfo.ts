import { KmodError } from '../errors/kmod-error.ts';
import { type ModinfoEntry, splitEntry } from '../module-file/modinfo-section.ts';
import { readIndexBytes } from './index-bytes.ts';

/** Strings of one module: from `start` up to the string that begins at `end`. */
interface Block {
  readonly start: number;
  end: number;
}

/**
 * A `modules.builtin.modinfo`: what the modules that are part of the kernel's image say of themselves, as
 * `NAME.key=value` strings with a NUL behind each. The strings of a module stand together; like kmod this reader takes
 * the first such block and ignores a later one.
 */
export class BuiltinModinfo {
  readonly path: string;
  readonly #text: string;
  readonly #blocks = new Map<string, Block>();
  /** Where the first string without a name stands. */
  #damage = Infinity;

  /** @param bytes the whole file */
  constructor(bytes: Buffer, path: string) {
    this.path = path;
    this.#text = bytes.toString('latin1');
    this.#readBlocks();
  }

  /**
   * Opens the file. Undefined when it is absent or has no bytes, as with kernels before 5.2.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`
   */
  static open(path: string): BuiltinModinfo | undefined {
    const bytes = readIndexBytes(path);
    return bytes === undefined ? undefined : new BuiltinModinfo(bytes, path);
  }

  /**
   * A module's entries in the file's order, one character for each byte. Empty when the file does not mention it.
   *
   * @param name with underscores, as the kernel writes it
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT` when a string before the end of the module's block has no name in front
   */
  entriesOf(name: string): readonly ModinfoEntry[] {
    const block = this.#blocks.get(name);
    // The end of a block is seen by reading one string more.
    if (this.#damage <= (block?.end ?? Infinity) && this.#damage !== Infinity) throw this.#corrupt();
    const entries: ModinfoEntry[] = [];
    if (block === undefined) return entries;
    for (let start = block.start; start < block.end;) {
      const end = this.#endOf(start);
      entries.push(splitEntry(this.#text.slice(start + name.length + 1, end)));
      start = end + 1;
    }
    return entries;
  }

  #readBlocks(): void {
    let last: string | undefined;
    for (let start = 0; start < this.#text.length;) {
      const end = this.#endOf(start);
      const dot = this.#text.indexOf('.', start);
      if (dot === -1 || dot >= end) {
        this.#damage = start;
        return;
      }
      const name = this.#text.slice(start, dot);
      const block = this.#blocks.get(name);
      if (block === undefined) this.#blocks.set(name, { start, end: end + 1 });
      else if (last === name && block.end === start) block.end = end + 1;
      last = name;
      start = end + 1;
    }
  }

  #endOf(start: number): number {
    const nul = this.#text.indexOf('\0', start);
    return nul === -1 ? this.#text.length : nul;
  }

  #corrupt(): KmodError {
    return new KmodError(
      'ERR_KMOD_INDEX_CORRUPT',
      `The file ${this.path} is damaged at byte ${this.#damage}: the text there has no module's name and dot in front. It belongs to the kernel: install the kernel's package again.`,
      { path: this.path, errno: -22 },
    );
  }
}
