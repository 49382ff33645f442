import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { type SecurityState, securityState } from '../kernel/security-state.ts';
import { planInsert } from '../plan/insert-plan.ts';
import { planLoad } from '../plan/load-plan.ts';
import { isBuiltin, type LookupResult } from '../plan/lookup.ts';
import type { LoadPlan } from '../plan/plan.ts';
import { type Diagnosis, type Finding, rankFindings } from './diagnosis.ts';
import { examineModule } from './examination.ts';
import { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { checkPermission, type PermissionProbe } from './permission-check.ts';
import { checkPlan } from './plan-check.ts';
import { lookUpSubject } from './tree-check.ts';

/** What is to be found out about, and where. */
export interface LoadQuestion {
  /** A module's name, an alias, or a file (beginning with `/` or `./`). */
  readonly asked: string;
  readonly parameters: string;
  readonly tree: ModuleTree;
  readonly configuration: ModprobeConfiguration;
  readonly kernel: KernelLocation;
  /** Folder in place of `/` for firmware, /boot and headers; empty for the real one. */
  readonly root: string;
  readonly workingDirectory?: string | undefined;
  /** Whether the tree is that of the running kernel, so that its state counts. */
  readonly isRunning: boolean;
  /** Whether all that can be read is read. */
  readonly isThorough: boolean;
  /** Asks the kernel for permission, without effect. */
  readonly probe?: PermissionProbe | undefined;
}

/** Finds out what speaks against loading a module, before it is tried. */
export function* diagnoseLoad(question: LoadQuestion): Inquiry<Diagnosis> {
  const { asked, tree, kernel, isRunning } = question;
  const list = new FindingList(asked);
  const state = isRunning ? securityState(kernel) : undefined;
  if (state !== undefined) checkPermission(list, { state, kernel, probe: question.probe });
  const targets = yield* lookUpSubject(list, asked, question);
  const [target] = targets;
  if (target === undefined) return conclude(question, list.findings, { list, module: null, path: null });
  const { module } = target;
  if (isBuiltin(tree, target)) {
    list.check('built-in', 'ok', `${tree.directory}/modules.builtin.bin`);
    return conclude(question, [], { list, module, path: null, verdict: 'built-in' });
  }
  const isLoaded = isRunning && moduleState(module, kernel) === 'live';
  if (isLoaded && target.by !== 'path') {
    list.check('loaded', 'ok', `/sys/module/${module}/initstate is live`);
    const path = tree.dependencyLine(module)?.path ?? null;
    return conclude(question, [], { list, module, path, verdict: 'loaded' });
  }
  const own = new FindingList(module);
  const path = yield* examineTarget(own, { question, targets, target, state });
  list.findings.push(...own.findings);
  list.checks.push(...own.checks);
  return conclude(question, list.findings, { list, module, path });
}

interface TargetFacts {
  readonly question: LoadQuestion;
  readonly targets: readonly LookupResult[];
  readonly target: LookupResult;
  readonly state: SecurityState | undefined;
}

function* examineTarget(list: FindingList, facts: TargetFacts): Inquiry<string | null> {
  const { question, target, state } = facts;
  const { tree, kernel, isRunning } = question;
  const { module } = target;
  const plan = planOf(list, facts);
  if (plan === undefined) return target.path;
  checkPlan(list, plan);
  const step = plan.steps.find((each) => each.action === 'insert' && each.module === module);
  const path =
    step?.action === 'insert' ? step.path : (target.path ?? tree.dependencyLine(module)?.path ?? null);
  if (path === null) return null;
  const planned = new Set(plan.steps.map((each) => each.module));
  yield* examineModule(list, {
    module,
    path,
    parameters: step?.action === 'insert' ? step.parameters : question.parameters,
    tree,
    kernel,
    root: question.root,
    state,
    isThorough: question.isThorough,
    isAlone: target.by === 'path',
    isPresent: (name) =>
      planned.has(name) || tree.isBuiltin(name) || (isRunning && moduleState(name, kernel) === 'live'),
  });
  return path;
}

function planOf(list: FindingList, { question, targets, target }: TargetFacts): LoadPlan | undefined {
  const { parameters, tree, kernel, configuration, isRunning } = question;
  if (target.by === 'path' && target.path !== null) return planInsert(target.path, parameters, kernel);
  try {
    return planLoad({ targets, tree, configuration, parameters, kernel, ignoreLoaded: !isRunning });
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    list.add(error.code === 'ERR_KMOD_DEPENDENCY_CYCLE' ? 'dependency-cycle' : 'indexes-damaged', {
      text: error.message,
      evidence: [[error.message, error.path ?? tree.directory]],
      remedies: ['depmod -a'],
    });
    return undefined;
  }
}

/** A diagnosis before a load, from what was found. */
function conclude(
  { asked, tree }: LoadQuestion,
  found: readonly Finding[],
  facts: {
    readonly list: FindingList;
    readonly module: string | null;
    readonly path: string | null;
    readonly verdict?: Diagnosis['verdict'];
  },
): Diagnosis {
  const findings = rankFindings(found);
  const [first] = findings;
  const isRefused = first?.refused === true;
  const verdict = !isRefused ? 'no-fault' : first.confidence === 'certain' ? 'fails' : 'may-fail';
  return {
    subject: asked,
    module: facts.module,
    path: facts.path,
    release: tree.release,
    when: 'before',
    verdict: facts.verdict ?? verdict,
    cause: isRefused ? first.cause : null,
    findings,
    checks: facts.list.checks,
  };
}
