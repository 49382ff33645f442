import type { ConfOrigin } from './conf-origin.ts';
import type { ListRecord } from './model.ts';

/** A line of a list. */
export interface ListLine {
  readonly name: string;
  readonly words: readonly string[];
  /** Undefined for a built-in entry. */
  readonly origin: ConfOrigin | undefined;
  /** Whether the words are added to those that are there, instead of replacing them. */
  readonly adds?: boolean;
  readonly noAutoclean?: boolean;
}

/** Lists by name, in the order in which the names came first. */
export class ListTable {
  readonly #records = new Map<string, ListRecord>();

  put({ name, words, origin, adds = false, noAutoclean = false }: ListLine): void {
    const previous = this.#records.get(name);
    const kept = adds ? previous : undefined;
    this.#records.set(name, {
      name,
      words: [...(kept?.words ?? []), ...words],
      origins: [...(kept?.origins ?? []), ...(origin === undefined ? [] : [origin])],
      // Once set it stays.
      noAutoclean: noAutoclean || previous?.noAutoclean === true,
    });
  }

  records(): readonly ListRecord[] {
    return [...this.#records.values()];
  }
}
