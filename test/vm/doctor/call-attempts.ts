/** What keeps a call from being made, the kernel from taking a file, or a module from being unloaded. */
import { changedFiles } from '../../explain/changed-modules.ts';
import { MODULES } from '../in-guest.ts';
import type { Attempt } from './attempt.ts';
import { FILES, type Material } from './material.ts';

const FAIL = `${MODULES}/kmodctl_fail.ko`;

/** The changed stock modules. 6.1 takes a wrong struct module, which could crash it. */
export function changedAttempts(kernel: string, { place }: Material): readonly Attempt[] {
  return changedFiles
    .filter(({ cause }) => kernel !== '6.1' || cause !== 'module-structure-size')
    .map(({ title, cause, parameters, note }) => ({
      title,
      cause,
      target: place(title),
      ...(note !== undefined && { note }),
      ...(parameters !== undefined && { parameters }),
    }));
}

/** Who may not make the call, and what cannot be read. */
export function callAttempts({ place }: Material): readonly Attempt[] {
  const signed = place('not changed');
  return [
    { title: 'another user', cause: 'no-privilege', target: signed, user: 65_534 },
    {
      title: 'open for writing',
      cause: 'file-being-written',
      before: 'none',
      target: signed,
      writing: signed,
    },
    { title: 'a folder', cause: 'file-not-regular', target: FILES },
    { title: 'no such file', cause: 'file-missing', target: `${FILES}/none.ko` },
    {
      title: 'a link to itself',
      cause: 'file-unreadable',
      target: `${FILES}/circle.ko`,
      prepare: `ln -s circle.ko ${FILES}/circle.ko`,
    },
    {
      title: 'a file of another user, with strict owners',
      cause: 'file-owner',
      before: 'none',
      target: signed,
      options: { checkOwner: 'refuse' },
      prepare: `chown 1000 ${signed}`,
      tidy: `chown 0 ${signed}`,
    },
    { title: 'ended by its signal', cause: 'aborted', before: 'none', target: signed, aborted: true },
    {
      title: 'a file of 3 GiB',
      cause: 'file-too-large',
      target: '/huge.ko',
      prepare: 'dd if=/dev/zero of=/huge.ko bs=1 count=1 seek=3221225472',
      tidy: 'rm /huge.ko',
    },
    { title: 'compressed data damaged', cause: 'compressed-data', target: place('damaged xz') },
    { title: 'of another kernel', cause: 'other-kernel-build', target: place('other kernel') },
    {
      title: 'loaded already',
      cause: 'already-loaded',
      target: signed,
      prepare: `busybox insmod ${signed}`,
      tidy: 'busybox rmmod dummy',
    },
    {
      title: 'a symbol exported twice',
      cause: 'duplicate-export',
      before: 'none',
      target: place('exported twice'),
      prepare: `busybox insmod ${MODULES}/kmodctl_pair_base.ko`,
      tidy: 'busybox rmmod kmodctl_pair_base',
    },
    {
      title: 'a text that is too long',
      cause: 'parameter-too-long',
      target: `${MODULES}/kmodctl_params.ko`,
      parameters: `label=${'x'.repeat(1030)}`,
    },
    {
      title: 'more data than there is memory',
      cause: 'no-memory',
      target: `${MODULES}/kmodctl_huge.ko`,
    },
    {
      title: 'too much data for each processor',
      cause: 'no-memory',
      before: 'none',
      target: `${MODULES}/kmodctl_percpu.ko`,
    },
    {
      title: 'module_blacklist= names it',
      cause: 'kernel-blacklist',
      kind: 'modprobe',
      target: 'ifb',
    },
    {
      title: 'initcall_blacklist= names its init',
      cause: 'initcall-blacklist',
      target: `${MODULES}/kmodctl_small.ko`,
    },
  ];
}

/** What a module's init answers. */
export function initAttempts(kernel: string, { release }: Material): readonly Attempt[] {
  const answers = (result: number, name: string, cause: 'no-device' | 'init-failed'): Attempt => ({
    title: `init answers ${name}`,
    cause,
    before: 'none',
    target: FAIL,
    parameters: `result=${result}`,
  });
  return [
    answers(-19, 'ENODEV', 'no-device'),
    answers(-6, 'ENXIO', 'no-device'),
    answers(-5, 'EIO', 'init-failed'),
    answers(-22, 'EINVAL', 'init-failed'),
    answers(-2, 'ENOENT', 'init-failed'),
    answers(-8, 'ENOEXEC', 'init-failed'),
    answers(-1, 'EPERM', 'init-failed'),
    answers(-13, 'EACCES', 'init-failed'),
    answers(-12, 'ENOMEM', 'init-failed'),
    answers(-5000, 'a number that is no errno', 'init-failed'),
    {
      title: 'firmware that nobody has',
      cause: 'firmware-missing',
      before: 'none',
      note: 'firmware-missing',
      target: `${MODULES}/kmodctl_firmware.ko`,
    },
    {
      title: 'a soft dependency that is not there',
      cause: 'soft-dependency-missing',
      before: 'none',
      target: `/lib/modules/${release}/kernel/lib/libcrc32c.ko${kernel === '6.1' ? '' : '.xz'}`,
      prepare: 'busybox rmmod libcrc32c crc32c_generic crc32c_intel; echo >/proc/sys/kernel/modprobe',
      tidy: 'echo /sbin/modprobe >/proc/sys/kernel/modprobe',
    },
  ];
}

