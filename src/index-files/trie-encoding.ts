import { KmodError } from '../errors/kmod-error.ts';
import { MAX_INDEX_SIZE } from './index-bytes.ts';
import type { KeyTrie } from './key-trie.ts';

const HEADER_SIZE = 12;
const PREFIX = 0x8000_0000;
const VALUES = 0x4000_0000;
const CHILDREN = 0x2000_0000;

/** Bytes from which on a call costs less than a loop. */
const COPIED_AS_A_WHOLE = 48;

/** A trie and the texts that it speaks of. */
export interface TrieTexts {
  readonly trie: KeyTrie;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  /** Entry to the place of its value; the next entry's is the end. */
  readonly valueStart: Int32Array;
}

/**
 * The file that holds a trie: each node before its children, children by ascending arcs. A node is written with empty
 * offset words, which its children fill in when their turn comes.
 *
 * @throws KmodError `ERR_KMOD_TOO_LARGE` for more than 256 MiB
 */
export function encodeTrie(texts: TrieTexts): Buffer {
  const { trie } = texts;
  const size = encodedSize(texts);
  if (size > MAX_INDEX_SIZE)
    throw new KmodError(
      'ERR_KMOD_TOO_LARGE',
      `An index of ${size} bytes cannot be written: at most ${MAX_INDEX_SIZE} can be addressed.`,
    );
  const out = Buffer.alloc(size);
  // A plain array: the methods of a Buffer take longer to warm up, and this runs once, in a process that ends then.
  const bytes = new Uint8Array(out.buffer, out.byteOffset, size);
  writeWord(bytes, 0, 0xb007_f457);
  writeWord(bytes, 4, 0x0002_0001);
  // Node to the place of the offset word of the child with arc 0, were there one.
  const childWords = new Int32Array(trie.size);
  const { firstChild, sibling, parent, arc } = trie;
  let position = HEADER_SIZE;
  let wordPlace = 8;
  let node = 0;
  for (;;) {
    writeWord(bytes, wordPlace, offsetWord(trie, node, position));
    position = writeNode(bytes, position, texts, node, childWords);
    if (firstChild[node] !== 0) {
      node = firstChild[node] as number;
    } else {
      while (node !== 0 && sibling[node] === 0) node = parent[node] as number;
      if (node === 0) return out;
      node = sibling[node] as number;
    }
    wordPlace = (childWords[parent[node] as number] as number) + 4 * (arc[node] as number);
  }
}

function encodedSize({ trie, values }: TrieTexts): number {
  const { size, prefixStart, prefixEnd, firstChild, firstEntry, sibling, arc, nextEntry } = trie;
  // Every value has a priority and a NUL.
  let total = HEADER_SIZE + values.length + 5 * (nextEntry.length - 1);
  for (let node = 0; node < size; node++) {
    const prefix = (prefixEnd[node] as number) - (prefixStart[node] as number);
    if (prefix > 0) total += prefix + 1;
    if (firstEntry[node] !== 0) total += 4;
    if (firstChild[node] !== 0) total += 2 + 4;
    // Offset words span the gap between two children.
    const next = sibling[node] as number;
    if (next !== 0) total += 4 * ((arc[next] as number) - (arc[node] as number));
  }
  return total;
}

function offsetWord(trie: KeyTrie, node: number, offset: number): number {
  let word = offset;
  if ((trie.prefixStart[node] as number) < (trie.prefixEnd[node] as number)) word += PREFIX;
  if (trie.firstEntry[node] !== 0) word += VALUES;
  if (trie.firstChild[node] !== 0) word += CHILDREN;
  return word;
}

/** Gives the place behind the node. */
function writeNode(
  bytes: Uint8Array,
  offset: number,
  texts: TrieTexts,
  node: number,
  childWords: Int32Array,
): number {
  const { arc, sibling, prefixStart, prefixEnd, firstChild, firstEntry } = texts.trie;
  let position = offset;
  const start = prefixStart[node] as number;
  const end = prefixEnd[node] as number;
  if (start < end) position = writeText(bytes, position, texts.keys, start, end);
  const first = firstChild[node] as number;
  if (first !== 0) {
    let last = first;
    for (let child = first; child !== 0; child = sibling[child] as number) last = child;
    const low = arc[first] as number;
    const high = arc[last] as number;
    bytes[position++] = low;
    bytes[position++] = high;
    childWords[node] = position - 4 * low;
    position += 4 * (high - low + 1);
  }
  const entry = firstEntry[node] as number;
  return entry === 0 ? position : writeValues(bytes, position, texts, entry);
}

function writeValues(bytes: Uint8Array, start: number, texts: TrieTexts, first: number): number {
  const { values, valueStart } = texts;
  const { priority, nextEntry } = texts.trie;
  let position = start + 4;
  let count = 0;
  for (let entry = first; entry !== 0; entry = nextEntry[entry] as number) {
    count++;
    writeWord(bytes, position, priority[entry] as number);
    position += 4;
    const end = valueStart[entry + 1] as number;
    position = writeText(bytes, position, values, valueStart[entry] as number, end);
  }
  writeWord(bytes, start, count);
  return position;
}

/** Copies a text, passes over the NUL that is there already, and gives the place behind it. */
function writeText(
  bytes: Uint8Array,
  position: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const shift = position - start;
  if (end - start > COPIED_AS_A_WHOLE) bytes.set(source.subarray(start, end), position);
  else for (let at = start; at < end; at++) bytes[at + shift] = source[at] as number;
  return end + shift + 1;
}

function writeWord(bytes: Uint8Array, position: number, word: number): void {
  bytes[position] = word >>> 24;
  bytes[position + 1] = word >>> 16;
  bytes[position + 2] = word >>> 8;
  bytes[position + 3] = word;
}
