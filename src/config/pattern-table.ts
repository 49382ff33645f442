import { matchesPatternBytes } from '../index-files/alias-pattern.ts';
import { textBytes } from '../native/byte-text.ts';

const GLOB = /[*?[\\]/;

/** Records with a name or a glob each, to be found by names. Answers are in the order of the records. */
export class PatternTable<Item> {
  readonly #items: readonly Item[];
  /** Where the records of each plain name are. */
  readonly #places = new Map<string, number[]>();
  readonly #globs: { readonly at: number; readonly pattern: Uint8Array }[] = [];

  constructor(items: readonly Item[], patternOf: (item: Item) => string) {
    this.#items = items;
    for (const [at, item] of items.entries()) {
      const pattern = patternOf(item);
      const places = this.#places.get(pattern);
      if (GLOB.test(pattern)) this.#globs.push({ at, pattern: textBytes(pattern) });
      else if (places === undefined) this.#places.set(pattern, [at]);
      else places.push(at);
    }
  }

  /** All records that a name matches. */
  all(name: string): readonly Item[] {
    const exact = this.#places.get(name) ?? [];
    if (this.#globs.length === 0) return this.#itemsAt(exact);
    const text = textBytes(name);
    const globs = this.#globs.filter(({ pattern }) => matchesPatternBytes(pattern, text, 0));
    if (globs.length === 0) return this.#itemsAt(exact);
    return this.#itemsAt([...exact, ...globs.map(({ at }) => at)].sort((a, b) => a - b));
  }

  /** The first record that a name matches. */
  first(name: string): Item | undefined {
    return this.all(name)[0];
  }

  /** The first record with exactly this name, where a glob is not taken as one. */
  exact(name: string): Item | undefined {
    const [place] = this.#places.get(name) ?? [];
    if (place !== undefined || !GLOB.test(name)) return place === undefined ? undefined : this.#items[place];
    const text = textBytes(name);
    const glob = this.#globs.find(({ pattern }) => text.equals(pattern));
    return glob && this.#items[glob.at];
  }

  #itemsAt(places: readonly number[]): readonly Item[] {
    return places.flatMap((at) => this.#items[at] ?? []);
  }
}
