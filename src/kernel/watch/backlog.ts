import type { ModuleChange } from './module-ledger.ts';
import type { WatchRecord } from './watch-record.ts';

/** A change of which the record is made when it is told. */
export interface UntoldChange extends ModuleChange {
  readonly initial?: boolean;
}

/** What is to be told: a change, or a record that is made already. */
export type Untold = UntoldChange | WatchRecord;

/** How many that are told already are kept at most before the rest moves up. */
const MOST_KEPT = 4096;

/** What is still to be told, in order. Nothing in it takes longer the more there is. */
export class Backlog {
  #items: Untold[] = [];
  #first = 0;
  /** How many removals of each module wait. */
  readonly #removals = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#first === this.#items.length;
  }

  push(...items: readonly Untold[]): void {
    for (const item of items) {
      this.#items.push(item);
      if (item.type === 'removed') this.#removals.set(item.module, this.removalsOf(item.module) + 1);
    }
  }

  /** Takes out the next one. */
  shift(): Untold | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#first++;
    if (item.type === 'removed') this.#removals.set(item.module, this.removalsOf(item.module) - 1);
    if (this.isEmpty || this.#first > MOST_KEPT) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** How many removals of the module wait. With none, what is told of its coming is still so as far as is known. */
  removalsOf(module: string): number {
    return this.#removals.get(module) ?? 0;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
    this.#removals.clear();
  }
}
