import type { KernelLocation } from '../kernel/kernel-file.ts';
import { type LoadedModule, loadedModules } from '../kernel/loaded-modules.ts';
import { moduleInstance } from '../kernel/module-state.ts';
import type { DeleteStep } from '../plan/plan.ts';
import { type AutocleanMark, changeAutocleanMarks, readAutocleanMarks } from './autoclean-marks.ts';
import type { Run } from './effect.ts';
import { runUnloadSteps } from './unload-run.ts';

/** What a cleaning did. */
export interface AutocleanResult {
  /** Modules that are gone, in the order of unloading. */
  readonly removed: readonly string[];
  /** Modules that are not in use now; they go with the next cleaning if nothing uses them until then. */
  readonly idle: readonly string[];
  /** Marked modules that are in use. */
  readonly used: readonly string[];
  /** Marked modules that nothing uses and that the kernel did not let go all the same, with the reason. */
  readonly kept: readonly { readonly module: string; readonly error: Error }[];
}

/**
 * Cleans up as rmmod -a of Linux 2.4 did: of the modules that `modprobe -k` loaded those go that are not in use and were
 * not at the last cleaning either; those that are unused for the first time are noted. No other module is touched.
 *
 * Uses that begin and end between two cleanings leave no trace in today's kernels, so they do not put a module off.
 *
 * @throws KmodError `ERR_KMOD_NO_MODULE_SUPPORT`, `ERR_KMOD_PROC`; Error of node:fs without the right to note it
 */
export function* autocleanRun(kernel: KernelLocation = {}): Run<AutocleanResult> {
  const marks = readAutocleanMarks(kernel);
  const removed: string[] = [];
  const idle: string[] = [];
  const used: string[] = [];
  const kept: { module: string; error: Error }[] = [];
  for (const module of loadedModules(kernel)) {
    const mark = marks.get(module.name);
    if (mark === undefined) continue;
    if (!isUnused(module)) used.push(module.name);
    else if (!mark.isIdle) idle.push(module.name);
    else {
      const error = yield* removeMarked(mark, kernel);
      if (error === null) removed.push(module.name);
      else if (error === undefined) used.push(module.name);
      else kept.push({ module: module.name, error });
    }
  }
  if (marks.size > 0) noteState(new Set(idle), new Set(used), kernel);
  return { removed, idle, used, kept };
}

function isUnused({ refcount, users, permanent, state }: LoadedModule): boolean {
  return state === 'live' && refcount === 0 && users.length === 0 && !permanent;
}

/** Null when it is gone, undefined when somebody began to use it, otherwise the kernel's refusal. */
function* removeMarked(
  { module, instance }: AutocleanMark,
  kernel: KernelLocation,
): Run<Error | null | undefined> {
  if (moduleInstance(module, kernel) !== instance) return undefined;
  const step: DeleteStep = {
    action: 'delete',
    module,
    force: false,
    because: { kind: 'asked' },
    required: false,
  };
  const [result] = yield* runUnloadSteps({ steps: [step] }, { kernel, firstTime: false });
  if (result?.outcome === 'unloaded' || result?.outcome === 'already-unloaded') return null;
  return result?.outcome === 'failed-optional' ? (result.error ?? undefined) : undefined;
}

function noteState(idle: ReadonlySet<string>, used: ReadonlySet<string>, kernel: KernelLocation): void {
  changeAutocleanMarks(
    (marks) =>
      [...marks.values()].map((mark) => {
        if (idle.has(mark.module)) return { ...mark, isIdle: true };
        return used.has(mark.module) ? { ...mark, isIdle: false } : mark;
      }),
    kernel,
  );
}
