import { nativeBinding } from './load-binding.ts';

/** Questions to the running kernel that neither /proc nor /sys answers. None of them changes anything. */
export interface KernelQuestions {
  /** The messages with which a netlink protocol answers; undefined where it does not, or refuses. */
  readonly netlink: (protocol: number, request: Uint8Array) => Buffer | undefined;
  /** An attribute of what a path leads to; undefined without it, or without the right to read it. */
  readonly attribute: (path: string, name: string) => string | undefined;
  /** ioctl(2) with a structure, which the kernel fills: the call's result or `-errno`. */
  readonly control: (fd: number, request: number, structure: Uint8Array) => number;
}

const ENOSYS = -38;

/** The questions, asked for real. Without an addon that fits nothing is answered. */
export const kernelQuestions: KernelQuestions = {
  netlink: (protocol, request) => bytesOf(() => nativeBinding().askNetlink(protocol, request)),
  attribute: (path, name) =>
    bytesOf(() => nativeBinding().readAttribute(path, name))
      ?.toString('latin1')
      .replace(/\0.*$/s, ''),
  control: (fd, request, structure) => {
    try {
      return nativeBinding().controlDevice(fd, request, structure);
    } catch {
      return ENOSYS;
    }
  },
};

function bytesOf(ask: () => Buffer | number): Buffer | undefined {
  try {
    const answer = ask();
    return typeof answer === 'number' ? undefined : answer;
  } catch {
    return undefined;
  }
}
