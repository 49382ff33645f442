import type { KernelLogRecord } from '../kernel/kernel-log.ts';
import type { CauseCode } from './cause.ts';
import type { Finding } from './diagnosis.ts';
import { findingOf } from './finding-list.ts';

/** The kernel log's name as a source of evidence. */
export const KERNEL_LOG = 'kernel log (/dev/kmsg) of this very call';

/** A line that the module loader writes, and what it tells. */
interface LogRule {
  readonly pattern: RegExp;
  readonly cause: CauseCode;
  /** Errno that comes with it; undefined where that is not always the same one. */
  readonly errno?: string;
  readonly refused?: boolean;
  readonly text: (parts: readonly string[]) => string;
}

const rebuild = 'Build the module with the headers of the kernel: apt install linux-headers-$(uname -r)';

/** Lines that begin with the module's name. */
const ofModule: readonly LogRule[] = [
  {
    pattern: /^disagrees about version of symbol module_layout$/,
    cause: 'other-kernel-build',
    errno: 'ENOEXEC',
    text: () => 'The module was built for another kernel: the CRC of module_layout differs.',
  },
  {
    pattern: /^disagrees about version of symbol (\S+)$/,
    cause: 'symbol-version',
    errno: 'EINVAL',
    text: ([symbol]) =>
      `The symbol ${symbol} has another CRC in the kernel than the module was built against.`,
  },
  {
    pattern: /^no symbol version for (module_layout)$/,
    cause: 'symbol-version-missing',
    errno: 'ENOEXEC',
    text: ([symbol]) => `The module has no version for ${symbol}.`,
  },
  {
    pattern: /^no symbol version for (\S+)$/,
    cause: 'symbol-version-missing',
    errno: 'EINVAL',
    text: ([symbol]) => `The module has no version for the symbol ${symbol}.`,
  },
  {
    pattern: /^version magic '(.*)' should be '(.*)'$/,
    cause: 'vermagic',
    errno: 'ENOEXEC',
    text: ([own, wanted]) => `The version magic of the module is '${own}', and the kernel's is '${wanted}'.`,
  },
  {
    pattern: /^module has no symbols \(stripped\?\)/,
    cause: 'stripped',
    errno: 'ENOEXEC',
    text: () => 'The module has no symbol table: it was stripped.',
  },
  {
    pattern: /section size must match the kernel's built struct module size/,
    cause: 'module-structure-size',
    errno: 'ENOEXEC',
    text: () => 'struct module has another size in the module than in the kernel.',
  },
  {
    pattern:
      /^No module found in object|one \.gnu\.linkonce\.this_module section must exist|this_module section must/,
    cause: 'no-module-structure',
    errno: 'ENOEXEC',
    text: () => 'The file has no sound section .gnu.linkonce.this_module: it is no finished module.',
  },
  {
    pattern: /^Unknown symbol (\S+) \(err (?:-2|0)\)/,
    cause: 'unknown-symbol',
    errno: 'ENOENT',
    text: ([symbol]) =>
      `The module needs the symbol ${symbol}, which nothing in the kernel offers to it now.`,
  },
  {
    pattern: /^gave up waiting for init of module (\S+)\./,
    cause: 'provider-initialising',
    errno: 'EBUSY',
    text: ([module]) => `The module ${module}, which it needs, did not finish its initialisation in time.`,
  },
  {
    pattern: /^module uses symbol \((\S+)\) from namespace (\S+), but does not import it/,
    cause: 'symbol-namespace',
    errno: 'EINVAL',
    text: ([symbol, namespace]) =>
      `The symbol ${symbol} is in the namespace ${namespace}, which the module does not import.`,
  },
  {
    pattern: /^section (\S+) \(index \d+\) has invalid WRITE\|EXEC flags/,
    cause: 'section-flags',
    errno: 'ENOEXEC',
    text: ([section]) => `The section ${section} is both writable and executable.`,
  },
  {
    pattern: /^exports duplicate symbol (\S+) \(owned by (\S+)\)/,
    cause: 'duplicate-export',
    errno: 'ENOEXEC',
    text: ([symbol, owner]) => `The module exports the symbol ${symbol}, which ${owner} exports already.`,
  },
  {
    pattern: /^module is already loaded/,
    cause: 'built-in-name',
    errno: 'EINVAL',
    text: () => 'A module of that name is part of the kernel.',
  },
  {
    pattern: /^module is marked as livepatch module/,
    cause: 'livepatch-unsupported',
    errno: 'ENOEXEC',
    text: () => 'The module is a live patch, and the kernel does not support these.',
  },
  {
    pattern: /^`(.*)' too large for parameter `(.*)'/,
    cause: 'parameter-too-long',
    errno: 'ENOSPC',
    text: ([value, name]) => `The parameter ${name} does not take a text as long as '${value}'.`,
  },
  {
    pattern: /^`(.*)' invalid for parameter `(.*)'/,
    cause: 'parameter-value',
    text: ([value, name]) => `The parameter ${name} does not take '${value}'.`,
  },
  {
    pattern: /^unknown parameter '(.*)' ignored/,
    cause: 'parameter-unknown',
    refused: false,
    text: ([name]) => `The module has no parameter ${name}; the kernel ignored it.`,
  },
  {
    pattern: /^Could not allocate \d+ bytes percpu data/,
    cause: 'no-memory',
    errno: 'ENOMEM',
    text: () => "The kernel has no memory left for the module's per-processor data.",
  },
  {
    pattern: /^(?:please compile with -fno-common|Symbol .* has an invalid section)/,
    cause: 'elf-damaged',
    errno: 'ENOEXEC',
    text: () => "The module's symbol table is not as the kernel wants it.",
  },
  {
    pattern:
      /Unknown rela relocation: |unsupported RELA relocation: |overflow in relocation type |Invalid relocation target/,
    cause: 'relocation',
    errno: 'ENOEXEC',
    text: () => 'The module has a relocation that the kernel does not know or that does not fit.',
  },
];

