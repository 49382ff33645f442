import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';

import { type KernelLocation, kernelPath } from '../kernel/kernel-file.ts';
import { moduleInstance } from '../kernel/module-state.ts';
import { byteLocks, type SetByteLock } from '../native/byte-lock.ts';
import type { Run } from './effect.ts';
import { fileBytes } from './module-image.ts';

const [FREE, SHARED, EXCLUSIVE] = [0, 1, 2] as const;
/** The byte that every run holds a shared lock on, as long as it is at work. */
const PRESENCE = 0;
/** From the byte of a module to the one that says that it is to be taken away again. */
const TO_UNDO = 2 ** 46;
const LONGEST_PAUSE_MS = 25;
const EAGAIN = -11;

/**
 * Locks by which the runs of this package keep out of each other's way: a load shares the modules that it relies on, an
 * unload has those for itself that it takes away, and so has the undoing of a load. Each module is a byte of one file,
 * locked in the kernel (fcntl(2), open file description locks): a lock ends with its process, and unrelated modules never
 * wait for each other.
 *
 * They are advice: kmod does not know them, waiting has an end, and where the file cannot be had there are none. Nothing
 * is lost then but the order of two runs that overlap.
 *
 * The file has content only while several runs overlap: `MODULE INSTANCE` for each module that a load which succeeded
 * relies on while another was at work with it, so that the other one, should it fail, leaves the module alone.
 */
export class ModuleLocks {
  readonly #descriptor: number;
  readonly #set: SetByteLock;
  readonly #kernel: KernelLocation;
  readonly #held = new Map<string, typeof SHARED | typeof EXCLUSIVE>();
  readonly #toUndo = new Set<string>();

  private constructor(descriptor: number, set: SetByteLock, kernel: KernelLocation) {
    this.#descriptor = descriptor;
    this.#set = set;
    this.#kernel = kernel;
  }

  /** Undefined where there are none: no right to the file, no addon, no such locks (Linux before 3.15). */
  static open(kernel: KernelLocation): ModuleLocks | undefined {
    let descriptor: number;
    try {
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
      descriptor = openSync(kernelPath(kernel, 'run/kmodctl.lock'), flags, 0o600);
    } catch {
      return undefined;
    }
    const set = byteLocks();
    const answer = set?.(descriptor, PRESENCE, SHARED);
    if (set !== undefined && (answer === 0 || answer === EAGAIN))
      return new ModuleLocks(descriptor, set, kernel);
    closeSync(descriptor);
    return undefined;
  }

  /**
   * Waits until nobody has one of the modules for itself, at most so long. Answers whether that came true.
   *
   * @param checkEnd throws when there is no waiting any more
   */
  *share(modules: Iterable<string>, patienceMs: number, checkEnd?: () => void): Run<boolean> {
    return yield* this.#take(new Set(modules), SHARED, patienceMs, checkEnd);
  }

  /**
   * Lets others know that these modules are to be taken away, so that they may claim them, and lets go of all modules:
   * two that have the same one to take away must not wait for each other.
   */
  announce(modules: Iterable<string>): void {
    for (const module of modules) {
      this.#set(this.#descriptor, TO_UNDO + offsetOf(module), SHARED);
      this.#toUndo.add(module);
    }
    this.release();
  }

  /** Whether another run has announced that it takes the module away. */
  isAnnounced(module: string): boolean {
    return this.#isHeldElsewhere(TO_UNDO + offsetOf(module), this.#toUndo.has(module) ? SHARED : FREE);
  }

  /** Waits until nobody else holds the module, at most so long. Answers whether that came true; `checkEnd` as for a share. */
  *own(module: string, patienceMs: number, checkEnd?: () => void): Run<boolean> {
    return yield* this.#take(new Set([module]), EXCLUSIVE, patienceMs, checkEnd);
  }

  /** Lets go of all modules. */
  release(): void {
    for (const module of this.#held.keys()) this.#release(module);
  }

  /** Whether another run holds the module, or is about to take it away. */
  isContended(module: string): boolean {
    const offset = offsetOf(module);
    return this.#isHeldElsewhere(offset, this.#held.get(module) ?? FREE) || this.isAnnounced(module);
  }

  #isHeldElsewhere(offset: number, before: typeof FREE | typeof SHARED | typeof EXCLUSIVE): boolean {
    if (before === EXCLUSIVE) return false;
    if (this.#set(this.#descriptor, offset, EXCLUSIVE) !== 0) return true;
    this.#set(this.#descriptor, offset, before);
    return false;
  }

  /** Leaves word, for other runs that hold the module, that it is relied on as it is now. */
  claim(module: string): void {
    if (!this.isContended(module)) return;
    try {
      writeSync(this.#descriptor, `${module} ${moduleInstance(module, this.#kernel)}\n`);
    } catch {
      // No room for it, most likely. Advice is no reason to give up a load that has succeeded.
    }
  }

  /** Whether another run has claimed the module as it is now. */
  isClaimed(module: string): boolean {
    const line = `${module} ${moduleInstance(module, this.#kernel)}\n`;
    const claims = fileBytes({ path: '', descriptor: this.#descriptor }).toString();
    return `\n${claims}`.includes(`\n${line}`);
  }

  /** Gives all modules back; the last one out removes the claims. */
  close(): void {
    this.release();
    for (const module of this.#toUndo) this.#set(this.#descriptor, TO_UNDO + offsetOf(module), FREE);
    try {
      if (this.#set(this.#descriptor, PRESENCE, EXCLUSIVE) === 0) ftruncateSync(this.#descriptor);
    } catch {
      // It is no file, so there are no claims in it.
    } finally {
      closeSync(this.#descriptor);
    }
  }

  *#take(
    modules: ReadonlySet<string>,
    lock: typeof SHARED | typeof EXCLUSIVE,
    patienceMs: number,
    checkEnd?: () => void,
  ): Run<boolean> {
    const deadline = performance.now() + patienceMs;
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      if (this.#tryAll(modules, lock)) return true;
      if (performance.now() + pause > deadline) return false;
      yield { kind: 'wait', milliseconds: pause };
      checkEnd?.();
    }
  }

  // All or none, so that nobody waits with a part of them.
  #tryAll(modules: ReadonlySet<string>, lock: typeof SHARED | typeof EXCLUSIVE): boolean {
    const before = new Map(this.#held);
    let isTaken = this.#set(this.#descriptor, PRESENCE, SHARED) === 0;
    for (const module of modules) {
      if (!isTaken) break;
      isTaken = this.#set(this.#descriptor, offsetOf(module), lock) === 0;
      if (isTaken) this.#held.set(module, lock);
    }
    if (isTaken) return true;
    for (const module of modules) {
      const earlier = before.get(module);
      if (earlier === undefined) this.#release(module);
      else {
        this.#set(this.#descriptor, offsetOf(module), earlier); // never refused: it is the weaker one, or the same
        this.#held.set(module, earlier);
      }
    }
    return false;
  }

  #release(module: string): void {
    this.#set(this.#descriptor, offsetOf(module), FREE);
    this.#held.delete(module);
  }
}

/** The byte that stands for a module: FNV-1a over its name, of 46 bits, never {@link PRESENCE}. */
function offsetOf(module: string): number {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of Buffer.from(module)) {
    low = (low ^ byte) >>> 0;
    // Times 0x100000001b3, in halves of 32 bits.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return (high & 0x3fff) * 2 ** 32 + low + 1;
}
