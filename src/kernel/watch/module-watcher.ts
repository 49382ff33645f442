import { EventEmitter } from 'node:events';

import { KmodError } from '../../errors/kmod-error.ts';
import type { KernelLocation } from '../kernel-file.ts';
import { Backlog, type Untold, type UntoldChange } from './backlog.ts';
import { EventSource } from './event-source.ts';
import { kernelChannel, type ModuleChannel } from './module-channel.ts';
import { moduleDetails } from './module-details.ts';
import { RecordQueue } from './record-queue.ts';
import { RequestOutcomes, type RequestReader } from './request-outcomes.ts';
import { RequestTrace } from './request-trace.ts';
import type {
  AddedRecord,
  NoticeRecord,
  OutcomeRecord,
  OverrunRecord,
  RemovedRecord,
  RequestRecord,
  WatchRecord,
} from './watch-record.ts';

/** How long records are told before others have their turn, in milliseconds. */
const TURN_MS = 8;

/** Events of a {@link ModuleWatcher}. */
interface WatchEvents {
  added: [AddedRecord];
  removed: [RemovedRecord];
  request: [RequestRecord];
  outcome: [OutcomeRecord];
  overrun: [OverrunRecord];
  notice: [NoticeRecord];
  close: [];
}

/** What a {@link ModuleWatcher} is made with. */
export interface WatcherSettings {
  readonly location: KernelLocation;
  readonly initial: boolean;
  readonly details: boolean;
  /** `demanded`: it is an error where they cannot be seen. */
  readonly requests: 'demanded' | 'wanted' | 'none';
  /** Interval in milliseconds where no events come. */
  readonly pollMs: number;
  readonly bufferBytes: number;
  readonly meaningOf: RequestReader;
}

/**
 * Tells of modules that come into the kernel and leave it, as long as it is open: by events, and to whoever iterates over it. Of
 * each module `added` and `removed` alternate, and after the last record `modules` is what /proc/modules lists.
 */
export class ModuleWatcher extends EventEmitter<WatchEvents> {
  readonly #settings: WatcherSettings;
  readonly #channel: ModuleChannel;
  readonly #source: EventSource;
  readonly #trace: RequestTrace | undefined;
  readonly #outcomes: RequestOutcomes;
  readonly #queues = new Set<RecordQueue>();
  readonly #loaded = new Set<string>();
  readonly #backlog = new Backlog();
  #isTelling = false;
  #isClosed = false;
  #turn: NodeJS.Immediate | undefined;
  /** Why load requests are not seen; null where they are. */
  readonly requestsUnavailable: string | null;

  /** Not for callers: `watch()` makes these. */
  constructor(settings: WatcherSettings) {
    super();
    this.#settings = settings;
    const onReady = (): void => this.#onReady();
    const { location, pollMs, bufferBytes } = settings;
    const { trace, reason } = openTrace(settings, onReady);
    this.#trace = trace;
    this.requestsUnavailable = reason;
    this.#outcomes = new RequestOutcomes(
      settings.meaningOf,
      (module) => this.#source.has(module),
      (record) => this.#queueRecord(record),
    );
    this.#channel = kernelChannel(location, onReady, bufferBytes);
    try {
      this.#source = new EventSource(this.#channel, onReady, pollMs);
    } catch (error) {
      this.#channel.close();
      trace?.close();
      throw error;
    }
    for (const module of this.#source.modules) this.#loaded.add(module);
    this.#backlog.push(...this.#first());
    // Whoever called has time to listen.
    this.#turn = setImmediate(() => this.#tell());
  }

  /** How changes are noticed: by the kernel's events, or by reading /proc/modules at an interval. */
  get source(): 'events' | 'polling' {
    return this.#source.isPolling ? 'polling' : 'events';
  }