/** What keeps a module in the kernel. */
export const unloadAttempts: readonly Attempt[] = [
  {
    title: 'unload: its init has not ended',
    cause: 'being-loaded',
    kind: 'rmmod',
    target: 'kmodctl_slow',
    prepare: `busybox insmod ${MODULES}/kmodctl_slow.ko init_ms=4000 >/dev/null 2>&1 & until grep -qs coming /sys/module/kmodctl_slow/initstate; do sleep 0.1; done`,
    tidy: 'until grep -qs live /sys/module/kmodctl_slow/initstate; do sleep 0.1; done',
  },
  {
    title: 'while it is being unloaded: load',
    cause: 'being-unloaded',
    target: `${MODULES}/kmodctl_slow.ko`,
    options: { busyTimeoutMs: 0 },
    prepare:
      'echo 8000 >/sys/module/kmodctl_slow/parameters/exit_ms; busybox rmmod kmodctl_slow >/dev/null 2>&1 & until grep -qs going /sys/module/kmodctl_slow/initstate; do sleep 0.1; done',
  },
  {
    title: 'while it is being unloaded: unload',
    cause: 'being-unloaded',
    kind: 'rmmod',
    target: 'kmodctl_slow',
  },
  { title: 'unload: not loaded', cause: 'not-loaded', kind: 'rmmod', target: 'dummy' },
  { title: 'unload: built in', cause: 'built-in', kind: 'rmmod', target: 'i8042' },
  {
    title: 'unload: used by another module',
    cause: 'used-by-modules',
    kind: 'rmmod',
    target: 'kmodctl_pair_base',
    prepare: `busybox insmod ${MODULES}/kmodctl_pair_base.ko; busybox insmod ${MODULES}/kmodctl_pair_user.ko`,
    tidy: 'busybox rmmod kmodctl_pair_user kmodctl_pair_base',
  },
  {
    title: 'unload: a device in use',
    cause: 'in-use',
    kind: 'rmmod',
    target: 'loop',
    prepare: `busybox insmod ${FILES}/loop/loop.ko; dd if=/dev/zero of=/image bs=1024 count=64; losetup /dev/loop0 /image`,
    tidy: 'losetup -d /dev/loop0; busybox rmmod loop',
  },
  {
    title: 'unload: no exit function',
    cause: 'permanent',
    kind: 'rmmod',
    target: 'kmodctl_noexit',
    prepare: `busybox insmod ${MODULES}/kmodctl_noexit.ko`,
  },
];

/** Where the load that waits longest leaves its answer. */
const WAITED = `${FILES}/waited.json`;

/** A load that waits for 30 s in the background, and what goes on meanwhile. */
export function waitingAttempts(others: readonly Attempt[]): readonly Attempt[] {
  const base = `${MODULES}/kmodctl_wait_base.ko`;
  return [
    {
      title: 'a load that a signal reaches while it waits for another one',
      cause: 'interrupted',
      before: 'being-loaded',
      target: base,
      blocking: true,
      options: { busyTimeoutMs: 0 },
      prepare:
        `busybox insmod ${base} init_ms=200000 >/dev/null 2>&1 & until grep -qs coming /sys/module/kmodctl_wait_base/initstate; do sleep 0.1; done; ` +
        `kmodctl load --json ${MODULES}/kmodctl_wait_user.ko >${WAITED} 2>/dev/null & ` +
        // 313 is finit_module(2). Node's own handler of this signal, which starts its debugger, is the one that does not
        // restart the call.
        '(until grep -q "^313 " /proc/$PPID/syscall; do sleep 0.1; done; kill -USR1 $PPID) >/dev/null 2>&1 &',
    },
    ...others,
    {
      title: 'a module that does not end its init within 30 s',
      cause: 'provider-initialising',
      before: 'none',
      target: `${MODULES}/kmodctl_wait_user.ko`,
      result: WAITED,
    },
  ];
}
