import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { VmError } from '../vm-error.ts';
import { asCacheError } from './cache-failure.ts';

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Called once with a line for the user if another process holds the lock. Default: not told. */
  readonly log?: ((line: string) => void) | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 100;

/**
 * Runs `work` while this process holds the lock file `path`, which names its owner by pid and start time, so that a
 * lock whose owner was killed is taken over. Everything done under a lock is published by a rename: should two
 * processes ever both take over the same stale lock, work is done twice and nothing is damaged.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await acquire(path, options);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, options: LockOptions): Promise<void> {
  const own = describeProcess(process.pid);
  let told = false;
  for (;;) {
    if (await tryCreate(path, own)) return;
    const owner = await readFile(path, 'utf8').catch(() => undefined);
    if (owner === undefined) continue;
    if (isStale(owner)) {
      await removeStale(path, owner);
      continue;
    }
    if (!told) options.log?.(`waiting for process ${owner.split(' ', 1)[0]}, which holds ${path}`);
    told = true;
    try {
      await delay(POLL_MILLISECONDS, undefined, options.signal ? { signal: options.signal } : {});
    } catch (error) {
      throw new VmError('ERR_KMOD_VM_ABORTED', `Aborted while waiting for ${path}`, { cause: error });
    }
  }
}

/** Creates the lock with its contents in one step (a link), so that no one ever reads an empty lock. */
async function tryCreate(path: string, owner: string): Promise<boolean> {
  const draft = `${path}.${process.pid}-${draftNumber++}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, owner);
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw asCacheError(error, dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}
let draftNumber = 0;

/** Moves a stale lock away; what turns out to be another's fresh lock is put back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${process.pid}-${draftNumber++}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  try {
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, path).catch(() => undefined);
  } finally {
    await rm(aside, { force: true });
  }
}

/** Whether the process that wrote `owner` into a lock is gone: no such pid, or the pid belongs to a later process. */
export function isStale(owner: string): boolean {
  const pid = Number.parseInt(owner, 10);
  return !isProcessAlive(pid) || describeProcess(pid) !== owner;
}

/** Whether a process of that pid exists, be it another user's. */
export function isProcessAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** `PID START`: the start time in clock ticks since boot is field 22 of /proc/PID/stat, the 20th after the name. */
function describeProcess(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid} ?`;
  }
}