/** Lines that name no module. */
const ofLoader: readonly LogRule[] = [
  {
    pattern: /^Invalid ELF header magic/,
    cause: 'not-elf',
    errno: 'ENOEXEC',
    text: () => 'What the kernel was given is no ELF file.',
  },
  {
    pattern: /^Invalid ELF header type: (\d+)/,
    cause: 'not-relocatable',
    errno: 'ENOEXEC',
    text: ([type]) => `The file is an ELF file of type ${type}, and modules are of type 1.`,
  },
  {
    pattern: /^Invalid (?:module )?architecture in ELF header: (\d+)/,
    cause: 'wrong-machine',
    errno: 'ENOEXEC',
    text: ([machine]) => `The module is for another processor architecture (e_machine ${machine}).`,
  },
  {
    pattern: /^Invalid ELF (?:section header overflow|header len)/,
    cause: 'file-truncated',
    errno: 'ENOEXEC',
    text: () => 'The file is cut off: its section table lies behind its end.',
  },
  {
    pattern:
      /^(?:Invalid ELF|ELF Spec violation|empty (?:section|symbol)|symbol (?:string|name)|Only one \.modinfo)/,
    cause: 'elf-damaged',
    errno: 'ENOEXEC',
    text: () => 'The ELF structure of the file is damaged.',
  },
  {
    pattern: /^Loading of unsigned module is rejected/,
    cause: 'signature-required',
    errno: 'EKEYREJECTED',
    text: () => 'The module is not signed, and the kernel enforces signatures.',
  },
  {
    pattern: /^Loading of module with unsupported crypto is rejected/,
    cause: 'signature-unsupported',
    errno: 'EKEYREJECTED',
    text: () =>
      'The signature has an algorithm or form that the kernel does not support, and it enforces signatures.',
  },
  {
    pattern: /^Loading of module with unavailable key is rejected/,
    cause: 'signature-unknown-key',
    errno: 'EKEYREJECTED',
    text: () => 'The module is signed with a key that the kernel does not trust, and it enforces signatures.',
  },
  {
    pattern: /^Lockdown: .*: unsigned module loading is restricted/,
    cause: 'lockdown-unsigned',
    errno: 'EPERM',
    text: () => 'The kernel is locked down, and the module has no signature that it trusts.',
  },
  {
    pattern: /^Lockdown: .*: unsafe module parameters is restricted/,
    cause: 'parameter-locked',
    errno: 'EPERM',
    text: () => 'The kernel is locked down: parameters that name hardware addresses must not be set.',
  },
  {
    pattern: /^Module hash \S+ is blacklisted/,
    cause: 'signature-revoked',
    errno: 'EKEYREJECTED',
    text: () => "The module's hash is on the blacklist of the firmware.",
  },
  {
    pattern: /PKCS#7 signature info has unexpected non-zero params/,
    cause: 'signature-malformed',
    errno: 'EBADMSG',
    text: () => 'The signature at the end of the file has fields set that have to be 0.',
  },
  {
    pattern: /^(?:not an? \w+ compressed module|failed to initialize decompressor|ZSTD-)/,
    cause: 'compressed-data',
    errno: 'EINVAL',
    text: () => 'The kernel cannot unpack the file.',
  },
  {
    pattern: /^decompression failed with status 6/,
    cause: 'compression-check',
    errno: 'EINVAL',
    text: () => 'The kernel does not know the options of the compressed data, such as the CRC64 check of xz.',
  },
  {
    pattern: /^decompression failed with status (\d+)/,
    cause: 'compressed-data',
    errno: 'EINVAL',
    text: () => 'The compressed data is damaged or cut off.',
  },
  {
    pattern: /: vmalloc error: size (\d+)|^execmem: unable to allocate memory/,
    cause: 'no-memory',
    errno: 'ENOMEM',
    text: () => 'The kernel has no memory left for the module or its file.',
  },
  {
    pattern: /^initcall (\S+) blacklisted/,
    cause: 'initcall-blacklist',
    errno: 'EPERM',
    text: ([name]) => `The kernel command line refuses the init function ${name}: initcall_blacklist=.`,
  },
  {
    pattern: /^(?:LoadPin: |ima: impossible to appraise)/,
    cause: 'security-module',
    text: () => 'A Linux security module refuses the file.',
  },
  {
    pattern: /^audit: type=1800 .*\bop=appraise_data cause=(\S+)/,
    cause: 'security-module',
    errno: 'EACCES',
    text: ([reason]) => `The policy of IMA refuses the file: ${reason}.`,
  },
  {
    pattern: /^audit: type=1400 .*\bavc: +denied +\{ (?:module_load|sys_module) \}/,
    cause: 'security-module',
    text: () => 'The policy of SELinux refuses the file or the caller.',
  },
  {
    pattern:
      /^audit: type=1400 .*\bapparmor="DENIED" operation="capable" .*\bprofile="([^"]*)".*\bcapname="sys_module"/,
    cause: 'security-module',
    errno: 'EPERM',
    text: ([profile]) => `The AppArmor profile ${profile} does not give this process CAP_SYS_MODULE.`,
  },
  {
    pattern: /: (?:string parameter too long|string doesn't fit in \d+ chars\.)$/,
    cause: 'parameter-too-long',
    errno: 'ENOSPC',
    text: () => 'A parameter has a text that is too long.',
  },
];

