import { explanationOf } from '../explain/explanation.ts';
import type { Diagnosis, Finding } from '../explain/diagnosis.ts';
import { KmodError } from '../errors/kmod-error.ts';
import { ModuleSystemError } from '../errors/system-error.ts';

/** What helps against a refusal by the kernel, by the errno's name. */
const remedies: Readonly<Record<string, string>> = {
  EPERM:
    'run as root (with CAP_SYS_MODULE, outside a container); if you are root, see whether /proc/sys/kernel/modules_disabled is 1 or the kernel is locked down (/sys/kernel/security/lockdown)',
  EACCES: 'run as root; if you are root, a security module forbids it: see the audit log',
  ENOEXEC:
    'the file is no module for this kernel: compare its vermagic with uname -r, and see the kernel log (dmesg)',
  ENOENT:
    'the module lacks a symbol or its init found something missing: the kernel log (dmesg) names it; run depmod if modules were added',
  EINVAL: 'a parameter or the file is not acceptable: the kernel log (dmesg) names the reason',
  ENOKEY: 'the kernel wants a signature by a key that it knows: sign the module, or enrol the key',
  EKEYREJECTED:
    'the signature does not fit the module: sign it again after the last change, stripping included',
  EEXIST: 'the module is loaded already; unload it first to load it anew',
  EBUSY:
    'the module is being loaded or unloaded by someone else, or its device is taken; try again, and see dmesg',
  EAGAIN: 'something still uses the module: an open device, a mount, a socket or an interface',
  ENODEV: 'the module found no device that it drives',
  ENOMEM: 'the kernel has not enough memory for it',
  ENOSYS: 'the kernel or a sandbox does not offer the call',
};

/**
 * An error for people: what happened, its cause and what to do.
 *
 * @param sentence what kmod says of it, which then comes first
 */
export function failureReport(error: unknown, sentence?: string): string {
  if (!(error instanceof Error)) return `${String(error)}\n`;
  const lines =
    sentence === undefined
      ? [error.message]
      : [sentence, ...error.message.split('\n').map((line) => `  ${line}`)];
  const refusal = refusalBehind(error);
  const finding = explanationOf(error)?.findings[0];
  // The message of a failed step quotes its cause already.
  if (refusal !== undefined && !error.message.includes(refusal.message))
    lines.push(`  cause: ${refusal.message}`);
  // What an error of ours says of itself need not be said again; who uses a module it does not say.
  if (finding !== undefined && (refusal !== undefined || finding.cause === 'in-use'))
    lines.push(...findingLines(finding));
  else if (refusal !== undefined && remedies[refusal.code] !== undefined)
    lines.push(`  remedy: ${remedies[refusal.code]}`);
  if (error instanceof KmodError) lines.push(`  code: ${error.code}`);
  return `${lines.join('\n')}\n`;
}

/** Why, what that rests on, and what helps. */
function findingLines({ text, cause, confidence, evidence, remedies: helpful }: Finding): readonly string[] {
  return [
    `  why: ${text} (${cause}, ${confidence})`,
    ...evidence.map((each) => `  seen: ${each.text} [${each.source}]`),
    ...helpful.map((remedy) => `  remedy: ${remedy}`),
  ];
}

/** An error as data. What is not known is null. */
export interface FailureFacts {
  readonly code: string | null;
  readonly message: string;
  /** Negative. */
  readonly errno: number | null;
  readonly syscall: string | null;
  readonly module: string | null;
  readonly path: string | null;
  /** What helps, in a sentence. */
  readonly remedy: string | null;
  /** Why, with evidence; null where that was not looked into. */
  readonly explanation: Diagnosis | null;
  /** The system call's refusal behind it. */
  readonly cause: Pick<FailureFacts, 'code' | 'message' | 'errno' | 'syscall'> | null;
}

/** An error for programs. */
export function failureFacts(error: unknown): FailureFacts {
  const {
    code = null,
    errno = null,
    syscall = null,
    module = null,
    path = null,
  } = (error ?? {}) as Partial<Omit<FailureFacts, 'message'>>;
  const refusal = error instanceof Error ? refusalBehind(error) : undefined;
  const cause = refusal === undefined || refusal === error ? null : refusal;
  return {
    code,
    message: error instanceof Error ? error.message : String(error),
    errno,
    syscall,
    module,
    path,
    remedy: (refusal === undefined ? undefined : remedies[refusal.code]) ?? null,
    explanation: explanationOf(error) ?? null,
    cause: cause && { code: cause.code, message: cause.message, errno: cause.errno, syscall: cause.syscall },
  };
}

function refusalBehind(error: Error): ModuleSystemError | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (current instanceof ModuleSystemError) return current;
  return undefined;
}
