import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where caches go: `$KMODCTL_CACHE_DIR`, else `/var/cache/kmodctl` for root and `$XDG_CACHE_HOME/kmodctl` or
 * `~/.cache/kmodctl` for anybody else. Never a place where somebody else could put files for root to read.
 *
 * @returns undefined where no such place is known
 */
export function cacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  const chosen = env['KMODCTL_CACHE_DIR'];
  if (chosen !== undefined && isAbsolute(chosen)) return chosen;
  if (process.geteuid?.() === 0) return '/var/cache/kmodctl';
  const own = env['XDG_CACHE_HOME'];
  if (own !== undefined && isAbsolute(own)) return join(own, 'kmodctl');
  const home = env['HOME'] ?? homedir();
  return isAbsolute(home) ? join(home, '.cache', 'kmodctl') : undefined;
}
