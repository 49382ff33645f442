import { Fifo } from './fifo.ts';
import type { OverrunRecord, WatchRecord } from './watch-record.ts';

/** Records that wait for a reader, at most; about 20 MB. */
const MOST_WAITING = 65_536;

/**
 * Records on their way to one reader. When too many wait, comings and goings of the same module that cancel each other out are
 * dropped, and the oldest requests and outcomes; an `overrun` says how many: the last state is never lost.
 */
export class RecordQueue {
  readonly #waiting = new Fifo<WatchRecord>();
  #readers: ((result: IteratorResult<WatchRecord, undefined>) => void)[] = [];
  #isOver = false;
  /** Length at which the next look for what can be dropped is worth it. */
  #limit: number;
  readonly #most: number;

  constructor(most: number = MOST_WAITING) {
    this.#most = most;
    this.#limit = most;
  }

  push(record: WatchRecord): void {
    if (this.#isOver) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ value: record, done: false });
    else {
      this.#waiting.push(record);
      if (this.#waiting.length > this.#limit) this.#shrink(record.time);
    }
  }

  /** The next record, when there is one; the end, when all have been read and there are to be no more. */
  async next(): Promise<IteratorResult<WatchRecord, undefined>> {
    const record = this.#waiting.shift();
    if (record !== undefined) return { value: record, done: false };
    if (this.#isOver) return { value: undefined, done: true };
    return await new Promise((resolve) => {
      this.#readers.push(resolve);
    });
  }

  /** There is to be no more. */
  end(): void {
    this.#isOver = true;
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true });
  }

  /** Nobody reads any more. */
  abandon(): void {
    this.#waiting.replace([]);
    this.end();
  }

  #shrink(time: Date): void {
    const waiting = this.#waiting.contents();
    const told = waiting.filter((record) => !isOwn(record));
    // What was dropped before, and nobody has read of yet, is told together with it.
    let dropped = 0;
    for (const record of waiting) if (isOwn(record)) dropped += record.dropped ?? 0;
    this.#waiting.replace(withoutOldRequests(withoutPairs(told), Math.floor(this.#most / 2)));
    dropped += told.length - this.#waiting.length;
    this.#limit = Math.max(this.#most, this.#waiting.length * 2);
    if (dropped > 0) this.#waiting.push({ type: 'overrun', where: 'reader', dropped, time });
  }
}

function isOwn(record: WatchRecord): record is OverrunRecord {
  return record.type === 'overrun' && record.where === 'reader';
}

/** Of the comings and goings of each module the last one where their number is odd, none where it is even; all else. */
export function withoutPairs(records: readonly WatchRecord[]): WatchRecord[] {
  const counts = new Map<string, number>();
  for (const record of records)
    if ('module' in record && record.type !== 'outcome')
      counts.set(record.module, (counts.get(record.module) ?? 0) + 1);
  const left = new Map(counts);
  return records.filter((record) => {
    if (!('module' in record) || record.type === 'outcome') return true;
    const rest = (left.get(record.module) ?? 0) - 1;
    left.set(record.module, rest);
    return rest === 0 && (counts.get(record.module) ?? 0) % 2 === 1;
  });
}

function isRequest({ type }: WatchRecord): boolean {
  return type === 'request' || type === 'outcome';
}

/** Of the requests and outcomes only so many, the newest; all else. Any user can have the kernel ask for modules without end. */
export function withoutOldRequests(records: readonly WatchRecord[], most: number): WatchRecord[] {
  let surplus = records.filter(isRequest).length - most;
  return records.filter((record) => !isRequest(record) || surplus-- <= 0);
}
