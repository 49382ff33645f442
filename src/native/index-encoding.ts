import type { NativeBinding } from './binding.ts';
import { nativeBinding } from './load-binding.ts';

let loaded: Pick<NativeBinding, 'encodeIndex'> | null | undefined;

/** The addon's encoder of index files, undefined where there is no addon that fits: it is there for speed alone. */
export function indexEncoder(): NativeBinding['encodeIndex'] | undefined {
  if (loaded === undefined)
    try {
      loaded = nativeBinding();
    } catch {
      loaded = null;
    }
  return loaded?.encodeIndex;
}
