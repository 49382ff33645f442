import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { GuestMachine } from '../guest-machine.ts';
import { cacheDirectory, publishDirectory } from '../packages/cache-directory.ts';
import { noRoomError } from '../packages/cache-failure.ts';
import { withLock } from '../packages/lock-file.ts';
import type { EventHead } from '../protocol/requests.ts';
import { type Machine, machineArguments } from '../qemu/machine.ts';
import { bootGuest, type BootLimits } from './boot.ts';
import { ignoreSharedMemory, migrated } from './migration.ts';

/** What a template is made of. */
export interface TemplateRecipe {
  /** The machine; its `initramfs` is filled in when the template is made. */
  readonly machine: Omit<Machine, 'initramfs'>;
  /** Hash of the kernel image. */
  readonly kernelId: string;
  /** Hash of the initramfs's content, and what writes it. */
  readonly initramfs: { readonly id: string; write(path: string): Promise<void> };
  /** First line of `qemu --version`: a state is good for the QEMU that saved it. */
  readonly qemuVersion: string;
}

/** A saved guest: memory and device state from the moment when its agent was ready. */
export interface Template {
  readonly directory: string;
  readonly memory: string;
  readonly state: string;
  readonly hello: EventHead;
  /** Console from power-on to the saved moment. */
  readonly console: string;
  /** Milliseconds that making it took; 0 when it was there already. */
  readonly madeInMs: number;
}

const MOST_TEMPLATES = 16;
const KEPT_AFTER_USE_MS = 15 * 60 * 1000;
const INITRAMFS_ROOM = 300;

/** The folder of a recipe's template: a hash over everything that a state depends on. */
export function templateDirectory(recipe: TemplateRecipe): string {
  const machine: Machine = { ...recipe.machine, vmlinux: recipe.kernelId, initramfs: recipe.initramfs.id };
  const parts = [recipe.qemuVersion, ...machineArguments(machine, { path: 'memory', shared: false })];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
  return join(cacheDirectory(), 'templates', key);
}

/**
 * The template of a recipe, made now if it is not in the cache. Processes that want the same one wait for the
 * first.
 *
 * @throws VmError as {@link bootGuest}, and `ERR_KMOD_VM_NO_ROOM`
 */
export async function ensureTemplate(
  recipe: TemplateRecipe,
  limits: BootLimits,
  log: (line: string) => void,
): Promise<Template> {
  const directory = templateDirectory(recipe);
  const present = await openTemplate(directory);
  if (present) return present;
  const lock = { log, signal: limits.signal };
  return await withLock(`${directory}.lock`, lock, async () => {
    const made = await openTemplate(directory);
    if (made) return made;
    const started = performance.now();
    await mkdir(dirname(directory), { recursive: true });
    await requireRoom(dirname(directory), recipe.machine.memory + INITRAMFS_ROOM);
    log(`booting a template (${recipe.machine.accelerator}); later guests are cloned from it`);
    await publishDirectory(directory, async (partial) => {
      await makeTemplate(recipe, partial, limits);
    });
    await prune(dirname(directory), directory);
    const template = await openTemplate(directory);
    if (!template) throw new Error(`the template in ${directory} vanished while it was made`);
    return { ...template, madeInMs: performance.now() - started };
  });
}

async function openTemplate(directory: string): Promise<Template | undefined> {
  if (!existsSync(join(directory, 'hello.json'))) return undefined;
  const now = new Date();
  await utimes(directory, now, now); // the time of last use, for pruning
  return {
    directory,
    memory: join(directory, 'memory'),
    state: join(directory, 'state'),
    hello: JSON.parse(await readFile(join(directory, 'hello.json'), 'utf8')) as EventHead,
    console: await readFile(join(directory, 'console.txt'), 'utf8'),
    madeInMs: 0,
  };
}

async function makeTemplate(recipe: TemplateRecipe, directory: string, limits: BootLimits): Promise<void> {
  const initramfs = join(directory, 'initramfs');
  await recipe.initramfs.write(initramfs);
  const memory = { path: join(directory, 'memory'), shared: true };
  const { machine, hello } = await bootGuest({ ...recipe.machine, initramfs }, memory, limits);
  try {
    await saveState(machine, join(directory, 'state'));
    await writeFile(join(directory, 'console.txt'), machine.console.contents());
    await writeFile(join(directory, 'hello.json'), JSON.stringify(hello));
  } finally {
    await machine.stop();
    await rm(initramfs, { force: true });
  }
}

async function saveState(machine: GuestMachine, path: string): Promise<void> {
  const { control } = machine.qemu;
  await control.execute('stop');
  await ignoreSharedMemory(control);
  await control.execute('migrate', { uri: `exec:cat > '${path.replaceAll("'", String.raw`'\''`)}'` });
  await migrated(control);
}

// A memory file on a full disk would kill QEMU with SIGBUS, half-way and without a word.
async function requireRoom(directory: string, mebibytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if ((bavail * bsize) / (1024 * 1024) < mebibytes) throw noRoomError(directory);
}

// A clone keeps its files by having them open, so what is removed under it does no harm.
async function prune(folder: string, keep: string): Promise<void> {
  const entries: { path: string; used: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!/^[0-9a-f]{24}$/.test(name) || path === keep) continue;
    entries.push({ path, used: (await stat(path)).mtimeMs });
  }
  entries.sort((a, b) => b.used - a.used);
  for (const { path, used } of entries.slice(MOST_TEMPLATES - 1))
    if (Date.now() - used > KEPT_AFTER_USE_MS) await rm(path, { recursive: true, force: true });
}
