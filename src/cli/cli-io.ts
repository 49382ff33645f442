import type { CommandRunner } from '../execute/shell-command.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { ModuleCalls } from '../native/module-calls.ts';

/**
 * Takes a message for the system's log.
 *
 * @param priority as of syslog(3): 2 critical, 3 error, 4 warning, 6 info
 */
export type SystemLog = (program: string, priority: number, text: string) => void;

/** All that a command sees of the world besides files. */
export interface CliIo {
  /** Takes text, or bytes as they are to go out. */
  readonly stdout: (output: string | Uint8Array) => void;
  /** Whether a person sees what goes to stdout at once. Default: no. */
  readonly stdoutIsTerminal?: () => boolean;
  readonly stderr: (output: string | Uint8Array) => void;
  /** Whether a person sees what goes to stderr at once. Default: no. */
  readonly stderrIsTerminal?: () => boolean;
  /** Whether the program was started with its stderr closed. Default: no. */
  readonly stderrWasClosed?: () => boolean;
  /** Sends a message to the system's log. Default: there is none. */
  readonly systemLog?: SystemLog;
  /** Descriptor that stdout is. Default: none is known. */
  readonly stdoutDescriptor?: number;
  /** Has a command that goes on by itself told when it is to end. Answers what takes that back. Default: it is never told. */
  readonly onStop?: (stop: () => void) => () => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Folder in place of `/` for the default folders of configuration. Default: none, the real ones. */
  readonly root?: string;
  /** What makes the system calls. */
  readonly syscalls: ModuleCalls;
  /** What runs commands of the configuration. Default: the shell. */
  readonly commands?: CommandRunner;
  /** /proc and /sys of the kernel. */
  readonly kernel: KernelLocation;
  /** Release of the running kernel. */
  readonly release: string;
}

/** A command: its arguments without program name in, its exit code out. */
export type Command = (argv: readonly string[], io: CliIo, program: string) => number | Promise<number>;
