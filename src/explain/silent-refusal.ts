import { existsSync } from 'node:fs';

import { shellWord } from '../errors/shell-word.ts';
import { kernelPath } from '../kernel/kernel-file.ts';
import { isShownAsBuiltin, moduleState } from '../kernel/module-state.ts';
import type { SecurityState } from '../kernel/security-state.ts';
import type { Finding } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { FindingList, findingOf } from './finding-list.ts';
import { checkPermission, unexplainedRefusal } from './permission-check.ts';

/** What is known of a refusal that left no line in the log. */
export interface SilentFacts {
  readonly errno: string;
  readonly state: SecurityState;
  /** What speaks against the file and leads to that errno. */
  readonly fromFile: readonly Finding[];
}

/** The cause of a refusal that the kernel never writes a line about; undefined where the errno alone does not tell. */
export function silentFinding(facts: FailureFacts, silent: SilentFacts): Finding | undefined {
  const module = facts.module ?? facts.asked;
  const source = `${facts.syscall ?? 'the call'}(2)`;
  const { errno } = silent;
  const evidence = [[errno, source]] as const;
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
      return permissionFinding(facts, silent);
    case 'EEXIST':
      // Otherwise it is the init's: something else has registered what it wanted to.
      if (moduleState(module, facts.kernel) !== 'live') return undefined;
      return findingOf('already-loaded', module, {
        text: `A module of the name ${module} is loaded.`,
        errno,
        evidence: [...evidence, ['live', `/sys/module/${module}/initstate`]],
        remedies: [`rmmod ${shellWord(module)}`],
      });
    case 'EBUSY':
      return busyFinding(facts, module);
    case 'EKEYREJECTED': {
      const known = silent.fromFile.find(({ cause }) => cause === 'signature-mismatch');
      if (known !== undefined) return known;
      // The policy's own refusals are written into the log; without the log they are as likely.
      if (facts.log === undefined && silent.fromFile.length > 0) return undefined;
      return findingOf('signature-mismatch', module, {
        text: 'The signature does not fit the module: it was changed after it was signed, or the signature itself is damaged. The kernel refuses that also where it does not enforce signatures.',
        errno,
        confidence: facts.log === undefined ? 'possible' : 'likely',
        evidence: [
          ...evidence,
          facts.log === undefined
            ? ['cannot be read', '/dev/kmsg']
            : ['no line about a rejected module, as the policy would leave', '/dev/kmsg'],
        ],
        remedies: ['Sign the module again after the last change (stripping included), or install it again.'],
      });
    }
    case 'EBADMSG':
      return (
        silent.fromFile.find(({ cause }) => cause === 'signature-malformed') ??
        findingOf('signature-malformed', module, {
          text: 'The signature at the end of the file cannot be read.',
          errno,
          confidence: 'likely',
          evidence,
          remedies: ['Sign the module again, or install it again.'],
        })
      );
    case 'ETXTBSY':
      return findingOf('file-being-written', module, {
        text: `A program has the file ${facts.path} open for writing.`,
        errno,
        evidence,
        remedies: [`fuser -v ${shellWord(facts.path ?? '')}`],
      });
    case 'EFBIG':
      return findingOf('file-too-large', module, { text: 'The file has 2 GiB or more.', errno, evidence });
    case 'EOPNOTSUPP':
      if (facts.call !== 'finit-compressed') return undefined;
      return findingOf('compression-unsupported', module, {
        text: 'The kernel does not unpack compressed modules (CONFIG_MODULE_DECOMPRESS).',
        errno,
        evidence,
        remedies: [`Unpack the file ${facts.path} first.`],
      });
    case 'ENOSYS':
      if (existsSync(kernelPath(facts.kernel, 'proc/modules')))
        return silent.state.hasFilter === true ? permissionFinding(facts, silent) : undefined;
      return findingOf('no-module-support', module, {
        text: 'The running kernel was built without loadable modules (CONFIG_MODULES=n).',
        errno,
        evidence: [...evidence, ['does not exist', kernelPath(facts.kernel, 'proc/modules')]],
      });
    case 'EINTR':
      return findingOf('interrupted', module, {
        text: 'A signal ended the call while it waited for another load of the same module.',
        errno,
        evidence,
      });
    case 'EINVAL':
      return builtInFinding(facts, module);
    default:
      return undefined;
  }
}

function permissionFinding(
  facts: FailureFacts,
  { state, errno, fromFile }: SilentFacts,
): Finding | undefined {
  const module = facts.module ?? facts.asked;
  const list = new FindingList(module);
  checkPermission(list, { state, kernel: facts.kernel });
  const [known] = list.findings;
  if (known !== undefined) return known;
  const [fromState] = fromFile;
  // Lines about lockdown are rationed, so that one may be missing.
  if (fromState?.cause === 'lockdown-unsigned') return fromState;
  if (facts.log !== undefined && facts.isReal && state.hasFilter !== true) return undefined;
  if (fromState !== undefined) return { ...fromState, confidence: 'likely' };
  return unexplainedRefusal(module, {
    isFiltered: state.hasFilter === true,
    errno,
    evidence: [[errno, `${facts.syscall ?? 'the call'}(2)`]],
    question: 'cat /proc/sys/kernel/modules_disabled /sys/kernel/security/lockdown',
  });
}

function busyFinding(facts: FailureFacts, module: string): Finding | undefined {
  const state = moduleState(module, facts.kernel);
  if (state !== 'coming' && state !== 'going') return undefined;
  return findingOf(state === 'coming' ? 'being-loaded' : 'being-unloaded', module, {
    text: `A module of the name ${module} is being ${state === 'coming' ? 'loaded' : 'unloaded'} by somebody else.`,
    errno: 'EBUSY',
    evidence: [
      ['EBUSY', `${facts.syscall ?? 'the call'}(2)`],
      [state, `/sys/module/${module}/initstate`],
    ],
    remedies: ['Try again in a moment.'],
  });
}

function builtInFinding(facts: FailureFacts, module: string): Finding | undefined {
  if (!isShownAsBuiltin(module, facts.kernel)) return undefined;
  return findingOf('built-in-name', module, {
    text: `A module of the name ${module} is part of the running kernel.`,
    errno: 'EINVAL',
    evidence: [
      ['EINVAL', `${facts.syscall ?? 'the call'}(2)`],
      ['is there, without holders', `/sys/module/${module}`],
    ],
    remedies: ['Rename the module in its Makefile.'],
  });
}
