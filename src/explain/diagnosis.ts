import type { CauseCode, FailureStage } from './cause.ts';

/** A fact, and where it is from. */
export interface Evidence {
  readonly text: string;
  /** A file, a section of a file, a system call, or the kernel log. */
  readonly source: string;
}

/**
 * How sure a finding is. `certain`: the evidence leaves no other explanation. `likely`: the usual explanation of what is
 * seen. `possible`: one of several.
 */
export type Confidence = 'certain' | 'likely' | 'possible';

/** One cause that was found. */
export interface Finding {
  readonly cause: CauseCode;
  readonly stage: FailureStage;
  readonly confidence: Confidence;
  /** Whether the kernel, or modprobe, refuses for it; otherwise the load goes on in spite of it. */
  readonly refused: boolean;
  /** The kernel's name of the module that it is about. */
  readonly module: string;
  /** A sentence. */
  readonly text: string;
  /** Name of the errno that the system call answers with; null where it is not known or there is no call. */
  readonly errno: string | null;
  readonly evidence: readonly Evidence[];
  /** What helps: commands, or a sentence where no command does it. */
  readonly remedies: readonly string[];
}

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `unknown`: what it would take was not there or not readable. */
  readonly result: 'ok' | 'fault' | 'unknown';
  /** What was compared with what, or why it is not known. */
  readonly detail: string;
}

/** Why a module does not load (or unload), as far as the evidence goes. */
export interface Diagnosis {
  /** As asked for. */
  readonly subject: string;
  /** The kernel's name of the module; null when there is none of that name. */
  readonly module: string | null;
  readonly path: string | null;
  readonly release: string;
  /** `before`: nothing was tried. `after`: a call was refused. */
  readonly when: 'before' | 'after';
  /**
   * `fails`: a certain cause refuses it. `may-fail`: a cause that is not certain does. `no-fault`: nothing speaks against it;
   * its init may still refuse. `loaded` and `built-in`: there is nothing to load.
   */
  readonly verdict: 'fails' | 'may-fail' | 'no-fault' | 'loaded' | 'built-in';
  /** The main cause; null when there is none. */
  readonly cause: CauseCode | null;
  /** All findings, the main cause first. */
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
}

const ranks: Readonly<Record<Confidence, number>> = { certain: 0, likely: 1, possible: 2 };

/** What follows from a module's being built for another kernel. */
const symptoms: ReadonlySet<CauseCode> = new Set([
  'module-structure-size',
  'vermagic',
  'symbol-version',
  'unknown-symbol',
]);

/**
 * The more telling finding first: what refuses, then by confidence; the build for another kernel before what follows from it;
 * equals stay in their order.
 */
export function rankFindings(findings: readonly Finding[]): readonly Finding[] {
  const isForeign = findings.some(({ cause }) => cause === 'other-kernel-build');
  const weight = ({ cause }: Finding): number => (isForeign && symptoms.has(cause) ? 1 : 0);
  return findings.toSorted(
    (a, b) =>
      Number(b.refused) - Number(a.refused) ||
      ranks[a.confidence] - ranks[b.confidence] ||
      weight(a) - weight(b),
  );
}
