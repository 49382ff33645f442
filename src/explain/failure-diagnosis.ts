import { errnoEntry } from '../errors/errno.ts';
import type { CauseCode } from './cause.ts';
import { type Diagnosis, type Finding, rankFindings } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { checkFile } from './file-check.ts';
import { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { explainLoad } from './load-failure.ts';
import { lookUpSubject } from './tree-check.ts';
import { treeConfiguration } from '../config/configuration-index.ts';
import { explainUnload } from './unload-failure.ts';

/** Explains why a load failed, from what it left behind. */
export function* diagnoseLoadFailure(facts: FailureFacts): Inquiry<Diagnosis> {
  const { errno, syscall } = facts;
  if (errno !== null && (syscall === 'finit_module' || syscall === 'init_module')) {
    const { findings, list } = yield* explainLoad(facts, errno);
    return diagnosisOf(facts, findings, list);
  }
  const list = new FindingList(facts.module ?? facts.asked);
  if (lookUpCodes.has(facts.code)) {
    const { tree } = facts;
    const found = yield* lookUpSubject(list, facts.asked, { tree, configuration: treeConfiguration(tree) });
    if (found.length === 0) return diagnosisOf(facts, rankFindings(list.findings), list);
  }
  if (fileCodes.has(facts.code) && facts.path !== null) {
    yield* checkFile(list, facts.path, { tree: facts.tree, kernel: facts.kernel, isWhole: true });
    if (list.findings.some(({ refused }) => refused))
      return diagnosisOf(facts, rankFindings(list.findings), list);
  }
  const cause = causesOfCodes[facts.code] ?? 'unknown';
  list.add(cause, {
    text: facts.message.split('\n')[0] ?? facts.code,
    confidence: cause === 'unknown' ? 'possible' : 'certain',
    ...(errno !== null && { errno }),
    evidence: [[facts.message, facts.path ?? facts.code]],
  });
  return diagnosisOf(facts, list.findings, list);
}

/** Explains why an unload failed. */
export function* diagnoseUnloadFailure(facts: FailureFacts): Inquiry<Diagnosis> {
  const list = new FindingList(facts.module ?? facts.asked);
  const own = facts.code === 'ERR_KMOD_ABORTED' || facts.code === 'ERR_KMOD_COMMAND_FAILED';
  const cause = causesOfCodes[facts.code];
  if (own && cause !== undefined)
    list.add(cause, { text: facts.message, evidence: [[facts.message, facts.code]] });
  else list.findings.push(yield* explainUnload(facts));
  return diagnosisOf(facts, list.findings, list);
}

const lookUpCodes: ReadonlySet<string> = new Set([
  'ERR_KMOD_NOT_FOUND',
  'ERR_KMOD_INDEX_MISSING',
  'ERR_KMOD_INDEX_CORRUPT',
  'ERR_KMOD_INDEX_UNREADABLE',
]);

const fileCodes: ReadonlySet<string> = new Set([
  'ERR_KMOD_MODULE_FILE',
  'ERR_KMOD_COMPRESSED_DATA',
  'ERR_KMOD_TOO_LARGE',
]);

const causesOfCodes: Readonly<Record<string, CauseCode>> = {
  ERR_KMOD_NOT_FOUND: 'not-found',
  ERR_KMOD_INDEX_MISSING: 'indexes-missing',
  ERR_KMOD_INDEX_CORRUPT: 'indexes-damaged',
  ERR_KMOD_INDEX_UNREADABLE: 'indexes-damaged',
  ERR_KMOD_MODULE_FILE: 'file-unreadable',
  ERR_KMOD_COMPRESSED_DATA: 'compressed-data',
  ERR_KMOD_MODULE_CORRUPT: 'elf-damaged',
  ERR_KMOD_TOO_LARGE: 'file-too-large',
  ERR_KMOD_ALREADY_LOADED: 'already-loaded',
  ERR_KMOD_BUILTIN: 'built-in-name',
  ERR_KMOD_NOT_LIVE: 'not-live',
  ERR_KMOD_OWNER: 'file-owner',
  ERR_KMOD_ABORTED: 'aborted',
  ERR_KMOD_COMMAND_FAILED: 'command-failed',
  ERR_KMOD_COMMAND_LOOP: 'install-command',
  ERR_KMOD_BLACKLISTED: 'config-blacklist',
  ERR_KMOD_DEPENDENCY_CYCLE: 'dependency-cycle',
  ERR_KMOD_NO_MODULE_SUPPORT: 'no-module-support',
};

function diagnosisOf(facts: FailureFacts, findings: readonly Finding[], { checks }: FindingList): Diagnosis {
  const [first] = findings;
  return {
    subject: facts.asked,
    module: facts.module,
    path: facts.path,
    release: facts.tree.release,
    when: 'after',
    verdict: first?.confidence === 'certain' ? 'fails' : 'may-fail',
    cause: first?.cause ?? null,
    findings,
    checks,
  };
}

/** Name of an errno, or the number where it has none. */
export function errnoName(errno: number): string {
  return (errno < 0 ? errnoEntry(errno)?.name : undefined) ?? String(errno);
}
