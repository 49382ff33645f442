import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { asCacheError } from './cache-failure.ts';
import { isProcessAlive } from './lock-file.ts';

/**
 * The folder for kernels, packages and initramfs images: `KMODCTL_CACHE`, else `kmodctl` below `XDG_CACHE_HOME`, else
 * `~/.cache/kmodctl`. Not created here.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['KMODCTL_CACHE'];
  if (own !== undefined && own !== '') return own;
  const base = environment['XDG_CACHE_HOME'];
  return join(base !== undefined && base.startsWith('/') ? base : join(homedir(), '.cache'), 'kmodctl');
}

/** A name beside `target` that no other process uses; what it holds is rubbish once its process is gone. */
export function partialName(target: string): string {
  return `${target}.partial-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/**
 * Makes a folder appear complete or not at all: `fill` works under another name, which is renamed at the end. Where
 * `target` exists already, `fill` is run all the same and what it made takes the old one's place.
 */
export async function publishDirectory(
  target: string,
  fill: (directory: string) => Promise<void>,
): Promise<void> {
  const partial = partialName(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await removeAbandoned(target);
    await mkdir(partial);
    await fill(partial);
    await replaceDirectory(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw asCacheError(error, dirname(target));
  }
}

async function replaceDirectory(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    const old = partialName(to);
    await rename(to, old);
    await rename(from, to);
    await rm(old, { recursive: true, force: true });
  }
}

/** Removes what a killed process left under a partial name of `target`. */
export async function removeAbandoned(target: string): Promise<void> {
  const prefix = `${basename(target)}.partial-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (pid !== process.pid && !isProcessAlive(pid))
      await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}
