import type { ModuleEvent } from '../uevent.ts';
import type { ModuleScan, ScannedModule } from './module-scan.ts';

/** A module that came or went. */
export interface ModuleChange {
  readonly type: 'added' | 'removed';
  readonly module: string;
  /** `event`: the kernel told it. `scan`: it was found out by comparing what was known with /proc/modules. */
  readonly seen: 'event' | 'scan';
  /** Number of the kernel's message. Null for a scan. */
  readonly sequence: number | null;
}

interface Entry {
  readonly instance: bigint | undefined;
  /**
   * Until when an `add` may be the belated one of a module that a scan has found, in milliseconds: the kernel lists a module
   * shortly before it tells of it.
   */
  readonly expectedUntil: number;
}

/** Time from a module's being listed as live to the message about it, at most, in milliseconds. */
const BELATED_MS = 2000;

/**
 * Which modules are loaded, kept by events and scans together, so that of each module `added` and `removed` alternate, and what
 * is kept equals the kernel's list at the end.
 *
 * The kernel's own messages about one name alternate. So as long as none is lost, an `add` of what is there already is the one
 * of a module that a scan had found before, and nothing new. After a loss the two sides are made to agree: what lacks in
 * between is put in as seen by a `scan`.
 */
export class ModuleLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #instanceOf: (module: string) => bigint | undefined;
  readonly #now: () => number;
  #isUnsettled = false;

  /** @param instanceOf the load that a module is of just now; `now` is a clock in milliseconds */
  constructor(instanceOf: (module: string) => bigint | undefined, now: () => number) {
    this.#instanceOf = instanceOf;
    this.#now = now;
  }

  /** Names of the modules that are there, the oldest first. */
  get modules(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(module: string): boolean {
    return this.#entries.has(module);
  }

  /** Whether a module was on its way out at the last scan, and a message about its end may be missing: scan again soon. */
  get isUnsettled(): boolean {
    return this.#isUnsettled;
  }

  /**
   * Begins with a scan and the events since shortly before it.
   *
   * @param gone modules whose removal was told before the scan: it may still list them
   */
  begin(scan: ModuleScan, events: readonly ModuleEvent[], gone: ReadonlySet<string> = new Set()): void {
    this.#entries.clear();
    for (const [module, found] of scan)
      if (found.state === 'live' || (found.state === 'going' && !gone.has(module)))
        this.#entries.set(module, this.#scanned(found));
    for (const { action, module } of events)
      if (action === 'remove') this.#entries.delete(module);
      else if (!this.#entries.has(module)) this.#add(module);
    this.#isUnsettled = [...scan.values()].some(({ state }) => state === 'going');
  }

  /**
   * Takes in what the kernel told.
   *
   * @param isLossy whether some of it may be missing before, between or behind these
   */
  apply(events: readonly ModuleEvent[], isLossy = false): readonly ModuleChange[] {
    return events.flatMap((event) => this.#applyOne(event, isLossy));
  }

  /** Makes it agree with a scan, after a loss or where no events come; `events` are those since shortly before it. */
  reconcile(scan: ModuleScan, events: readonly ModuleEvent[] = []): readonly ModuleChange[] {
    const told = new Set(events.map(({ module }) => module));
    const changes: ModuleChange[] = [];
    this.#isUnsettled = false;
    for (const [module, { instance }] of this.#entries) {
      if (told.has(module)) continue;
      const found = scan.get(module);
      if (found?.state === 'going') this.#isUnsettled = true;
      if (found === undefined || found.state === 'coming') changes.push(this.#remove(module));
      else if (isOther(instance, found.instance)) {
        changes.push(this.#remove(module));
        if (found.state === 'live') changes.push(this.#find(module, found));
      } else if (instance === undefined) this.#entries.set(module, this.#scanned(found));
    }
    for (const [module, found] of scan)
      if (found.state === 'live' && !told.has(module) && !this.#entries.has(module))
        changes.push(this.#find(module, found));
    return [...changes, ...this.apply(events, true)];
  }

  #applyOne({ action, module, sequence }: ModuleEvent, isLossy: boolean): readonly ModuleChange[] {
    const entry = this.#entries.get(module);
    const told = { module, seen: 'event', sequence } as const;
    if (action === 'add') {
      if (entry !== undefined && (!isLossy || this.#now() < entry.expectedUntil)) return [];
      const between = entry === undefined ? [] : [this.#remove(module)];
      this.#add(module);
      return [...between, { type: 'added', ...told }];
    }
    if (entry !== undefined) {
      this.#entries.delete(module);
      return [{ type: 'removed', ...told }];
    }
    // It must have been there; but if nothing was lost that was before the beginning.
    if (!isLossy) return [];
    return [
      { type: 'added', module, seen: 'scan', sequence: null },
      { type: 'removed', ...told },
    ];
  }

  #add(module: string): void {
    this.#entries.set(module, { instance: this.#instanceOf(module), expectedUntil: 0 });
  }

  #find(module: string, found: ScannedModule): ModuleChange {
    this.#entries.set(module, this.#scanned(found));
    return { type: 'added', module, seen: 'scan', sequence: null };
  }

  #remove(module: string): ModuleChange {
    this.#entries.delete(module);
    return { type: 'removed', module, seen: 'scan', sequence: null };
  }

  #scanned({ instance }: ScannedModule): Entry {
    return { instance, expectedUntil: this.#now() + BELATED_MS };
  }
}

function isOther(known: bigint | undefined, found: bigint | undefined): boolean {
  return known !== undefined && found !== undefined && known !== found;
}
