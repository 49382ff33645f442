import { shellWord } from '../errors/shell-word.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleState } from '../kernel/module-state.ts';
import { commandLineList, securityState } from '../kernel/security-state.ts';
import type { Evidence, Finding } from './diagnosis.ts';
import type { FailureFacts } from './failure-facts.ts';
import { findingOf } from './finding-list.ts';
import { KERNEL_LOG } from './log-lines.ts';
import { modulePattern } from './module-pattern.ts';

/** Errnos that the loader itself answers with: an init may return them too. */
const ofLoader: ReadonlySet<string> = new Set(
  'EPERM EACCES ENOENT EINVAL ENOEXEC EBUSY EEXIST ENOMEM EINTR EFAULT EKEYREJECTED EBADMSG'.split(' '),
);

/** The kernel's line about a firmware file that it does not find. */
const NO_FIRMWARE = /Direct firmware load for (\S+) failed with error/;

/** How many lines of the log are shown. */
const MOST_LINES = 5;

/** The finding that is left when nothing speaks for a refusal by the loader: the module's init function did not want. */
export function initFinding(facts: FailureFacts, errno: string): Finding {
  const module = facts.module ?? facts.asked;
  const lines = linesAbout(facts, module);
  const isOwn = !ofLoader.has(errno);
  // A parameter's own function may answer with any errno, and only the log would tell.
  const isSure = isOwn && (facts.log !== undefined || facts.parameters === '');
  const evidence: readonly (readonly [string, string])[] = [
    [errno, `${facts.syscall ?? 'the call'}(2)`],
    ...(isOwn || facts.log === undefined
      ? []
      : ([['no line of the module loader about it', KERNEL_LOG]] as const)),
    ...lines.map(({ text, source }) => [text, source] as const),
  ];
  if (facts.log === undefined && !isOwn) return unknownFinding(module, errno, evidence);
  if (errno === 'ENODEV' || errno === 'ENXIO')
    return findingOf('no-device', module, {
      text: 'The init function of the module found no device, or no feature of the processor, that the module drives.',
      errno,
      confidence: isSure ? 'certain' : 'likely',
      evidence,
      remedies: [`modinfo -F alias ${shellWord(facts.path ?? module)}`, 'lspci -k; lsusb -t'],
    });
  const firmware = lines.map(({ text }) => NO_FIRMWARE.exec(text)?.[1]).find((name) => name !== undefined);
  if (firmware !== undefined)
    return findingOf('firmware-missing', module, {
      text: `The init function of the module did not get its firmware ${firmware}.`,
      confidence: 'likely',
      errno,
      evidence,
      remedies: ['apt install firmware-linux', `apt-file search ${shellWord(firmware)}`],
    });
  const listed = commandLineList(securityState(facts.kernel), 'initcall_blacklist');
  // With the log there would be a line that names the function.
  if (errno === 'EPERM' && facts.log === undefined && listed.length > 0)
    return findingOf('initcall-blacklist', module, {
      text: 'The kernel command line names init functions that must not run, and the one of this module may be among them.',
      confidence: 'likely',
      errno,
      evidence: [...evidence, [`initcall_blacklist=${listed.join(',')}`, '/proc/cmdline']],
      remedies: ['Take it off initcall_blacklist= in the boot loader and boot again.'],
    });
  if (errno === 'ENOMEM' && facts.log === undefined) return unknownFinding(module, errno, evidence);
  const wanted = errno === 'ENOENT' ? softDependencies(facts, module) : [];
  if (wanted.length > 0)
    return findingOf('soft-dependency-missing', module, {
      text: `The init function asked for something that is not there; ${wanted.join(', ')}, which the module wishes for, may provide it.`,
      confidence: 'likely',
      errno,
      evidence: [
        ...evidence,
        [`softdep ${module} pre: ${wanted.join(' ')}`, `${facts.tree.directory}/modules.softdep`],
      ],
      remedies: [`modprobe ${wanted.join(' ')}`, `modprobe ${module}`],
    });
  return findingOf('init-failed', module, {
    text: `The init function of the module ended with ${errno}${lines.length > 0 ? '; the kernel log has lines of that moment' : ''}.`,
    confidence: isSure ? 'certain' : 'likely',
    errno,
    evidence,
    remedies: ['dmesg | tail', `modinfo -p ${shellWord(facts.path ?? module)}`],
  });
}

function unknownFinding(
  module: string,
  errno: string,
  evidence: readonly (readonly [string, string])[],
): Finding {
  return findingOf('unknown', module, {
    text: `The kernel answered ${errno}; why is in its log, which cannot be read here.`,
    confidence: 'possible',
    errno,
    evidence: [...evidence, ['cannot be read', '/dev/kmsg']],
    remedies: ['sudo dmesg | tail'],
  });
}

/** Lines of the log that name the module; where none does, the last ones of that moment. */
function linesAbout({ log }: FailureFacts, module: string): readonly Evidence[] {
  const records = (log ?? []).filter(({ facility }) => facility === 0);
  const name = modulePattern(module);
  const own = records.filter(({ message }) => new RegExp(`\\b${name}\\b`, 'i').test(message));
  return (own.length > 0 ? own : records)
    .slice(-MOST_LINES)
    .map(({ message }) => ({ text: message, source: KERNEL_LOG }));
}

function softDependencies({ tree, kernel }: FailureFacts, module: string): readonly string[] {
  return tree
    .softDependencyLines()
    .filter((line) => line.module.replaceAll('-', '_') === module)
    .flatMap(({ pre }) => pre)
    .filter(
      (name) => !tree.isBuiltin(name.replaceAll('-', '_')) && !isLive(name.replaceAll('-', '_'), kernel),
    );
}

function isLive(module: string, kernel: KernelLocation): boolean {
  return moduleState(module, kernel) === 'live';
}
