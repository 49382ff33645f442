import { moduleState } from '../kernel/module-state.ts';
import { type SecurityState, securityState } from '../kernel/security-state.ts';
import type { CauseCode } from './cause.ts';
import type { Finding } from './diagnosis.ts';
import { examineModule } from './examination.ts';
import type { FailureFacts } from './failure-facts.ts';
import { FindingList } from './finding-list.ts';
import { initFinding } from './init-failure.ts';
import type { Inquiry } from './inquiry.ts';
import { readLogLines } from './log-lines.ts';
import { checkPermission } from './permission-check.ts';
import { silentFinding } from './silent-refusal.ts';
import { symbolFinding } from './symbol-failure.ts';

/** What is found about a refused load: the main cause first. */
export interface FailureFindings {
  readonly findings: readonly Finding[];
  readonly list: FindingList;
}

/**
 * Explains a load that the kernel refused. What the kernel itself wrote about this call counts most, then what it is known to
 * refuse without a word, then what the file, examined afterwards, has against it, if that leads to the same errno. What is left
 * is the init function's.
 */
export function* explainLoad(facts: FailureFacts, errno: string): Inquiry<FailureFindings> {
  const module = facts.module ?? facts.asked;
  const list = new FindingList(module);
  const state = securityState(facts.kernel);
  const names = [module];
  const examined = yield* examine(facts, state, names);
  list.checks.push(...examined.checks);
  const logged = readLogLines(facts.log ?? [], names, errno).filter(
    (finding) => !finding.refused || finding.errno === errno,
  );
  const isFitting = (finding: Finding): boolean => finding.refused && finding.errno === errno;
  const fromFile = examined.findings.filter(isFitting);
  const notes = [...logged, ...examined.findings].filter(({ refused }) => !refused);
  const refusals = logged.filter(({ refused }) => refused);
  if (refusals.length > 0) {
    const main = yield* mainOf(refusals, fromFile, facts);
    return { findings: unique([...main, ...notes]), list };
  }
  const silent = silentFinding(facts, { errno, state, fromFile });
  if (silent !== undefined) return { findings: unique([silent, ...fromFile, ...notes]), list };
  const doubts =
    facts.log === undefined ? fromFile.map(asLikely) : fromFile.filter(({ cause }) => isSilent(cause));
  if (doubts.length > 0) return { findings: unique([...doubts, ...notes]), list };
  return { findings: unique([initFinding(facts, errno), ...notes]), list };
}

/** The file examined as before a load, with the permission; adds the name that the file has for itself to `names`. */
function* examine(facts: FailureFacts, state: SecurityState, names: string[]): Inquiry<FindingList> {
  const { module, path, kernel, tree } = facts;
  const list = new FindingList(module ?? facts.asked);
  checkPermission(list, { state, kernel });
  if (path === null || module === null) return list;
  const name = yield* examineModule(list, {
    module,
    path,
    parameters: facts.parameters,
    tree,
    kernel,
    root: facts.root,
    state,
    isThorough: true,
    isAlone: true,
    isPresent: (other) => tree.isBuiltin(other) || moduleState(other, kernel) === 'live',
  });
  if (name !== undefined && !names.includes(name)) names.push(name);
  return list;
}

/** What the kernel wrote, with what the file tells of the same cause; the last of several refusals decides on the errno. */
function* mainOf(
  refusals: readonly Finding[],
  fromFile: readonly Finding[],
  facts: FailureFacts,
): Inquiry<readonly Finding[]> {
  const merged: Finding[] = [];
  for (const finding of refusals) {
    const better = finding.cause === 'unknown-symbol' ? yield* symbolFinding(finding, facts) : finding;
    const same = fromFile.find(({ cause }) => cause === better.cause);
    merged.push(
      same === undefined
        ? better
        : {
            ...same,
            confidence: 'certain',
            evidence: [...better.evidence, ...same.evidence],
          },
    );
  }
  const foreign = fromFile.filter(
    ({ cause, confidence }) => cause === 'other-kernel-build' && confidence === 'certain',
  );
  const isSymptom = merged.every(({ cause }) => cause === 'module-structure-size' || cause === 'vermagic');
  return isSymptom ? [...foreign, ...merged] : merged;
}

/** Causes that the kernel refuses a module for without a line in its log. */
function isSilent(cause: CauseCode): boolean {
  return silentCauses.has(cause);
}

const silentCauses: ReadonlySet<CauseCode> = new Set<CauseCode>([
  'file-empty',
  'file-not-regular',
  'file-unreadable',
  'file-too-large',
  'signature-mismatch',
  'signature-malformed',
  'already-loaded',
]);

function asLikely(finding: Finding): Finding {
  return finding.confidence === 'certain' ? { ...finding, confidence: 'likely' } : finding;
}

/** The findings without those of a cause that was told already. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<CauseCode>();
  return findings.filter(({ cause }) => {
    if (seen.has(cause)) return false;
    seen.add(cause);
    return true;
  });
}
