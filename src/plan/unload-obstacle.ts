import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleHolders } from '../kernel/module-state.ts';
import type { Obstacle, StepReason } from './plan.ts';
import type { UseCounts } from './use-counts.ts';

/** What tells why a module stays. */
export interface UseFacts {
  readonly module: string;
  readonly because: StepReason;
  readonly counts: UseCounts;
  readonly kernel: KernelLocation;
}

/** The obstacle of a module that is in use, on its way, or permanent. */
export function useObstacle({ module, because, counts, kernel }: UseFacts): Obstacle {
  const refcount = counts.refcount(module);
  const order = moduleHolders(module, kernel);
  const holders = counts.users(module).toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
  const facts = { module, path: null, errno: null, holders, because } as const;
  if (holders.length === 0 && refcount === null)
    return {
      ...facts,
      code: 'ERR_KMOD_NO_UNLOAD_SUPPORT',
      reason: `Module ${module} stays: the running kernel cannot unload modules (CONFIG_MODULE_UNLOAD=n).`,
    };
  if (holders.length === 0 && refcount === 0)
    return {
      ...facts,
      code: 'ERR_KMOD_PERMANENT',
      reason: permanentText(module),
    };
  return { ...facts, code: 'ERR_KMOD_IN_USE', reason: useText(module, { holders, refcount }) };
}

/** The obstacle of a module that is part of the kernel. */
export function builtinObstacle(module: string, because: StepReason): Obstacle {
  const reason = `Module ${module} is builtin: it cannot be unloaded.`;
  return { module, path: null, errno: null, holders: [], because, code: 'ERR_KMOD_BUILTIN', reason };
}

/** The obstacle of a module that is not there. */
export function notLoadedObstacle(module: string, because: StepReason): Obstacle {
  const reason = `Module ${module} is not loaded, so it cannot be unloaded.`;
  return { module, path: null, errno: null, holders: [], because, code: 'ERR_KMOD_NOT_LOADED', reason };
}

/** Who keeps a module in the kernel, as one sentence with the remedy. */
export function useText(
  module: string,
  { holders, refcount }: { readonly holders: readonly string[]; readonly refcount: number | null },
): string {
  if (holders.length > 0)
    return `Module ${module} is in use by: ${holders.join(' ')}. Unload these first, or with it (removeHolders, --remove-holders).`;
  if (refcount !== null && refcount < 0) return `Module ${module} is being unloaded by someone else.`;
  return `Module ${module} is in use by something other than a module (use count ${refcount ?? 'unknown'}): an open device, a mount, a socket or an interface. Close that first.`;
}

/** Why a module without an exit function stays, with the remedy. */
export function permanentText(module: string): string {
  return `Module ${module} is permanent: it has no exit function, so the kernel never unloads it. It goes with the next boot, or by force (rmmod -f), which may crash the machine.`;
}

/** Why a module that may go stays. */
export function stillUsedText(module: string, counts: UseCounts): string {
  const users = counts.users(module);
  if (users.length > 0) return `it is still used by ${users.join(' ')}`;
  if (counts.refcount(module) === 0) return 'it has no exit function, so the kernel never unloads it';
  return 'it is still in use';
}
