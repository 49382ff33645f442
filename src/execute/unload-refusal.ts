import type { KmodErrorCode } from '../errors/error-codes.ts';
import { ModuleSystemError } from '../errors/system-error.ts';
import type { KernelLocation } from '../kernel/kernel-file.ts';
import { moduleHolders, moduleRefcount, moduleState } from '../kernel/module-state.ts';
import { permanentText, useText } from '../plan/unload-obstacle.ts';

/** What is behind the kernel's refusal to unload a module. */
export interface UnloadRefusal {
  readonly code: KmodErrorCode;
  /** One sentence with the remedy; empty where the errno says it all. */
  readonly reason: string;
  /** Modules that use it. */
  readonly holders: readonly string[];
}

/** Asks the kernel who keeps a module that could not be unloaded. */
export function explainRefusal(module: string, error: unknown, kernel: KernelLocation = {}): UnloadRefusal {
  const plain: UnloadRefusal = { code: 'ERR_KMOD_UNLOAD_FAILED', reason: '', holders: [] };
  if (!(error instanceof ModuleSystemError)) return plain;
  switch (error.code) {
    case 'EAGAIN': {
      const holders = moduleHolders(module, kernel);
      const refcount = moduleRefcount(module, kernel) ?? null;
      return { code: 'ERR_KMOD_IN_USE', reason: useText(module, { holders, refcount }), holders };
    }
    case 'EBUSY': {
      const state = moduleState(module, kernel);
      if (state === 'live') return { ...plain, code: 'ERR_KMOD_PERMANENT', reason: permanentText(module) };
      const doing = state === 'coming' ? 'loaded' : 'unloaded';
      return {
        ...plain,
        code: 'ERR_KMOD_IN_USE',
        reason: `Module ${module} is being ${doing} by someone else.`,
      };
    }
    case 'ENOSYS':
      return { ...plain, code: 'ERR_KMOD_NO_UNLOAD_SUPPORT' };
    default:
      return plain;
  }
}
