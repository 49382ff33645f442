import type { NativeBinding } from './binding.ts';
import { nativeBinding } from './load-binding.ts';

/** fcntl(2) with an open file description lock on one byte: 0, EAGAIN instead of waiting, or another `-errno`. */
export type SetByteLock = NativeBinding['setByteLock'];

/** The call for locks on single bytes; undefined where there is no addon that has it. */
export function byteLocks(): SetByteLock | undefined {
  try {
    const { setByteLock } = nativeBinding() as Partial<NativeBinding>;
    return setByteLock;
  } catch {
    return undefined;
  }
}
