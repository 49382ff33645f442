import { KmodError } from '../../errors/kmod-error.ts';
import type { EventLoopHandle } from '../../native/readable-watch.ts';
import type { ModuleChannel } from './module-channel.ts';
import { type ModuleChange, ModuleLedger } from './module-ledger.ts';
import type { ModuleScan } from './module-scan.ts';

/** What has happened since the last time. */
export interface Collected {
  readonly changes: readonly ModuleChange[];
  /** Whether messages were lost; `changes` has what a scan found in their place. */
  readonly isOverrun: boolean;
}

/** How often a scan is done over at once, because messages were lost meanwhile. */
const MOST_SCANS = 4;
/** How long after a scan that met a module on its way out the next one is due, in milliseconds. */
const UNSETTLED_MS = 100;
/** The same after one that failed. */
const FAILED_MS = 100;
/** Errors that pass: no descriptors or no memory just now. */
const PASSING: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** Comings and goings of modules: by the kernel's messages, or by comparing its list at an interval. */
export class EventSource implements EventLoopHandle {
  readonly #channel: ModuleChannel;
  readonly #ledger: ModuleLedger;
  readonly #onReady: () => void;
  #poll: NodeJS.Timeout | undefined;
  #recheck: NodeJS.Timeout | undefined;
  #isScanDue = false;
  #isKept = true;

  /**
   * Begins, and takes in which modules there are.
   *
   * @param onReady called when a scan is due: then {@link collect}
   * @param pollMs interval in milliseconds where the channel may be silent
   * @throws what a scan throws
   */
  constructor(
    channel: ModuleChannel,
    onReady: () => void,
    pollMs: number,
    now: () => number = () => performance.now(),
  ) {
    this.#channel = channel;
    this.#onReady = onReady;
    this.#ledger = new ModuleLedger((module) => channel.instanceOf(module), now);
    this.#begin();
    if (channel.silence !== null) this.#poll = setInterval(() => this.#scanNow(), pollMs);
  }

  /** Names of the modules that are there, the oldest first. */
  get modules(): readonly string[] {
    return this.#ledger.modules;
  }

  has(module: string): boolean {
    return this.#ledger.has(module);
  }

  /** Whether the list is read at an interval. */
  get isPolling(): boolean {
    return this.#poll !== undefined;
  }

  /** All that has happened since the last time. */
  collect(): Collected {
    const { events, isLossy } = this.#channel.receive();
    if (events.length > 0) this.#stopPolling();
    const changes = [...this.#ledger.apply(events, isLossy)];
    if (isLossy || this.#isScanDue) changes.push(...this.#repair());
    return { changes, isOverrun: isLossy };
  }

  refer(keeps: boolean): void {
    this.#isKept = keeps;
    this.#channel.refer(keeps);
    for (const timer of [this.#poll, this.#recheck])
      if (keeps) timer?.ref();
      else timer?.unref();
  }

  close(): void {
    this.#channel.close();
    this.#stopPolling();
    clearTimeout(this.#recheck);
  }

  /** What was told before the scan is in it; but it may list a module whose end was told already. */
  #begin(): void {
    for (let round = 1; ; round++) {
      const before = this.#channel.receive();
      const last = new Map(before.events.map(({ module, action }) => [module, action]));
      const gone = new Set([...last].filter(([, action]) => action === 'remove').map(([module]) => module));
      const scan = this.#channel.scan();
      const { events, isLossy } = this.#channel.receive();
      this.#ledger.begin(scan, events, gone);
      if (!isLossy) break;
      if (round < MOST_SCANS) continue;
      this.#scanSoon(0);
      break;
    }
    if (this.#ledger.isUnsettled) this.#scanSoon(UNSETTLED_MS);
  }

  #repair(): readonly ModuleChange[] {
    this.#isScanDue = false;
    const changes: ModuleChange[] = [];
    for (let round = 1; ; round++) {
      const scan = this.#scanUnlessPassing();
      // What was told until now is not lost.
      if (scan === undefined) return changes;
      const { events, isLossy } = this.#channel.receive();
      // A scan that messages were lost behind does not count: what they told may be in it or not.
      if (!isLossy) changes.push(...this.#ledger.reconcile(scan, events));
      else {
        changes.push(...this.#ledger.apply(events, true));
        if (round < MOST_SCANS) continue;
        this.#scanSoon(0);
      }
      break;
    }
    if (this.#ledger.isUnsettled) this.#scanSoon(UNSETTLED_MS);
    return changes;
  }

  /** Undefined where it is to be tried again, which it will be. */
  #scanUnlessPassing(): ModuleScan | undefined {
    try {
      return this.#channel.scan();
    } catch (error) {
      if (!(
        error instanceof KmodError && PASSING.has((error.cause as NodeJS.ErrnoException | undefined)?.code)
      ))
        throw error;
      this.#scanSoon(FAILED_MS);
      return undefined;
    }
  }

  #scanSoon(ms: number): void {
    clearTimeout(this.#recheck);
    this.#recheck = setTimeout(() => this.#scanNow(), ms);
    if (!this.#isKept) this.#recheck.unref();
  }

  #scanNow(): void {
    this.#isScanDue = true;
    this.#onReady();
  }

  /** One message of the kernel is proof that they come. */
  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }
}
