import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';

import { cacheFolder } from '../native/cache-folder.ts';

/**
 * The cache file for a folder of modules: never within the folder itself.
 *
 * @returns undefined where there is no place for caches
 */
export function cacheLocation(directory: string, env: NodeJS.ProcessEnv): string | undefined {
  const folder = cacheFolder(env);
  if (folder === undefined) return undefined;
  let real: string;
  try {
    real = realpathSync(directory);
  } catch {
    return undefined;
  }
  const sum = crc32(real).toString(16).padStart(8, '0');
  return join(folder, 'depmod', `${basename(real)}-${sum}.cache`);
}
