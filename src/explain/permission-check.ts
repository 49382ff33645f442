import { existsSync } from 'node:fs';

import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import { commandLineList, INITIAL_NAMESPACE, type SecurityState } from '../kernel/security-state.ts';
import type { Finding } from './diagnosis.ts';
import { type FindingList, findingOf } from './finding-list.ts';

/** What a side-effect-free call told of the permission: the errno of init_module(2) with no bytes. */
export type PermissionProbe = () => string | undefined;

/**
 * Looks at what keeps this process from loading or unloading any module.
 *
 * @param probe asks the kernel itself; left out where a state in files is to count alone
 */
export function checkPermission(
  list: FindingList,
  {
    state,
    kernel,
    probe,
  }: {
    readonly state: SecurityState;
    readonly kernel: KernelLocation;
    readonly probe?: PermissionProbe | undefined;
  },
): void {
  if (hasNoModules(kernel)) {
    list.add('no-module-support', {
      text: 'The running kernel was built without loadable modules (CONFIG_MODULES=n).',
      errno: 'ENOSYS',
      evidence: [['the file does not exist', kernelPath(kernel, 'proc/modules')]],
      remedies: ['Boot another kernel, or one with the driver built in.'],
    });
    return;
  }
  const before = list.findings.length;
  addStateFindings(list, state);
  const answer = before === list.findings.length ? probe?.() : undefined;
  if (answer === 'EPERM' || (answer === 'ENOSYS' && state.hasFilter === true))
    addUnexplained(list, state, answer);
  else if (list.findings.length === before)
    list.check(
      'permission',
      answer === 'ENOEXEC' || (answer === undefined && state.hasCapability === true) ? 'ok' : 'unknown',
      answer === undefined
        ? 'CAP_SYS_MODULE, /proc/sys/kernel/modules_disabled'
        : `init_module(2) with no bytes answers ${answer}${answer === 'ENOEXEC' ? ': the caller may load modules' : ''}`,
    );
}

function hasNoModules(kernel: KernelLocation): boolean {
  return existsSync(kernelPath(kernel, 'proc/version')) && !existsSync(kernelPath(kernel, 'proc/modules'));
}

function addStateFindings(list: FindingList, state: SecurityState): void {
  if (state.modulesDisabled === true) {
    const isBoot = (state.commandLine ?? '').split(/\s+/).includes('nomodule');
    list.add('modules-disabled', {
      text: `Loading and unloading of modules is switched off until the next boot${isBoot ? ', by nomodule on the kernel command line' : ''}.`,
      errno: 'EPERM',
      evidence: [
        ['1', '/proc/sys/kernel/modules_disabled'],
        ...(isBoot ? ([['nomodule', '/proc/cmdline']] as const) : []),
      ],
      remedies: [
        isBoot
          ? 'Boot without nomodule.'
          : 'grep -r modules_disabled /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d; then boot again',
      ],
    });
  }
  if (state.hasCapability === false)
    list.add('no-privilege', {
      text: 'This process does not have the capability CAP_SYS_MODULE, which loading and unloading takes.',
      errno: 'EPERM',
      evidence: [['bit 16 of CapEff is 0', '/proc/self/status']],
      remedies: [
        'sudo modprobe NAME',
        'In a container: docker run --cap-add SYS_MODULE, or load it on the host.',
      ],
    });
  else if (state.inUserNamespace === true)
    list.add('user-namespace', {
      text: 'This process is in a user namespace (a rootless container): CAP_SYS_MODULE counts in the initial one only.',
      errno: 'EPERM',
      evidence: [
        state.userNamespace === null
          ? ['not the identity over all ids', '/proc/self/uid_map']
          : [`${state.userNamespace}, and the initial one is ${INITIAL_NAMESPACE}`, '/proc/self/ns/user'],
      ],
      remedies: ['Load the module on the host, as its root.'],
    });
}

// The kernel's own two conditions are met, as far as files tell, and still it refuses.
function addUnexplained(list: FindingList, state: SecurityState, answer: 'EPERM' | 'ENOSYS'): void {
  const isFilter = state.hasFilter === true;
  list.add(isFilter ? 'seccomp-filter' : 'permission-unknown', {
    text: isFilter
      ? 'The kernel refuses module calls although the capability is there: the seccomp filter of this process is the likely reason.'
      : 'The kernel refuses module calls, and neither capabilities nor modules_disabled tell why.',
    confidence: isFilter ? 'likely' : 'certain',
    errno: answer,
    evidence: [
      [`init_module(2) with no bytes answers ${answer}`, 'init_module(2)'],
      ...(isFilter ? ([['Seccomp is not 0', '/proc/self/status']] as const) : []),
    ],
    remedies: isFilter
      ? [
          'systemctl show -p ProtectKernelModules,SystemCallFilter UNIT',
          'docker run --security-opt seccomp=unconfined',
        ]
      : ['grep -E "CapEff|Seccomp" /proc/self/status', 'cat /proc/sys/kernel/modules_disabled'],
  });
}

/** Looks at what the kernel's command line says against a module. */
export function checkCommandLine(list: FindingList, state: SecurityState, names: readonly string[]): void {
  const listed = commandLineList(state, 'module_blacklist');
  const name = names.find((each) => listed.includes(each));
  if (name !== undefined)
    list.add('kernel-blacklist', {
      text: `The kernel command line refuses the module ${name}: module_blacklist=.`,
      module: name,
      errno: 'EPERM',
      evidence: [[`module_blacklist=${listed.join(',')}`, '/proc/cmdline']],
      remedies: ['Take it off module_blacklist= in the boot loader and boot again.'],
    });
}

/** The finding for a refusal that neither the state nor the kernel log explains: the filter's where there is one. */
export function unexplainedRefusal(
  module: string,
  facts: {
    readonly isFiltered: boolean;
    readonly errno: string | null;
    /** What the call answered. */
    readonly evidence: readonly (readonly [text: string, source: string])[];
    /** How to look for the reason. */
    readonly question: string;
  },
): Finding {
  const { isFiltered, errno, evidence, question } = facts;
  return findingOf(isFiltered ? 'seccomp-filter' : 'permission-unknown', module, {
    text: isFiltered
      ? 'The kernel refuses the call although the capability is there: the seccomp filter of this process is the likely reason.'
      : 'The kernel refuses the call, and nothing that is visible here tells why.',
    confidence: isFiltered ? 'likely' : 'possible',
    ...(errno !== null && { errno }),
    evidence: isFiltered ? [...evidence, ['Seccomp is not 0', '/proc/self/status']] : evidence,
    remedies: ['run as root (with CAP_SYS_MODULE, outside a container)', question],
  });
}
