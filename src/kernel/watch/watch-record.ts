import type { ModuleDetails } from './module-details.ts';

interface Timed {
  /** When it was noticed; for a request, when the kernel made it. */
  readonly time: Date;
}

/** A module is in the kernel, its init over. */
export interface AddedRecord extends Timed {
  readonly type: 'added';
  readonly module: string;
  /** Whether it was there when the watch began. */
  readonly initial: boolean;
  /** `event`: the kernel told it. `scan`: it was found in /proc/modules. */
  readonly seen: 'event' | 'scan';
  /** Number of the kernel's message; null for a scan. */
  readonly sequence: number | null;
  /** Null where the module was gone before they could be read, and without the option `details`. */
  readonly details: ModuleDetails | null;
}

/** A module has left the kernel. */
export interface RemovedRecord extends Timed {
  readonly type: 'removed';
  readonly module: string;
  readonly seen: 'event' | 'scan';
  readonly sequence: number | null;
}

/** The kernel asks its helper for a module. */
export interface RequestRecord extends Timed {
  readonly type: 'request';
  /** Number of the request in this watch, from 1 on. */
  readonly request: number;
  /** As the helper gets it, for example `net-pf-29`. */
  readonly name: string;
  /** Whether the requester waits for the helper's end. */
  readonly wait: boolean;
  /** The process on whose behalf the kernel asks. Any process can give itself any `comm`. */
  readonly requester: { readonly comm: string; readonly pid: number };
  /** Function of the kernel that asks. */
  readonly callSite: string;
}

/** What can be said with evidence about the end of a request. */
export interface OutcomeRecord extends Timed {
  readonly type: 'outcome';
  readonly request: number;
  readonly name: string;
  /**
   * `loaded`: a module that the name stands for came in after the request. `already-loaded`: it was there. `held-back`: the
   * configuration keeps modprobe from it. `not-found`: the name stands for nothing in the tree of modules and the
   * configuration. `unknown`: nothing of that was seen.
   */
  readonly outcome: 'loaded' | 'already-loaded' | 'held-back' | 'not-found' | 'unknown';
  /** The module that it is about. */
  readonly module: string | null;
  /** From the request to the module's coming, in milliseconds. */
  readonly afterMs: number | null;
  /** What the statement rests on. */
  readonly evidence: string;
}

/** Messages were lost, and what was missing has been found out by a scan as far as that is possible. */
export interface OverrunRecord extends Timed {
  readonly type: 'overrun';
  /** `kernel`: its buffer was full. `reader`: this iterator was not read for too long. `requests`: the trace's buffer was. */
  readonly where: 'kernel' | 'reader' | 'requests';
  /** How many records were dropped, where that is known. For `reader`: pairs that cancel each other out, and old requests and outcomes. */
  readonly dropped: number | null;
}

/** Something about the watch itself that whoever reads it should know. */
export interface NoticeRecord extends Timed {
  readonly type: 'notice';
  /** `polling`: there are no events, so /proc/modules is read at an interval. `no-requests`: load requests are not seen. */
  readonly code: 'polling' | 'no-requests';
  readonly text: string;
}

/** What a watch tells. */
export type WatchRecord =
  AddedRecord | RemovedRecord | RequestRecord | OutcomeRecord | OverrunRecord | NoticeRecord;
