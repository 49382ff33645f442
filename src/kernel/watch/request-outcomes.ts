import type { TimedRequest } from './request-trace.ts';
import type { OutcomeRecord, RequestRecord } from './watch-record.ts';

/** What a requested name stands for, by the tree of modules and the configuration. */
export interface RequestMeaning {
  /** Modules of which one is to come in; none where it stands for nothing. */
  readonly modules: readonly string[];
  /** What keeps modprobe from loading it; null where nothing does. */
  readonly heldBack: string | null;
  /** Where that is written. */
  readonly source: string;
}

/** Finds out what a name stands for. Null where that is not known. */
export type RequestReader = (name: string) => RequestMeaning | null;

/** How long a request is followed, in milliseconds. */
const FOLLOWED_MS = 5000;

interface Followed {
  readonly record: RequestRecord;
  readonly modules: readonly string[];
  readonly source: string;
  readonly timer: NodeJS.Timeout;
}

/** Follows requests until it can be said, with evidence, how they ended, or for some seconds. */
export class RequestOutcomes {
  readonly #meaningOf: RequestReader;
  readonly #isLoaded: (module: string) => boolean;
  readonly #report: (record: OutcomeRecord) => void;
  readonly #followed = new Set<Followed>();
  #count = 0;

  /** @param report is told of each outcome */
  constructor(
    meaningOf: RequestReader,
    isLoaded: (module: string) => boolean,
    report: (record: OutcomeRecord) => void,
  ) {
    this.#meaningOf = meaningOf;
    this.#isLoaded = isLoaded;
    this.#report = report;
  }

  /** The record for a request. */
  recordOf({ name, wait, comm, pid, callSite, time }: TimedRequest): RequestRecord {
    this.#count++;
    return { type: 'request', request: this.#count, name, wait, requester: { comm, pid }, callSite, time };
  }

  /** Begins to follow a request that has been told of. */
  follow(record: RequestRecord): void {
    const meaning = this.#meaningOf(record.name);
    if (meaning === null) {
      this.#tell(record, 'unknown', { evidence: 'what the name stands for could not be found out' });
      return;
    }
    const { modules, heldBack, source } = meaning;
    const present = modules.find((module) => this.#isLoaded(module));
    if (present !== undefined)
      this.#tell(record, 'already-loaded', {
        module: present,
        evidence: `${source}; it is in /proc/modules`,
      });
    else if (heldBack !== null)
      this.#tell(record, 'held-back', { module: modules[0] ?? null, evidence: heldBack });
    else if (modules.length === 0) this.#tell(record, 'not-found', { evidence: source });
    else {
      const timer = setTimeout(() => this.#giveUp(followed), FOLLOWED_MS).unref();
      const followed: Followed = { record, modules, source, timer };
      this.#followed.add(followed);
    }
  }

  /** A module has come in. */
  onAdded(module: string, time: Date): void {
    for (const followed of this.#followed) {
      const { record, modules, source, timer } = followed;
      if (!modules.includes(module)) continue;
      clearTimeout(timer);
      this.#followed.delete(followed);
      const afterMs = Math.max(0, time.getTime() - record.time.getTime());
      this.#tell(record, 'loaded', { module, afterMs, evidence: `${source}; it came in after the request` });
    }
  }

  close(): void {
    for (const { timer } of this.#followed) clearTimeout(timer);
    this.#followed.clear();
  }

  #giveUp(followed: Followed): void {
    this.#followed.delete(followed);
    const { record, source } = followed;
    const evidence = `${source}; it did not come in within ${FOLLOWED_MS / 1000} s`;
    this.#tell(record, 'unknown', { module: followed.modules[0] ?? null, evidence });
  }

  #tell(
    { request, name }: RequestRecord,
    outcome: OutcomeRecord['outcome'],
    facts: Pick<OutcomeRecord, 'evidence'> & Partial<Pick<OutcomeRecord, 'module' | 'afterMs'>>,
  ): void {
    this.#report({
      type: 'outcome',
      request,
      name,
      outcome,
      module: facts.module ?? null,
      afterMs: facts.afterMs ?? null,
      evidence: facts.evidence,
      time: new Date(),
    });
  }
}
