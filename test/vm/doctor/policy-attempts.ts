/** The kernel's policies, one after the other: none can be taken back, so each rung of the ladder is stricter. */
import type { Attempt } from './attempt.ts';
import type { Material } from './material.ts';

/** Locked down, signatures enforced, a policy of IMA, modules switched off. Before them nothing is enforced. */
export function policyAttempts({ place }: Material): readonly Attempt[] {
  const signed = place('not changed');
  const unsigned = place('without its signature');
  return [
    {
      title: 'locked down: no signature',
      cause: 'lockdown-unsigned',
      target: unsigned,
      prepare: 'mount -t securityfs none /sys/kernel/security; echo integrity >/sys/kernel/security/lockdown',
    },
    { title: 'locked down: signed', cause: null, target: signed },
    {
      title: 'locked down: a build, signed with another key',
      cause: 'lockdown-unsigned',
      before: 'signature-unknown-key',
      target: place('build, signed'),
    },
    {
      title: 'locked down: an address of hardware',
      cause: 'parameter-locked',
      before: 'none',
      target: place('parport_pc'),
      parameters: 'io=0x378',
      prepare: `busybox insmod ${place('parport')}`,
    },
    {
      title: 'signatures enforced: no signature',
      cause: 'signature-required',
      target: unsigned,
      prepare: 'echo Y >/sys/module/module/parameters/sig_enforce',
    },
    {
      title: 'signatures enforced: a build, stripped after it was signed',
      cause: 'signature-required',
      target: place('build, stripped after it was signed'),
    },
    {
      title: 'signatures enforced: another form',
      cause: 'signature-unsupported',
      target: place('a signature of another form'),
    },
    {
      title: 'signatures enforced: a build, signed with another key',
      cause: 'signature-unknown-key',
      target: place('build, signed'),
    },
    {
      title: "signatures enforced: another kernel's key",
      cause: 'signature-unknown-key',
      before: 'other-kernel-build',
      target: place('other kernel'),
    },
    { title: 'signatures enforced: signed', cause: null, target: signed },
    {
      title: 'a policy of IMA: the kernel’s own signature is not what it asks for',
      cause: 'security-module',
      before: 'none',
      target: signed,
      prepare: 'echo "appraise func=MODULE_CHECK appraise_type=imasig" >/sys/kernel/security/ima/policy',
    },
    {
      title: 'modules switched off: load',
      cause: 'modules-disabled',
      target: signed,
      prepare: 'echo 1 >/proc/sys/kernel/modules_disabled',
    },
    {
      title: 'modules switched off: unload',
      cause: 'modules-disabled',
      kind: 'rmmod',
      target: 'parport',
    },
  ];
}

/** In a guest that was booted with `nomodule`. */
export function nomoduleAttempts(target: string): readonly Attempt[] {
  return [
    { title: 'booted with nomodule: load', cause: 'modules-disabled', target },
    { title: 'booted with nomodule: nothing is loaded', cause: 'not-loaded', kind: 'rmmod', target: 'dummy' },
  ];
}
