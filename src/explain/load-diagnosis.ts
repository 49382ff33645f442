import type { ModprobeConfiguration } from '../config/modprobe-configuration.ts';
import { KmodError } from '../errors/kmod-error.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { loadedState } from '../kernel/loaded-modules.ts';
import { isModuleListVisible } from '../kernel/module-state.ts';
import { type SecurityState, securityState } from '../kernel/security-state.ts';
import { planInsert } from '../plan/insert-plan.ts';
import { planLoad } from '../plan/load-plan.ts';
import { isBuiltin, type LookupResult } from '../plan/lookup.ts';
import type { LoadPlan } from '../plan/plan.ts';
import { type Diagnosis, type Finding, rankFindings } from './diagnosis.ts';
import { examineModule } from './examination.ts';
import { FindingList } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { checkCommandLine, checkPermission, type PermissionProbe } from './permission-check.ts';
import { checkPlan } from './plan-check.ts';
import { addDamagedIndex, isIndexError, lookUpSubject } from './tree-check.ts';

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
  const list = new FindingList(question.asked);
  try {
    return yield* diagnoseSubject(question, list);
  } catch (error) {
    if (!isIndexError(error)) throw error;
    addDamagedIndex(list, question.tree, error);
    return conclude(question, list.findings, { list, module: null, path: null });
  }
}

function* diagnoseSubject(question: LoadQuestion, list: FindingList): Inquiry<Diagnosis> {
  const { asked, kernel, isRunning } = question;
  const state = isRunning ? securityState(kernel) : undefined;
  if (state !== undefined) checkPermission(list, { state, kernel, probe: question.probe });
  const targets = yield* lookUpSubject(list, asked, question);
  const present = presentTarget(targets, question);
  const [first, ...others] = targets.filter((target) => !isPresent(target, question));
  if (first === undefined) {
    if (present !== undefined) return concludePresent(question, list, { present, notes: [] });
    return conclude(question, list.findings, { list, module: null, path: null });
  }
  const examined = yield* examineTargets(question, [first, ...others], state);
  const { own, module, path } = examined;
  if (present !== undefined && isHindered(examined))
    return concludePresent(question, list, { present, notes: own.findings.map(asNote) });
  list.findings.push(...own.findings);
  list.checks.push(...own.checks);
  return conclude(question, list.findings, { list, module, path });
}

function isLoaded({ module, by }: LookupResult, { kernel, isRunning }: LoadQuestion): boolean {
  return by !== 'path' && isRunning && loadedState(module, kernel) === 'live';
}

function isPresent(target: LookupResult, question: LoadQuestion): boolean {
  return isBuiltin(question.tree, target) || isLoaded(target, question);
}

/** Which of several is in the kernel; a loaded one rather than a part of it. */
function presentTarget(targets: readonly LookupResult[], question: LoadQuestion): LookupResult | undefined {
  const builtin = targets.find((target) => isBuiltin(question.tree, target));
  return targets.find((target) => !isBuiltin(question.tree, target) && isLoaded(target, question)) ?? builtin;
}

function concludePresent(
  question: LoadQuestion,
  list: FindingList,
  { present, notes }: { readonly present: LookupResult; readonly notes: readonly Finding[] },
): Diagnosis {
  const { tree } = question;
  const { module } = present;
  if (isBuiltin(tree, present)) {
    list.check('built-in', 'ok', `${tree.directory}/modules.builtin.bin`);
    return conclude(question, notes, { list, module, path: null, verdict: 'built-in' });
  }
  const file = isModuleListVisible(question.kernel) ? `/sys/module/${module}/initstate` : '/proc/modules';
  list.check('loaded', 'ok', `${file} has it as live`);
  const path = tree.dependencyLine(module)?.path ?? null;
  return conclude(question, notes, { list, module, path, verdict: 'loaded' });
}

function asNote(finding: Finding): Finding {
  return { ...finding, refused: false };
}

interface ExaminedTarget {
  readonly own: FindingList;
  readonly module: string;
  readonly path: string | null;
}

/** Of several modules with one name that are not in the kernel, one that works is enough: they are alternatives. */
function* examineTargets(
  question: LoadQuestion,
  [first, ...others]: readonly [LookupResult, ...LookupResult[]],
  state: SecurityState | undefined,
): Inquiry<ExaminedTarget> {
  const main = yield* examineTarget(first, question, state);
  if (!isHindered(main)) return main;
  const refused = [main];
  for (const target of others) {
    const other = yield* examineTarget(target, question, state);
    if (isHindered(other)) refused.push(other);
    else {
      for (const { own } of refused) other.own.findings.push(...own.findings.map(asNote));
      return other;
    }
  }
  return main;
}

function isHindered({ own }: ExaminedTarget): boolean {
  return own.findings.some(({ refused }) => refused);
}

function* examineTarget(
  target: LookupResult,
  question: LoadQuestion,
  state: SecurityState | undefined,
): Inquiry<ExaminedTarget> {
  const { tree, kernel, isRunning } = question;
  const { module } = target;
  const own = new FindingList(module);
  const plan = planOf(own, target, question);
  if (plan === undefined) return { own, module, path: target.path };
  checkPlan(own, plan, tree);
  if (state !== undefined)
    for (const step of plan.steps)
      if (step.action === 'insert' && step.required && step.module !== module)
        checkCommandLine(own, state, [step.module]);
  const step = plan.steps.find((each) => each.action === 'insert' && each.module === module);
  const path =
    step?.action === 'insert' ? step.path : (target.path ?? tree.dependencyLine(module)?.path ?? null);
  if (path === null) return { own, module, path };
  const planned = new Set(plan.steps.map((each) => each.module));
  yield* examineModule(own, {
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
      planned.has(name) || tree.isBuiltin(name) || (isRunning && loadedState(name, kernel) === 'live'),
  });
  return { own, module, path };
}

function planOf(list: FindingList, target: LookupResult, question: LoadQuestion): LoadPlan | undefined {
  const { parameters, tree, kernel, configuration, isRunning } = question;
  if (target.by === 'path' && target.path !== null) return planInsert(target.path, parameters, kernel);
  try {
    return planLoad({ targets: [target], tree, configuration, parameters, kernel, ignoreLoaded: !isRunning });
  } catch (error) {
    if (!(error instanceof KmodError)) throw error;
    list.add(error.code === 'ERR_KMOD_DEPENDENCY_CYCLE' ? 'dependency-cycle' : 'indexes-damaged', {
      text: error.message,
      evidence: [[error.message, error.path ?? tree.directory]],
      remedies: [tree.depmodCommand()],
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
