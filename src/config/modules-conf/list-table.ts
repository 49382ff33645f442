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

interface OpenRecord extends ListRecord {
  readonly words: string[];
  readonly origins: ConfOrigin[];
}

/** Lists by name, in the order in which the names came first. */
export class ListTable {
  readonly #records = new Map<string, OpenRecord>();

  put({ name, words, origin, adds = false, noAutoclean = false }: ListLine): void {
    const previous = this.#records.get(name);
    const record: OpenRecord = {
      name,
      words: adds && previous !== undefined ? previous.words : [],
      origins: adds && previous !== undefined ? previous.origins : [],
      // Once set it stays.
      noAutoclean: noAutoclean || previous?.noAutoclean === true,
    };
    for (const word of words) record.words.push(word);
    if (origin !== undefined) record.origins.push(origin);
    this.#records.set(name, record);
  }

  records(): readonly ListRecord[] {
    return [...this.#records.values()];
  }
}
