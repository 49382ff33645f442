import { Fifo } from './fifo.ts';
import type { ModuleChange } from './module-ledger.ts';
import type { WatchRecord } from './watch-record.ts';

/** A change of which the record is made when it is told. */
export interface UntoldChange extends ModuleChange {
  readonly initial?: boolean;
}

/** What is to be told: a change, or a record that is made already. */
export type Untold = UntoldChange | WatchRecord;

/** What is still to be told, in order. Nothing in it takes longer the more there is. */
export class Backlog {
  readonly #items = new Fifo<Untold>();
  /** How many removals of each module wait. */
  readonly #removals = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  push(...items: readonly Untold[]): void {
    for (const item of items) {
      this.#items.push(item);
      if (item.type === 'removed') this.#removals.set(item.module, this.removalsOf(item.module) + 1);
    }
  }

  /** Takes out the next one. */
  shift(): Untold | undefined {
    const item = this.#items.shift();
    if (item?.type === 'removed') this.#removals.set(item.module, this.removalsOf(item.module) - 1);
    return item;
  }

  /** How many removals of the module wait. With none, what is told of its coming is still so as far as is known. */
  removalsOf(module: string): number {
    return this.#removals.get(module) ?? 0;
  }

  clear(): void {
    this.#items.replace([]);
    this.#removals.clear();
  }
}
