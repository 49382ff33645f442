import { accessSync, constants, existsSync, readFileSync } from 'node:fs';

import { VmError } from '../vm-error.ts';

/** How QEMU runs the guest's instructions: hardware virtualisation, or translation. */
export type Accelerator = 'kvm' | 'tcg';

/** A choice of accelerator and the sentence that explains it. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly reason: string;
  /** Asked for by name: no other one is tried when it fails. */
  readonly forced: boolean;
}

/** Where the facts are read from; the defaults are the running system's. */
export interface AcceleratorFacts {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cpuinfo?: string;
  readonly loadedModules?: (name: string) => boolean;
  readonly deviceAccessible?: () => boolean;
}

/**
 * Chooses the accelerator without starting anything.
 *
 * That `/dev/kvm` opens proves nothing: under a nested "pagetable" KVM (`kvm_pvm`) it opens, the API version is right and
 * a one-instruction probe runs, yet stock kernels hang or make QEMU abort. So the processor must offer vmx or svm, and
 * kvm_intel or kvm_amd must drive it. What passes here is still tried out by booting under a watchdog (see
 * the template code), and falls back to TCG when the kernel does not come up.
 *
 * `KMODCTL_VM_ACCEL=kvm|tcg` overrides; `probe` tries KVM whatever the facts say, and falls back to TCG.
 *
 * @throws VmError `ERR_KMOD_VM_BOOT` for another value of the variable
 */
export function chooseAccelerator(facts: AcceleratorFacts = {}): AcceleratorChoice {
  const override = (facts.environment ?? process.env)['KMODCTL_VM_ACCEL'];
  if (override === 'kvm' || override === 'tcg')
    return { accelerator: override, reason: `KMODCTL_VM_ACCEL=${override}`, forced: true };
  if (override === 'probe') return { accelerator: 'kvm', reason: 'KMODCTL_VM_ACCEL=probe', forced: false };
  if (override !== undefined && override !== '')
    throw new VmError(
      'ERR_KMOD_VM_BOOT',
      `KMODCTL_VM_ACCEL is "${override}"; it must be "kvm", "tcg" or "probe".`,
    );
  const accessible = (facts.deviceAccessible ?? kvmDeviceAccessible)();
  if (!accessible) return tcg('/dev/kvm is missing or may not be opened');
  const loaded = facts.loadedModules ?? ((name) => existsSync(`/sys/module/${name}`));
  if (loaded('kvm_pvm')) return tcg('/dev/kvm opens, but is kvm_pvm, under which stock kernels hang');
  const cpuinfo = facts.cpuinfo ?? readFileSync('/proc/cpuinfo', 'latin1');
  if (!/^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo))
    return tcg('/dev/kvm opens, but the processor offers neither vmx nor svm');
  if (!loaded('kvm_intel') && !loaded('kvm_amd'))
    return tcg('/dev/kvm opens, but neither kvm_intel nor kvm_amd drives it');
  return {
    accelerator: 'kvm',
    reason: 'hardware virtualisation (vmx or svm) with kvm_intel or kvm_amd',
    forced: false,
  };
}

function tcg(reason: string): AcceleratorChoice {
  return { accelerator: 'tcg', reason, forced: false };
}

function kvmDeviceAccessible(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
