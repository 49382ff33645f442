import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { crc32 } from 'node:zlib';

/**
 * The cache file for a folder of modules: below `$KMODCTL_CACHE_DIR`, else `/var/cache/kmodctl` for root and
 * `$XDG_CACHE_HOME/kmodctl` or `~/.cache/kmodctl` for anybody else. Never within the folder itself.
 *
 * @returns undefined where no such place is known
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

function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  const chosen = env['KMODCTL_CACHE_DIR'];
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  if (process.geteuid?.() === 0) return '/var/cache/kmodctl';
  const own = env['XDG_CACHE_HOME'];
  if (own !== undefined && isAbsolute(own)) return join(own, 'kmodctl');
  const home = env['HOME'] ?? homedir();
  return isAbsolute(home) ? join(home, '.cache', 'kmodctl') : undefined;
}