  /** Names of the loaded modules after all that has been told so far, the oldest first. */
  get modules(): readonly string[] {
    return [...this.#loaded];
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** Lets the process end although this is open. */
  unref(): this {
    return this.#refer(false);
  }

  /** Undoes {@link unref}. */
  ref(): this {
    return this.#refer(true);
  }

  /** Ends it: nothing is told any more, iterations end with what they have not read yet. May be called again. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#backlog.clear();
    this.#source.close();
    this.#trace?.close();
    this.#outcomes.close();
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
    this.emit('close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** All records from now on until it is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WatchRecord, undefined> {
    const queue = new RecordQueue();
    if (this.#isClosed) queue.end();
    else this.#queues.add(queue);
    const iterator: AsyncIterableIterator<WatchRecord, undefined> = {
      next: async () => await queue.next(),
      return: async () => {
        this.#queues.delete(queue);
        queue.abandon();
        return await Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #refer(keeps: boolean): this {
    if (!this.#isClosed) {
      this.#source.refer(keeps);
      this.#trace?.refer(keeps);
      if (keeps) this.#turn?.ref();
      else this.#turn?.unref();
    }
    return this;
  }

  #first(): readonly Untold[] {
    const time = new Date();
    const { initial, requests, pollMs } = this.#settings;
    const records: Untold[] = [];
    const { silence } = this.#channel;
    if (silence !== null)
      records.push({
        type: 'notice',
        code: 'polling',
        text: `/proc/modules is read every ${pollMs} ms: ${silence}`,
        time,
      });
    if (requests === 'wanted' && this.requestsUnavailable !== null)
      records.push({ type: 'notice', code: 'no-requests', text: this.requestsUnavailable, time });
    if (initial)
      for (const module of this.#loaded)
        records.push({ type: 'added', module, seen: 'scan', sequence: null, initial: true });
    return records;
  }

  #onReady(): void {
    this.#collect();
    this.#tell();
  }

  /** Requests first: what they lead to comes after them. */
  #collect(): void {
    if (this.#isClosed) return;
    const { requests, lost } = this.#trace?.read() ?? { requests: [], lost: 0 };
    if (lost > 0) this.#backlog.push({ type: 'overrun', where: 'requests', dropped: lost, time: new Date() });
    for (const request of requests) {
      const record = this.#outcomes.recordOf(request);
      this.#backlog.push(record);
      this.#outcomes.follow(record);
    }
    const { changes, isOverrun } = this.#source.collect();
    if (isOverrun) this.#backlog.push({ type: 'overrun', where: 'kernel', dropped: null, time: new Date() });
    for (const change of changes) this.#backlog.push(change);
  }

  #queueRecord(record: WatchRecord): void {
    this.#backlog.push(record);
    if (!this.#isTelling) this.#turn ??= setImmediate(() => this.#tell());
  }

  /** Tells what is pending, in turns. A listener that throws does not keep the rest from being told. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const end = performance.now() + TURN_MS;
    try {
      // One at least, however slow the machine is.
      for (let item = this.#backlog.shift(); item !== undefined; item = this.#backlog.shift()) {
        this.#tellOne(item);
        if (this.#isClosed || performance.now() >= end) break;
      }
    } finally {
      this.#isTelling = false;
      if (this.#isClosed) this.#backlog.clear();
      if (!this.#backlog.isEmpty) this.#turn = setImmediate(() => this.#onReady());
    }
  }

  #tellOne(change: Untold): void {
    const record = 'time' in change ? change : this.#recordOf(change);
    if (record.type === 'added') {
      this.#loaded.add(record.module);
      this.#outcomes.onAdded(record.module, record.time);
    } else if (record.type === 'removed') this.#loaded.delete(record.module);
    for (const queue of this.#queues) queue.push(record);
    emitRecord(this, record);
  }

  #recordOf(change: UntoldChange): AddedRecord | RemovedRecord {
    const { type, module, seen, sequence, initial = false } = change;
    const time = new Date();
    if (type === 'removed') return { type, module, seen, sequence, time };
    const areWanted = this.#settings.details && this.#backlog.removalsOf(module) === 0;
    const details = areWanted ? moduleDetails(module, this.#settings.location) : null;
    return { type, module, initial, seen, sequence, details, time };
  }
}

function emitRecord(watcher: ModuleWatcher, record: WatchRecord): void {
  switch (record.type) {
    case 'added':
      watcher.emit('added', record);
      break;
    case 'removed':
      watcher.emit('removed', record);
      break;
    case 'request':
      watcher.emit('request', record);
      break;
    case 'outcome':
      watcher.emit('outcome', record);
      break;
    case 'overrun':
      watcher.emit('overrun', record);
      break;
    case 'notice':
      watcher.emit('notice', record);
      break;
  }
}

function openTrace(
  { requests, location }: WatcherSettings,
  onReady: () => void,
): { readonly trace?: RequestTrace; readonly reason: string | null } {
  if (requests === 'none') return { reason: 'load requests were not asked for' };
  try {
    return { trace: new RequestTrace(location, onReady), reason: null };
  } catch (error) {
    if (requests === 'demanded' || !(error instanceof KmodError)) throw error;
    return { reason: error.message };
  }
}
