/** No arc, no node, no entry. Node 0 is the root, which is nobody's child. */
const NONE = 0;

/**
 * The keys of an index as a trie with compressed paths, held in arrays of numbers: a tree of objects takes several times as
 * long to build. Entries have the numbers that they were added with, from 1 on.
 */
export class KeyTrie {
  readonly #keys: Uint8Array;
  /** Number of nodes; they are numbered from 0, the root, which has no prefix. */
  size = 1;
  /** Byte on the arc that leads to the node. */
  readonly arc: Uint8Array;
  /** The bytes that follow the arc, as a range of the keys. */
  readonly prefixStart: Int32Array;
  readonly prefixEnd: Int32Array;
  /** Children are chained with their arcs ascending. */
  readonly firstChild: Int32Array;
  readonly sibling: Int32Array;
  readonly parent: Int32Array;
  /** Entries of the node are chained with their priorities ascending. */
  readonly firstEntry: Int32Array;
  readonly #lastEntry: Int32Array;
  readonly nextEntry: Int32Array;
  readonly priority: Uint32Array;
  readonly #unsorted = new Set<number>();

  /**
   * @param keys all keys, one after the other
   * @param count number of the keys
   */
  constructor(keys: Uint8Array, count: number) {
    this.#keys = keys;
    // A new key adds its own node and at most one where it leaves another's path.
    const nodes = 2 * count + 1;
    this.arc = new Uint8Array(nodes);
    this.prefixStart = new Int32Array(nodes);
    this.prefixEnd = new Int32Array(nodes);
    this.firstChild = new Int32Array(nodes);
    this.sibling = new Int32Array(nodes);
    this.parent = new Int32Array(nodes);
    this.firstEntry = new Int32Array(nodes);
    this.#lastEntry = new Int32Array(nodes);
    this.nextEntry = new Int32Array(count + 1);
    this.priority = new Uint32Array(count + 1);
  }

  /** Adds the key in the range of the keys' bytes, and the entry's priority. */
  add(entry: number, start: number, end: number, priority: number): void {
    this.priority[entry] = priority;
    this.#addEntry(this.#nodeOf(start, end), entry, priority);
  }

  /** The node of a key, made if need be. */
  #nodeOf(start: number, end: number): number {
    const { arc, sibling, prefixEnd: ends, prefixStart: starts, firstChild } = this;
    const keys = this.#keys;
    let node = 0;
    let position = start;
    while (position < end) {
      const byte = keys[position] as number;
      let before = NONE;
      let child = firstChild[node] as number;
      while (child !== NONE && (arc[child] as number) < byte) {
        before = child;
        child = sibling[child] as number;
      }
      if (child === NONE || arc[child] !== byte) return this.#addLeaf(node, before, position, end);
      position++;
      const prefixEnd = ends[child] as number;
      let prefix = starts[child] as number;
      while (prefix < prefixEnd && position < end && keys[prefix] === keys[position]) {
        prefix++;
        position++;
      }
      node = prefix < prefixEnd ? this.#split(child, before, prefix) : child;
    }
    return node;
  }

  #addLeaf(parent: number, before: number, position: number, end: number): number {
    const leaf = this.size++;
    this.arc[leaf] = this.#keys[position] as number;
    this.prefixStart[leaf] = position + 1;
    this.prefixEnd[leaf] = end;
    this.parent[leaf] = parent;
    this.sibling[leaf] = (before === NONE ? this.firstChild[parent] : this.sibling[before]) as number;
    this.#replace(parent, before, leaf);
    return leaf;
  }

  /** Puts a node in the middle of the prefix that leads to another, and gives the new one. */
  #split(node: number, before: number, prefix: number): number {
    const upper = this.size++;
    const parent = this.parent[node] as number;
    this.arc[upper] = this.arc[node] as number;
    this.prefixStart[upper] = this.prefixStart[node] as number;
    this.prefixEnd[upper] = prefix;
    this.parent[upper] = parent;
    this.firstChild[upper] = node;
    this.sibling[upper] = this.sibling[node] as number;
    this.#replace(parent, before, upper);
    this.arc[node] = this.#keys[prefix] as number;
    this.prefixStart[node] = prefix + 1;
    this.parent[node] = upper;
    this.sibling[node] = NONE;
    return upper;
  }

  #replace(parent: number, before: number, child: number): void {
    if (before === NONE) this.firstChild[parent] = child;
    else this.sibling[before] = child;
  }

  /** Puts entries in order that came in another one than depmod's. To be called when all have been added. */
  sortEntries(): void {
    for (const node of this.#unsorted) {
      const entries: number[] = [];
      for (
        let entry = this.firstEntry[node] as number;
        entry !== NONE;
        entry = this.nextEntry[entry] as number
      )
        entries.push(entry);
      entries.sort((a, b) => (this.priority[a] as number) - (this.priority[b] as number) || b - a);
      this.firstEntry[node] = entries[0] as number;
      for (const [index, entry] of entries.entries()) this.nextEntry[entry] = entries[index + 1] ?? NONE;
    }
    this.#unsorted.clear();
  }

  /** Of equal priorities the entry that is added last comes first. */
  #addEntry(node: number, entry: number, priority: number): void {
    const first = this.firstEntry[node] as number;
    const last = this.#lastEntry[node] as number;
    // Modules come by ascending priority, several entries of one together.
    if (first !== NONE && priority > (this.priority[last] as number)) {
      this.nextEntry[last] = entry;
      this.#lastEntry[node] = entry;
      return;
    }
    if (first !== NONE && priority > (this.priority[first] as number)) this.#unsorted.add(node);
    this.nextEntry[entry] = first;
    this.firstEntry[node] = entry;
    if (first === NONE) this.#lastEntry[node] = entry;
  }
}
