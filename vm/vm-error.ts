/** Failures of the VM harness; `code` is stable, and docs/vm.md lists what each one means. */
export const vmErrorCodes = {
  ERR_KMOD_VM_NO_QEMU: 'QEMU, or a program that starts it, is not installed.',
  ERR_KMOD_VM_NO_ROOM: 'The cache folder has not enough free space.',
  ERR_KMOD_VM_PACKAGES: 'A Debian package could not be resolved, fetched or unpacked.',
  ERR_KMOD_VM_KERNEL: 'The kernel named does not exist, or its image or modules cannot be used.',
  ERR_KMOD_VM_BUILD: 'Test modules could not be built.',
  ERR_KMOD_VM_BOOT: 'The kernel did not boot as far as the agent.',
  ERR_KMOD_VM_PANIC: 'The guest kernel panicked.',
  ERR_KMOD_VM_OOPS: 'The guest kernel oopsed.',
  ERR_KMOD_VM_HUNG: 'The guest does not answer any more.',
  ERR_KMOD_VM_LOST: 'QEMU ended without having been asked to.',
  ERR_KMOD_VM_TIMEOUT: 'A command in the guest took longer than its timeout; the guest goes on.',
  ERR_KMOD_VM_LIFETIME: 'The VM lived longer than its timeout.',
  ERR_KMOD_VM_ABORTED: 'The AbortSignal of the VM or of a command was triggered.',
  ERR_KMOD_VM_STOPPED: 'The VM has been stopped.',
} as const;

/** One of the harness's own codes. */
export type VmErrorCode = keyof typeof vmErrorCodes;

/** Further facts of a {@link VmError}. */
export interface VmErrorDetails {
  /** Last lines of the guest's console, oldest first. Default none. */
  readonly consoleTail?: readonly string[];
  /** Error that led to this one. */
  readonly cause?: unknown;
}

/** A failure of the harness or of the guest as a whole. A command that merely exits non-zero is none. */
export class VmError extends Error {
  readonly code: VmErrorCode;
  /** Last lines of the guest's console, oldest first; empty where there was no console yet. */
  readonly consoleTail: readonly string[];

  constructor(code: VmErrorCode, message: string, details: VmErrorDetails = {}) {
    const tail = details.consoleTail ?? [];
    const text = [message, ...shorten(tail).map((line) => `  | ${line}`)].join('\n');
    super(text, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.consoleTail = tail;
  }
}
const SHOWN_LINES = 40;

// The message has enough to see what happened; `consoleTail` has all of it.
function shorten(lines: readonly string[]): readonly string[] {
  if (lines.length <= SHOWN_LINES) return lines;
  return [
    ...lines.slice(0, SHOWN_LINES - 1),
    `(${lines.length - SHOWN_LINES + 1} more lines in consoleTail)`,
  ];
}

Object.defineProperty(VmError.prototype, 'name', { value: 'VmError', configurable: true });
