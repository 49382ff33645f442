import { type CauseCode, stageOf } from './cause.ts';
import type { Check, Confidence, Evidence, Finding } from './diagnosis.ts';

/** What a finding is made of. */
export interface FindingFacts {
  readonly text: string;
  /** Default `certain`. */
  readonly confidence?: Confidence;
  /** Default true. */
  readonly refused?: boolean;
  /** Default: the list's module. */
  readonly module?: string;
  readonly errno?: string;
  /** Text and source of each. */
  readonly evidence?: readonly (readonly [text: string, source: string])[];
  readonly remedies?: readonly string[];
}

/** Findings and checks as they come up. */
export class FindingList {
  readonly findings: Finding[] = [];
  readonly checks: Check[] = [];
  readonly module: string;

  /** @param module that findings are about which name no other */
  constructor(module: string) {
    this.module = module;
  }

  add(cause: CauseCode, facts: FindingFacts): void {
    this.findings.push(findingOf(cause, this.module, facts));
  }

  check(name: string, result: Check['result'], detail: string): void {
    this.checks.push({ name, result, detail });
  }
}

/** A finding with all its fields. */
export function findingOf(cause: CauseCode, module: string, facts: FindingFacts): Finding {
  return {
    cause,
    stage: stageOf(cause),
    confidence: facts.confidence ?? 'certain',
    refused: facts.refused ?? true,
    module: facts.module ?? module,
    text: facts.text,
    errno: facts.errno ?? null,
    evidence: (facts.evidence ?? []).map(([text, source]): Evidence => ({ text, source })),
    remedies: facts.remedies ?? [],
  };
}
