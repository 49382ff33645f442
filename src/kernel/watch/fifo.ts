/** How many that were taken out are kept at most before the rest moves up. */
const MOST_KEPT = 4096;

/** Items in their order. Taking one out takes no longer the more there are. */
export class Fifo<Item> {
  #items: Item[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes out the next one. */
  shift(): Item | undefined {
    const item = this.#items[this.#first];
    if (this.length > 0) this.#first++;
    if (this.length === 0 || this.#first > MOST_KEPT) this.replace(this.contents());
    return item;
  }

  /** All that are in it. */
  contents(): Item[] {
    return this.#items.slice(this.#first);
  }

  /** Has others in place of all that are in it; none is what empties it. */
  replace(items: Item[]): void {
    this.#items = items;
    this.#first = 0;
  }
}
