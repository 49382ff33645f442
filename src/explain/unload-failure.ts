import { kernelPath, readKernelText } from '../kernel/kernel-file.ts';
import { loadedModules } from '../kernel/loaded-modules.ts';
import { hasModuleFolder, moduleHolders, moduleRefcount, moduleState } from '../kernel/module-state.ts';
import { securityState } from '../kernel/security-state.ts';
import type { Finding } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { FindingList, findingOf } from './finding-list.ts';
import { checkPermission } from './permission-check.ts';

/** Explains why a module stays in the kernel. The kernel writes no line about it: its state is all there is. */
export function explainUnload(facts: FailureFacts): Finding {
  const { code, errno, kernel, syscall } = facts;
  const module = facts.module ?? facts.asked;
  const answer: readonly (readonly [string, string])[] =
    errno === null || syscall === null ? [] : [[errno, `${syscall}(2)`]];
  const more = { ...(errno !== null && { errno }) };
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
  if (code === 'ERR_KMOD_BUILTIN' || (state === undefined && hasModuleFolder(module, kernel)))
    return findingOf('built-in', module, {
      ...more,
      text: `${module} is part of the kernel and cannot be unloaded.`,
      evidence: [['is there, without initstate', `/sys/module/${module}`]],
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
  return useFinding(facts, module, answer);
}

function useFinding(
  { kernel, errno }: FailureFacts,
  module: string,
  answer: readonly (readonly [string, string])[],
): Finding {
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
    const mounts = mountsOf(module, kernel.root);
    return findingOf('in-use', module, {
      ...more,
      text: `Something else than a module uses it ${count === 1 ? 'once' : `${count} times`}: an open device, a mount, a socket or an interface.`,
      evidence: [
        ...answer,
        [String(count), `/sys/module/${module}/refcnt`],
        ...mounts.map((place) => [`mounted on ${place}`, '/proc/self/mounts'] as const),
      ],
      remedies:
        mounts.length > 0
          ? mounts.map((place) => `umount ${place}`)
          : [
              `ls /sys/module/${module}/drivers`,
              'Close what uses it, then try again: kmodctl unload --wait=5000',
            ],
    });
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
    findingOf(state.hasFilter === true ? 'seccomp-filter' : 'permission-unknown', module, {
      text: 'The kernel refuses the call, and nothing that is visible here tells why.',
      confidence: state.hasFilter === true ? 'likely' : 'possible',
      ...(errno !== null && { errno }),
      evidence: answer,
      remedies: [
        'run as root (with CAP_SYS_MODULE, outside a container)',
        'grep -E "CapEff|Seccomp" /proc/self/status',
      ],
    })
  );
}

/** Where file systems of a module's name are mounted. */
function mountsOf(module: string, root: string | undefined): readonly string[] {
  try {
    const text = readKernelText(kernelPath({ root }, 'proc/self/mounts'))?.text ?? '';
    return text
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, , type]) => type === module)
      .map(([, place = '']) => place);
  } catch {
    return [];
  }
}
