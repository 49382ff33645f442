import { loadedModules } from '../kernel/loaded-modules.ts';
import { isShownAsBuiltin, moduleHolders, moduleRefcount, moduleState } from '../kernel/module-state.ts';
import { securityState } from '../kernel/security-state.ts';
import type { Finding } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { type FindingFacts, FindingList, findingOf } from './finding-list.ts';
import type { Inquiry } from './inquiry.ts';
import { checkPermission, unexplainedRefusal } from './permission-check.ts';
import { kernelQuestions } from '../native/kernel-questions.ts';
import { type ModuleUses, usesOfModule } from './uses/module-uses.ts';

/** Explains why a module stays in the kernel. The kernel writes no line about it: its state is all there is. */
export function* explainUnload(facts: FailureFacts): Inquiry<Finding> {
  const { code, errno, kernel, syscall } = facts;
  const module = facts.module ?? facts.asked;
  const answer: readonly (readonly [string, string])[] =
    errno === null || syscall === null ? [] : [[errno, `${syscall}(2)`]];
  const more = { ...(errno !== null && { errno }) };
  if (errno === 'ENOSYS' && securityState(kernel).hasFilter === true)
    return refusedByState(facts, module, answer);
  if (code === 'ERR_KMOD_NO_MODULE_SUPPORT' || code === 'ERR_KMOD_NO_UNLOAD_SUPPORT' || errno === 'ENOSYS') {
    const cause = code === 'ERR_KMOD_NO_MODULE_SUPPORT' ? 'no-module-support' : 'no-unload-support';
    return findingOf(cause, module, {
      ...more,
      text: facts.message,
      evidence: [[facts.message, '/proc/modules']],
    });
  }
  if (errno === 'EPERM') return refusedByState(facts, module, answer);
  const state = moduleState(module, kernel);
  if (code === 'ERR_KMOD_BUILTIN' || isShownAsBuiltin(module, kernel))
    return findingOf('built-in', module, {
      ...more,
      text: `${module} is part of the kernel and cannot be unloaded.`,
      evidence: [['is there, without holders', `/sys/module/${module}`]],
    });
  if (state === undefined || code === 'ERR_KMOD_NOT_LOADED' || errno === 'ENOENT')
    return findingOf('not-loaded', module, {
      ...more,
      text: `No module of the name ${module} is loaded.`,
      evidence: [...answer, ['does not exist', `/sys/module/${module}/initstate`]],
      remedies: ['lsmod'],
    });
  if (state !== 'live')
    return findingOf(state === 'coming' ? 'being-loaded' : 'being-unloaded', module, {
      ...more,
      text: `${module} is being ${state === 'coming' ? 'loaded: its init has not ended' : 'unloaded by somebody else'}.`,
      evidence: [...answer, [state, `/sys/module/${module}/initstate`]],
      remedies: ['Try again in a moment.'],
    });
  return yield* useFinding(facts, module, answer);
}

function* useFinding(
  { kernel, errno, tree, isReal }: FailureFacts,
  module: string,
  answer: readonly (readonly [string, string])[],
): Inquiry<Finding> {
  const more = { ...(errno !== null && { errno }) };
  const holders = moduleHolders(module, kernel);
  if (holders.length > 0)
    return findingOf('used-by-modules', module, {
      ...more,
      text: `The module is used by ${holders.join(', ')}.`,
      evidence: [...answer, [holders.join(' '), `/sys/module/${module}/holders`]],
      remedies: [
        `modprobe -r ${[...holders, module].join(' ')}`,
        `kmodctl unload --remove-holders ${module}`,
      ],
    });
  const line = loadedModules(kernel).find(({ name }) => name === module);
  if (line?.permanent === true)
    return findingOf('permanent', module, {
      ...more,
      text: 'The module has no exit function, so the kernel never unloads it.',
      evidence: [...answer, ['[permanent]', '/proc/modules']],
      remedies: ['Boot again without it.'],
    });
  const count = moduleRefcount(module, kernel);
  if (count !== undefined && count > 0) {
    const uses = yield* usesOfModule(module, {
      tree,
      kernel,
      questions: isReal ? kernelQuestions : undefined,
    });
    return findingOf('in-use', module, { ...more, ...inUseFacts(module, count, uses, answer) });
  }
  return findingOf('unknown', module, {
    ...more,
    text: 'The kernel refuses to unload the module, and nothing that is visible now tells why: its user may be gone by now.',
    confidence: 'possible',
    evidence: answer.length > 0 ? answer : [['use count 0', `/sys/module/${module}/refcnt`]],
    remedies: [`rmmod ${module}`],
  });
}

function refusedByState(
  { kernel, errno }: FailureFacts,
  module: string,
  answer: readonly (readonly [string, string])[],
): Finding {
  const list = new FindingList(module);
  const state = securityState(kernel);
  checkPermission(list, { state, kernel });
  const [known] = list.findings;
  return (
    known ??
    unexplainedRefusal(module, {
      isFiltered: state.hasFilter === true,
      errno,
      evidence: answer,
      question: 'grep -E "CapEff|Seccomp" /proc/self/status',
    })
  );
}

/** How many users are named in the sentence. */
const MOST_NAMED = 3;

function inUseFacts(
  module: string,
  count: number,
  { uses, unexplained, unknown }: ModuleUses,
  answer: readonly (readonly [string, string])[],
): FindingFacts {
  const keeping = uses.filter(({ references }) => references.most !== 0);
  const times = count === 1 ? 'once' : `${count} times`;
  const counted = [...answer, [String(count), `/sys/module/${module}/refcnt`] as const];
  const rest =
    (unexplained?.least ?? 0) > 0
      ? [`What else keeps it is not to be seen here${unknown.length > 0 ? `: ${unknown.join(' ')}` : '.'}`]
      : [];
  if (keeping.length === 0)
    return {
      text: [
        'Something else than a module uses it ',
        times,
        ', and neither /proc nor /sys tells what.',
        ...rest.slice(0, unknown.length > 0 ? 1 : 0).map((text) => ` ${text}`),
      ].join(''),
      evidence: counted,
      remedies: [`kmodctl why ${module}`, 'Close what uses it, then try again: kmodctl unload --wait=5000'],
    };
  const named = keeping.slice(0, MOST_NAMED).map(({ text }) => text);
  const further =
    keeping.length > MOST_NAMED
      ? [`kmodctl why ${module} tells of ${keeping.length - MOST_NAMED} more.`]
      : [];
  return {
    text: [`Something else than a module uses it ${times}.`, ...named, ...further, ...rest].join(' '),
    evidence: [
      ...counted,
      ...keeping.flatMap(({ evidence }) => evidence.map(({ text, source }) => [text, source] as const)),
    ],
    remedies: [...new Set(keeping.flatMap(({ remedies }) => remedies)), `kmodctl why ${module}`],
  };
}
