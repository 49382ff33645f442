import { KmodError } from '../errors/kmod-error.ts';
import { indexEncoder } from '../native/index-encoding.ts';
import { MAX_INDEX_SIZE } from './index-bytes.ts';
import { KeyTrie } from './key-trie.ts';
import { encodeTrie } from './trie-encoding.ts';

/** One value for a key of an index. Key and value are ASCII. */
export interface IndexInput {
  readonly key: string;
  readonly value: string;
  /** From 0; of several values of a key the lowest is found first. */
  readonly priority: number;
}

/** A key or value that an index cannot hold. */
export class IndexTextError extends KmodError {
  /** The first character of the text that is not ASCII (or is NUL), as its code. */
  readonly character: number;
  /** The whole key or value, as it was given. */
  readonly text: string;

  constructor(text: string) {
    // oxlint-disable-next-line no-control-regex
    const [bad = ''] = /[^\u0001-\u007f]/.exec(text) ?? [];
    const character = bad.charCodeAt(0);
    super(
      'ERR_KMOD_PUBLISH',
      `An index holds 7-bit ASCII only, and this has the byte 0x${character.toString(16)}: ${JSON.stringify(text)}. Correct the module or alias that it is from.`,
    );
    this.character = character;
    this.text = text;
  }
}

/**
 * The bytes of a `modules.*.bin` file as depmod of kmod 34 writes them: a trie with compressed paths, each node before its
 * children. The values of a key are ordered by priority; of equal priorities the one given last comes first. No
 * entries give the twelve bytes of an empty index.
 *
 * @param entries in the order in which depmod inserts them
 * @param onDuplicate called for each entry whose key was given the same value before, in order
 * @throws IndexTextError for the first key or value with a byte that is not ASCII, or NUL
 * @throws KmodError `ERR_KMOD_TOO_LARGE` for more than 256 MiB
 */
export function writeIndex(entries: Iterable<IndexInput>, onDuplicate?: (entry: IndexInput) => void): Buffer {
  const columns: IndexColumns = { keys: [], values: [], priorities: [] };
  for (const { key, value, priority } of entries) {
    columns.keys.push(key);
    columns.values.push(value);
    columns.priorities.push(priority);
  }
  return writeIndexColumns(columns, onDuplicate);
}

/** Entries as lists of the same length: an object for each takes more time than all else. */
export interface IndexColumns {
  readonly keys: string[];
  readonly values: string[];
  readonly priorities: number[];
}

/** {@link writeIndex} for lists. */
export function writeIndexColumns(columns: IndexColumns, onDuplicate?: (entry: IndexInput) => void): Buffer {
  const keys = encode(columns.keys);
  const values = encode(columns.values);
  if (keys === undefined || values === undefined) throw refuse(inputsOf(columns), onDuplicate);
  if (onDuplicate !== undefined) reportDuplicates(inputsOf(columns), onDuplicate);
  const texts: EncodedTexts = {
    keys,
    keyEnds: endsOf(columns.keys),
    values,
    valueEnds: endsOf(columns.values),
    priorities: Uint32Array.from(columns.priorities),
  };
  return encodeQuickly(texts) ?? encodePortably(texts);
}

/** The entries of an index as bytes and numbers. */
export interface EncodedTexts {
  readonly keys: Uint8Array;
  /** Where each key ends among the keys' bytes; the next begins there. */
  readonly keyEnds: Uint32Array;
  readonly values: Uint8Array;
  readonly valueEnds: Uint32Array;
  readonly priorities: Uint32Array;
}

function encodeQuickly({ keys, keyEnds, values, valueEnds, priorities }: EncodedTexts): Buffer | undefined {
  return indexEncoder()?.(keys, keyEnds, values, valueEnds, priorities, MAX_INDEX_SIZE) ?? undefined;
}

/** The encoding without the addon. */
export function encodePortably({ keys, keyEnds, values, valueEnds, priorities }: EncodedTexts): Buffer {
  const count = priorities.length;
  const trie = new KeyTrie(keys, count);
  const valueStart = new Int32Array(count + 2);
  let start = 0;
  for (let index = 0; index < count; index++) {
    const end = keyEnds[index] as number;
    trie.add(index + 1, start, end, priorities[index] as number);
    start = end;
    valueStart[index + 2] = valueEnds[index] as number;
  }
  trie.sortEntries();
  return encodeTrie({ trie, keys, values, valueStart });
}

function endsOf(texts: readonly string[]): Uint32Array {
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (let index = 0; index < ends.length; index++) ends[index] = end += (texts[index] as string).length;
  return ends;
}

function inputsOf({ keys, values, priorities }: IndexColumns): readonly IndexInput[] {
  return keys.map((key, index) => ({ key, value: values[index] ?? '', priority: priorities[index] ?? 0 }));
}

/** All texts one after the other; undefined when one of them is not ASCII. */
function encode(texts: readonly string[]): Uint8Array | undefined {
  const text = texts.join('');
  const bytes = Buffer.from(text);
  if (bytes.length !== text.length || bytes.includes(0)) return undefined;
  // A plain array: a Buffer's methods are slower to start.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function reportDuplicates(inputs: readonly IndexInput[], report: (entry: IndexInput) => void): void {
  const seen = new Set<string>();
  for (const entry of inputs) {
    const before = seen.size;
    if (seen.add(`${entry.key}\0${entry.value}`).size === before) report(entry);
  }
}

const isBad = (text: string): boolean => encode([text]) === undefined;

function refuse(
  inputs: readonly IndexInput[],
  onDuplicate: ((entry: IndexInput) => void) | undefined,
): IndexTextError {
  const index = inputs.findIndex(({ key, value }) => isBad(key) || isBad(value));
  if (onDuplicate !== undefined) reportDuplicates(inputs.slice(0, index), onDuplicate);
  const { key, value } = inputs[index] ?? { key: '', value: '' };
  return new IndexTextError(isBad(key) ? key : value);
}
