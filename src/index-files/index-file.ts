import { KmodError } from '../errors/kmod-error.ts';
import { readIndexBytes } from './index-bytes.ts';
import { dumpIndex } from './index-dump.ts';
import { IndexContent } from './index-content.ts';
import { type CorruptError, HEADER_SIZE, type IndexValue, NodeReader } from './index-node.ts';
import { PatternSearch } from './pattern-search.ts';

export type { IndexValue } from './index-node.ts';

const MAGIC = 0xb007f457;
const MAJOR_VERSION = 2;

/** A key with one of its values. */
export interface IndexEntry extends IndexValue {
  readonly key: string;
}

/**
 * A `modules.*.bin` file: a trie with compressed paths, as depmod writes it. Both orders of nodes are read, children
 * first (kmod up to 33) and parents first (kmod 34 on); the nodes themselves are the same.
 *
 * The content is not trusted: every offset and length is checked, and no file makes a search run for ever.
 */
export class IndexFile {
  /** The file that the bytes are from, for messages. */
  readonly path: string;
  readonly #content: IndexContent;
  readonly #root: number;
  #patterns: PatternSearch | undefined;

  /**
   * @param content of the whole file, not empty
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT` for another kind of file
   */
  constructor(content: IndexContent | Buffer, path: string) {
    this.path = path;
    this.#content = content instanceof IndexContent ? content : IndexContent.whole(content);
    this.#content.load(0, HEADER_SIZE);
    const { bytes } = this.#content;
    if (bytes.length < HEADER_SIZE)
      throw this.#corrupt(bytes.length, `the file ends within its header of ${HEADER_SIZE} bytes`);
    if (bytes.readUInt32BE(0) !== MAGIC)
      throw this.#corrupt(0, 'it does not begin with the magic number b007f457');
    const major = bytes.readUInt16BE(4);
    if (major !== MAJOR_VERSION)
      throw this.#corrupt(4, `it has format version ${major}, only version ${MAJOR_VERSION} is known`);
    this.#root = bytes.readInt32BE(8);
  }

  /**
   * Opens an index. Undefined when the file is absent or has no bytes.
   *
   * @throws KmodError `ERR_KMOD_INDEX_UNREADABLE`, `ERR_KMOD_INDEX_CORRUPT`
   */
  static open(path: string): IndexFile | undefined {
    const bytes = readIndexBytes(path);
    return bytes === undefined ? undefined : new IndexFile(bytes, path);
  }

  /**
   * The first value of exactly this key, undefined when the key is absent. A key without a value, as in
   * `modules.builtin.bin`, gives an empty string.
   *
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT`
   */
  search(key: string): string | undefined {
    const reader = this.#reader();
    const request = Buffer.from(key);
    let position = 0;
    let node = reader.read(this.#root);
    while (node !== undefined) {
      const rest = request.subarray(position, position + node.prefix.length);
      if (!rest.equals(node.prefix)) return undefined;
      position += node.prefix.length;
      const byte = request[position];
      if (byte === undefined) return reader.values(node)[0]?.value;
      position++;
      node = reader.child(node, byte);
    }
    return undefined;
  }

  /**
   * Takes the keys for patterns and gives the values of all that match the request, ascending by priority. Of equal
   * priorities the one found last comes first, as with kmod.
   *
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT`
   */
  searchWildcard(request: string): readonly IndexValue[] {
    this.#patterns ??= new PatternSearch(this.#content, (offset, reason) => this.#corrupt(offset, reason));
    return this.#patterns.search(this.#root, request);
  }

  /**
   * All keys with their values in the order of the trie: a key before its extensions, bytes ascending.
   *
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT`
   */
  *entries(): Generator<IndexEntry, void, undefined> {
    this.#content.loadAll();
    const reader = this.#reader();
    const root = reader.read(this.#root);
    if (root === undefined) return;
    for (const [key, node] of reader.walk({ node: root, skip: 0, lead: [] })) {
      const values = reader.values(node);
      if (values.length === 0) continue;
      const text = key.toString();
      for (const value of values) yield { key: text, ...value };
    }
  }

  /**
   * Writes each value as a line `LEAD KEY VALUE`, in the order of {@link entries}, which take many times as long.
   *
   * @param write takes pieces of the lines, and must be done with them when it returns
   * @throws KmodError `ERR_KMOD_INDEX_CORRUPT`, when what is before the damage may have been written
   */
  dump(lead: string, write: (bytes: Uint8Array) => void): void {
    const corrupt: CorruptError = (offset, reason) => this.#corrupt(offset, reason);
    this.#content.loadAll();
    dumpIndex({ bytes: this.#content.bytes, root: this.#root, lead: `${lead} `, write, corrupt });
  }

  /** Reads all that has not been read yet. */
  loadAll(): void {
    this.#content.loadAll();
  }

  /** Closes the file, where it is open still. What has not been read by then cannot be searched. */
  close(): void {
    this.#content.close();
  }

  #reader(): NodeReader {
    return new NodeReader(this.#content, (offset, reason) => this.#corrupt(offset, reason));
  }

  #corrupt(offset: number, reason: string): KmodError {
    return new KmodError(
      'ERR_KMOD_INDEX_CORRUPT',
      `The index file ${this.path} is damaged at byte ${offset}: ${reason}. Run depmod to write it anew.`,
      { path: this.path },
    );
  }
}
