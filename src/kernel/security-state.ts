import { readlinkSync } from 'node:fs';

import { INITIAL_USER_NAMESPACE } from '../native/user-namespace.ts';
import { type KernelLocation, kernelPath, readKernelText } from './kernel-file.ts';

/** What decides on the permission to load modules. Null is what cannot be read. */
export interface SecurityState {
  /** Whether this process has CAP_SYS_MODULE, in whatever user namespace it is. */
  readonly hasCapability: boolean | null;
  /** Whether the process is in a user namespace of its own, where that capability does not count. */
  readonly inUserNamespace: boolean | null;
  /** What shows it: the name of the namespace, as `user:[4026531837]`; null where the mapping of ids does. */
  readonly userNamespace: string | null;
  /** Whether a seccomp filter is on the process. */
  readonly hasFilter: boolean | null;
  /** /proc/sys/kernel/modules_disabled. */
  readonly modulesDisabled: boolean | null;
  /** module.sig_enforce. */
  readonly enforcesSignatures: boolean | null;
  /** Null also where the kernel has no lockdown. */
  readonly lockdown: 'none' | 'integrity' | 'confidentiality' | null;
  /** /proc/cmdline. */
  readonly commandLine: string | null;
}

/** Number of the capability that loading and unloading take. */
export const CAP_SYS_MODULE = 16;

/** Whether a process has that capability by its /proc/PID/status; null where that does not tell. */
export function hasLoadCapability(status: string): boolean | null {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return capabilities === undefined
    ? null
    : ((BigInt(`0x${capabilities}`) >> BigInt(CAP_SYS_MODULE)) & 1n) === 1n;
}

/** Whether loading was turned off until the next start (sysctl kernel.modules_disabled). */
export function isLoadingDisabled(location: KernelLocation = {}): boolean {
  return readKernelText(kernelPath(location, 'proc/sys/kernel/modules_disabled'))?.text.trim() === '1';
}

/** Name of the first user namespace in /proc/PID/ns. */
export const INITIAL_NAMESPACE = `user:[${INITIAL_USER_NAMESPACE}]`;
const WHOLE_MAP = /^\s*0\s+0\s+4294967295\s*$/;

/** Reads the state. Never throws: what cannot be read is null. */
export function securityState(location: KernelLocation = {}): SecurityState {
  const text = (path: string): string | null => {
    try {
      return readKernelText(kernelPath(location, path))?.text ?? null;
    } catch {
      return null;
    }
  };
  const status = text('proc/self/status');
  const filter = /^Seccomp:\s*(\d)$/m.exec(status ?? '')?.[1];
  const map = text('proc/self/uid_map');
  const userNamespace = namespaceName(kernelPath(location, 'proc/self/ns/user'));
  const disabled = text('proc/sys/kernel/modules_disabled')?.trim();
  const enforced = text('sys/module/module/parameters/sig_enforce')?.trim();
  const lockdown = /\[(none|integrity|confidentiality)\]/.exec(
    text('sys/kernel/security/lockdown') ?? '',
  )?.[1];
  return {
    hasCapability: hasLoadCapability(status ?? ''),
    // One that maps every id to itself looks like the first by its map.
    inUserNamespace: userNamespace === null ? isPartial(map) : userNamespace !== INITIAL_NAMESPACE,
    userNamespace,
    hasFilter: filter === undefined ? null : filter !== '0',
    modulesDisabled: disabled === undefined ? null : disabled === '1',
    enforcesSignatures: enforced === undefined ? null : enforced === 'Y',
    lockdown: (lockdown ?? null) as SecurityState['lockdown'],
    commandLine: text('proc/cmdline'),
  };
}

function isPartial(map: string | null): boolean | null {
  return map === null ? null : !WHOLE_MAP.test(map);
}

function namespaceName(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The values of a parameter of the kernel's command line, each split at its commas. */
export function commandLineList({ commandLine }: SecurityState, name: string): readonly string[] {
  if (commandLine === null) return [];
  return commandLine
    .trim()
    .split(/\s+/)
    .filter((word) => word.startsWith(`${name}=`))
    .flatMap((word) =>
      word
        .slice(name.length + 1)
        .replaceAll('"', '')
        .split(','),
    )
    .filter((value) => value !== '');
}