const remedies: Partial<Record<CauseCode, readonly string[]>> = {
  'other-kernel-build': [rebuild, 'dkms autoinstall'],
  'symbol-version': [rebuild],
  'symbol-version-missing': [rebuild],
  vermagic: [rebuild],
  'module-structure-size': [rebuild],
  'unknown-symbol': ['depmod -a && modprobe NAME'],
  'signature-required': ['mokutil --import KEY.der', 'scripts/sign-file sha256 KEY.priv KEY.der MODULE.ko'],
  'signature-unknown-key': ['grep -i asymmetri /proc/keys', 'mokutil --import KEY.der'],
  'lockdown-unsigned': ['cat /sys/kernel/security/lockdown', 'mokutil --import KEY.der'],
  'parameter-value': ['modinfo -p NAME'],
  'parameter-range': ['modinfo -p NAME'],
  'parameter-too-long': ['modinfo -p NAME'],
  'kernel-blacklist': ['Take it off module_blacklist= in the boot loader and boot again.'],
  'initcall-blacklist': ['Take it off initcall_blacklist= in the boot loader and boot again.'],
  'security-module': ['cat /sys/kernel/security/lsm', 'journalctl -k -g audit | tail'],
  'no-memory': ['free -m', 'modinfo -F filename NAME | xargs size -A'],
  'duplicate-export': ['Unload the other module first, or leave this one out.'],
  'compression-check': ['xz -d FILE.ko.xz && xz --check=crc32 FILE.ko'],
};

/** What the loader's lines in the kernel log tell of a call. Names are those that the module may have in them. */
export function readLogLines(
  records: readonly KernelLogRecord[],
  names: readonly string[],
  errno: string,
): readonly Finding[] {
  const [module = ''] = names;
  const findings: Finding[] = [];
  for (const { facility, message } of records) {
    if (facility !== 0) continue;
    const finding = readLine(message, names, { module, errno });
    if (
      finding !== undefined &&
      !findings.some(({ cause, text }) => cause === finding.cause && text === finding.text)
    )
      findings.push(finding);
  }
  return findings;
}

function readLine(
  message: string,
  names: readonly string[],
  { module, errno }: { readonly module: string; readonly errno: string },
): Finding | undefined {
  for (const name of names)
    if (message === `Module ${name} is blacklisted`)
      return made('kernel-blacklist', message, {
        module,
        errno: 'EPERM',
        text: `The kernel command line refuses the module ${name}: module_blacklist=.`,
      });
  const own = names
    .flatMap((name) => [`${name}: `, `module ${name}: `, `module: ${name}: `])
    .find((prefix) => message.startsWith(prefix));
  const rest = own === undefined ? message : message.slice(own.length);
  for (const rule of own === undefined ? ofLoader : [...ofModule, ...ofLoader]) {
    const match = rule.pattern.exec(rest);
    if (match === null) continue;
    const cause = rule.cause === 'parameter-value' ? parameterCause(errno) : rule.cause;
    const text = rule.text(match.slice(1).map((part) => part ?? ''));
    return made(cause, message, { module, errno: rule.errno ?? errno, text, refused: rule.refused ?? true });
  }
  return undefined;
}

function parameterCause(errno: string): CauseCode {
  if (errno === 'ERANGE') return 'parameter-range';
  return errno === 'EPERM' ? 'parameter-locked' : 'parameter-value';
}

function made(
  cause: CauseCode,
  line: string,
  { module, errno, text, refused = true }: { module: string; errno: string; text: string; refused?: boolean },
): Finding {
  return findingOf(cause, module, {
    text,
    errno,
    refused,
    evidence: [[line, KERNEL_LOG]],
    remedies: remedies[cause] ?? [],
  });
}
