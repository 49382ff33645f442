/** System calls on many files at once. Everything here has a slower or weaker way without the addon. */
import type { NativeBinding } from './binding.ts';
import { nativeBinding } from './load-binding.ts';

/** What of the addon works on folders of modules. */
export type TreeCalls = Pick<
  NativeBinding,
  | 'stampFiles'
  | 'listModules'
  | 'matchTexts'
  | 'startScan'
  | 'stepScan'
  | 'takeScan'
  | 'makeIndexes'
  | 'tryLock'
  | 'syncFiles'
  | 'moveFiles'
>;

let loaded: TreeCalls | null | undefined;

/** The addon's calls, undefined where there is no addon that fits. */
export function treeCalls(): TreeCalls | undefined {
  if (loaded === undefined)
    try {
      loaded = nativeBinding();
    } catch {
      loaded = null;
    }
  return loaded ?? undefined;
}
