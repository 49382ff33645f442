import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { ModuleCalls } from '../native/module-calls.ts';

/** All that a command sees of the world besides files. */
export interface CliIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** What makes the system calls. */
  readonly syscalls: ModuleCalls;
  /** /proc and /sys of the kernel. */
  readonly kernel: KernelLocation;
  /** Release of the running kernel. */
  readonly release: string;
}

/** A command: its arguments without program name in, its exit code out. */
export type Command = (argv: readonly string[], io: CliIo, program: string) => number | Promise<number>;
