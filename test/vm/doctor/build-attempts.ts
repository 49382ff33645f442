/** Modules that were really built out of the kernel's tree, and what happens to them on their way. */
import { MODULES } from '../in-guest.ts';
import type { Attempt } from './attempt.ts';
import { type Material, OTHER_SYS } from './material.ts';

/** While nothing is enforced. */
export function buildAttempts(kernel: string, { place }: Material): readonly Attempt[] {
  const fine = { parameters: 'result=0' };
  const asKmod = { ...fine, kind: 'modprobe', options: { compat: true } } as const;
  return [
    {
      title: 'a build for the other kernel',
      cause: 'other-kernel-build',
      target: place('build for the other kernel'),
    },
    { title: 'a build, stripped', cause: 'stripped', target: place('build, stripped') },
    {
      title: 'a build, stripped of what is not needed',
      cause: null,
      target: place('build, stripped of what is not needed'),
      ...fine,
    },
    { title: 'a build, cut off', cause: 'file-truncated', target: place('build, cut off') },
    {
      title: 'a build against another type of function',
      cause: 'symbol-version',
      before: 'none',
      target: `${MODULES}/kmodctl_pair_user.ko`,
      prepare: `busybox insmod ${place('of another type')}`,
      tidy: 'busybox rmmod kmodctl_pair_base',
    },
    {
      title: 'a build without what it needs',
      cause: 'unknown-symbol',
      target: `${MODULES}/kmodctl_pair_user.ko`,
    },
    { title: 'a build, signed with another key', cause: null, target: place('build, signed'), ...fine },
    {
      title: 'a build, packed by xz with CRC64',
      cause: null,
      ...(kernel === '6.1' ? {} : { note: 'compression-check' }),
      target: place('build, xz with CRC64'),
      ...fine,
    },
    ...(kernel === '6.1'
      ? ([
          {
            title: 'a build, packed, on a kernel that does not unpack',
            cause: 'compression-unsupported',
            before: 'none',
            target: place('build, xz with CRC32'),
            ...asKmod,
            options: { compat: true, kernelRoot: OTHER_SYS },
          },
        ] as const)
      : ([
          {
            title: 'a build, packed by xz with CRC64, unpacked by the kernel',
            cause: 'compression-check',
            before: 'none',
            note: 'compression-check',
            target: place('build, xz with CRC64'),
            ...asKmod,
          },
          {
            title: 'a build, packed and damaged, unpacked by the kernel',
            cause: 'compressed-data',
            target: place('build, damaged xz'),
            ...asKmod,
          },
        ] as const)),
  ];
}
