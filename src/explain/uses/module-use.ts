import type { ProcessName } from '../../kernel/process-list.ts';
import type { Confidence, Evidence } from '../diagnosis.ts';

/** What keeps a module, or goes with it. */
export type UseKind =
  | 'module'
  | 'mount'
  | 'swap'
  | 'block-device'
  | 'mapped-device'
  | 'open-file'
  | 'socket'
  | 'packet-rule'
  | 'queue-discipline'
  | 'crypto'
  | 'setting'
  | 'interface'
  | 'device';

/** One user of a module. */
export interface ModuleUse {
  readonly kind: UseKind;
  /** A sentence. */
  readonly text: string;
  /**
   * How many of the kernel's references to the module come with it, at least and at most; null where nothing tells. None: it does
   * not keep the module, and goes when the module goes.
   */
  readonly references: { readonly least: number; readonly most: number | null };
  readonly confidence: Confidence;
  /** The module that uses it; null for other users. */
  readonly holder: string | null;
  /** The process that has it open; null for other users. */
  readonly process: ProcessName | null;
  readonly evidence: readonly Evidence[];
  /** Commands that end the use, or a sentence. */
  readonly remedies: readonly string[];
}

/** What a use is made of. */
export interface UseFacts {
  readonly text: string;
  /** How many references: a number where it is always the same one. Default 1. */
  readonly references?: number | readonly [least: number, most: number | null];
  /** Default `certain`. */
  readonly confidence?: Confidence;
  readonly holder?: string;
  readonly process?: ProcessName;
  /** Text and source of each. */
  readonly evidence: readonly (readonly [text: string, source: string])[];
  readonly remedies?: readonly string[];
}

/** A use with all its fields. */
export function useOf(kind: UseKind, facts: UseFacts): ModuleUse {
  const { text, references = 1, confidence = 'certain', holder = null, process = null } = facts;
  const [least, most] = typeof references === 'number' ? [references, references] : references;
  return {
    kind,
    text,
    references: { least, most },
    confidence,
    holder,
    process,
    evidence: facts.evidence.map(([seen, source]) => ({ text: seen, source })),
    remedies: facts.remedies ?? [],
  };
}
