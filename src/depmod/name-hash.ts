/**
 * Order of names in kmod's hash tables, which shows in its files: bucket after bucket, and by bytes in each. The hash
 * is Paul Hsieh's published "SuperFastHash" on the bytes of the name, in the byte order of x86 and arm64.
 *
 * @param names strings whose characters stand for one byte each
 * @param buckets number of buckets, a power of two
 * @returns places in `names` in that order
 */
export function hashOrder(names: readonly string[], buckets: number): Uint32Array {
  const mask = buckets - 1;
  const bucketOf = new Uint16Array(names.length);
  const ends = new Uint32Array(buckets);
  for (let index = 0; index < names.length; index++) {
    const bucket = nameHash(names[index] as string) & mask;
    bucketOf[index] = bucket;
    ends[bucket] = (ends[bucket] as number) + 1;
  }
  for (let bucket = 1; bucket < buckets; bucket++)
    ends[bucket] = (ends[bucket] as number) + (ends[bucket - 1] as number);
  const order = new Uint32Array(names.length);
  const starts = ends.slice();
  for (let index = names.length - 1; index >= 0; index--) {
    const bucket = bucketOf[index] as number;
    const place = (starts[bucket] as number) - 1;
    starts[bucket] = place;
    order[place] = index;
  }
  for (let bucket = 0; bucket < buckets; bucket++)
    sortByName(order, starts[bucket] as number, ends[bucket] as number, names);
  return order;
}

/** Longer ranges are not sorted by insertion, which takes quadratic time. */
const SHORT_RANGE = 32;

function sortByName(order: Uint32Array, start: number, end: number, names: readonly string[]): void {
  const nameAt = (index: number): string => names[index] as string;
  if (end - start > SHORT_RANGE) {
    order.subarray(start, end).sort((a, b) => (nameAt(a) < nameAt(b) ? -1 : 1));
    return;
  }
  for (let place = start + 1; place < end; place++) {
    const index = order[place] as number;
    const name = nameAt(index);
    let free = place;
    for (; free > start && nameAt(order[free - 1] as number) > name; free--)
      order[free] = order[free - 1] as number;
    order[free] = index;
  }
}

/** The hash of a name, unsigned. */
export function nameHash(name: string): number {
  const { length } = name;
  const whole = length & ~3;
  let hash = length;
  for (let index = 0; index < whole; index += 4) {
    hash = (hash + byteAt(name, index) + (byteAt(name, index + 1) << 8)) | 0;
    const high = byteAt(name, index + 2) + (byteAt(name, index + 3) << 8);
    hash = (hash << 16) ^ (high << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  hash = hashTail(hash, name, whole);
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash >>> 0;
}

function hashTail(start: number, name: string, from: number): number {
  let hash = start;
  const rest = name.length - from;
  if (rest === 1) {
    hash = (hash + byteAt(name, from)) | 0;
    hash ^= hash << 10;
    return (hash + (hash >>> 1)) | 0;
  }
  if (rest === 0) return hash;
  hash = (hash + byteAt(name, from) + (byteAt(name, from + 1) << 8)) | 0;
  if (rest === 2) {
    hash ^= hash << 11;
    return (hash + (hash >>> 17)) | 0;
  }
  hash ^= hash << 16;
  hash ^= byteAt(name, from + 2) << 18;
  return (hash + (hash >>> 11)) | 0;
}

function byteAt(name: string, index: number): number {
  return name.charCodeAt(index) & 0xff;
}
