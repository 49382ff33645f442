import { type Stats, statSync } from 'node:fs';

import { filePath } from '../native/byte-text.ts';

/** What is known of a file; undefined where there is none, and where this user may not look. */
export function statusOf(path: string): Stats | undefined {
  try {
    return statSync(filePath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
