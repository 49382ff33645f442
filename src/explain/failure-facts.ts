import type { KernelLogRecord } from '../kernel/kernel-log.ts';
import type { ModuleTree } from '../index-files/module-tree.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import type { InsertCall } from '../plan/plan.ts';

/** A call that the kernel refused, or a run that ended before one. */
export interface FailureFacts {
  /** As asked for. */
  readonly asked: string;
  /** Code of the error: this package's own or the errno's name. */
  readonly code: string;
  readonly message: string;
  /** Name of the errno that the kernel answered with; null where no call was made. */
  readonly errno: string | null;
  readonly syscall: string | null;
  /** The kernel's name of the module whose step failed; null when there was none. */
  readonly module: string | null;
  readonly path: string | null;
  readonly parameters: string;
  /** The call that was made for it; null for none and for delete_module(2). */
  readonly call: InsertCall | null;
  /** Modules that use it, for one that stays. */
  readonly holders: readonly string[];
  /** Records of the kernel log since the run began; undefined where it cannot be read. */
  readonly log: readonly KernelLogRecord[] | undefined;
  readonly tree: ModuleTree;
  readonly kernel: KernelLocation;
  /** Folder in place of `/` for firmware, /boot and headers; empty for the real one. */
  readonly root: string;
  /** Whether the calls were the real ones, so that the kernel itself can be asked. */
  readonly isReal: boolean;
}
