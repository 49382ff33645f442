import type { Confidence, Evidence } from '../diagnosis.ts';

/** What may have a module loaded. */
export type LoadReasonKind =
  | 'builtin'
  | 'dependency'
  | 'soft-dependency'
  | 'weak-dependency'
  | 'install-command'
  | 'modules-load'
  | 'kernel-command-line'
  | 'initramfs'
  | 'udev-rule'
  | 'unit'
  | 'device'
  | 'request'
  | 'kernel-log'
  | 'unasked';

/** One thing that asks for a module. What asks for it now is not always what had it loaded. */
export interface LoadReason {
  readonly kind: LoadReasonKind;
  /** A sentence. */
  readonly text: string;
  /**
   * `certain`: it has the module loaded whenever it takes place. `likely`: it usually does. `possible`: it may, and nothing shows
   * that it did.
   */
  readonly confidence: Confidence;
  readonly evidence: readonly Evidence[];
}

/** A reason with all its fields. */
export function reasonOf(
  kind: LoadReasonKind,
  confidence: Confidence,
  text: string,
  evidence: readonly (readonly [text: string, source: string])[],
): LoadReason {
  return { kind, text, confidence, evidence: evidence.map(([seen, source]) => ({ text: seen, source })) };
}

const ranks: Readonly<Record<Confidence, number>> = { certain: 0, likely: 1, possible: 2 };

/** The more certain first; equals stay in their order. */
export function rankReasons(reasons: readonly LoadReason[]): readonly LoadReason[] {
  return reasons.toSorted((a, b) => ranks[a.confidence] - ranks[b.confidence]);
}
