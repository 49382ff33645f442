/** A kernel for tests of the watch: modules that come and go at any moment, and a socket that overflows as netlink does. */
import { KmodError } from '../../src/errors/kmod-error.ts';
import type { ModuleEvent } from '../../src/kernel/uevent.ts';
import type { ModuleChannel, Received } from '../../src/kernel/watch/module-channel.ts';
import type { ModuleScan, ScannedModule } from '../../src/kernel/watch/module-scan.ts';

type State = 'coming' | 'live' | 'going' | 'gone';

interface Module {
  state: State;
  instance: bigint;
  /** Whether the message of its state has been sent: a little after it is live, a little before it is gone. */
  isTold: boolean;
}

/** What a module went through: how often it was told of as added and removed by a kernel that loses nothing. */
export interface Truth {
  added: number;
  removed: number;
}

export class UeventModel implements ModuleChannel {
  readonly silence = null;
  readonly truth = new Map<string, Truth>();
  /** How often a scan fails for want of descriptors. */
  failureRate = 0;
  readonly #random: () => number;
  readonly #names: readonly string[];
  readonly #capacity: number;
  readonly #modules = new Map<string, Module>();
  #queue: ModuleEvent[] = [];
  /** Since an overflow nothing is queued until the queue has been read to its end. */
  #isCongested = false;
  #hasError = false;
  #sequence = 100;
  #instances = 1n;
  #isQuiet = false;

  constructor(random: () => number, names: readonly string[], capacity: number) {
    this.#random = random;
    this.#names = names;
    this.#capacity = capacity;
    for (const name of names) this.truth.set(name, { added: 0, removed: 0 });
  }

  /** Lets things happen: some steps in the lives of some modules. */
  run(most: number): void {
    if (this.#isQuiet) return;
    for (let steps = Math.floor(this.#random() * (most + 1)); steps > 0; steps--)
      this.#step(this.#names[Math.floor(this.#random() * this.#names.length)] ?? '');
  }

  /** Lets what is live be told of. */
  tellAdded(): void {
    for (const [name, { state, isTold }] of this.#modules) if (state === 'live' && !isTold) this.#step(name);
  }

  /** Lets everything that is under way come to its end, and nothing more happen. */
  settle(): void {
    for (const [name, module] of this.#modules)
      while (!(module.state === 'live' && module.isTold) && this.#modules.has(name)) this.#step(name);
    this.#isQuiet = true;
  }

  /** Names of the modules that are there. */
  get live(): readonly string[] {
    return [...this.#modules].filter(([, { state }]) => state === 'live').map(([name]) => name);
  }

  receive(): Received {
    const events: ModuleEvent[] = [];
    let isLossy = false;
    for (;;) {
      this.run(1);
      if (this.#hasError) {
        this.#hasError = false;
        isLossy = true;
        continue;
      }
      const event = this.#queue.shift();
      if (this.#queue.length === 0) this.#isCongested = false;
      if (event === undefined) return { events, isLossy };
      events.push(event);
    }
  }

  scan(): ModuleScan {
    this.run(3);
    if (this.failureRate > 0 && this.#random() < this.failureRate) throw exhausted();
    const list = new Map<string, ScannedModule>();
    for (const [name, { state, instance }] of this.#modules)
      if (state !== 'gone') list.set(name, { state, instance });
    this.run(3);
    return list;
  }

  instanceOf(name: string): bigint | undefined {
    return this.#modules.get(name)?.instance;
  }

  refer(): void {}

  close(): void {}

  #step(name: string): void {
    const module = this.#modules.get(name);
    if (module === undefined)
      this.#modules.set(name, { state: 'coming', instance: ++this.#instances, isTold: false });
    else if (module.state === 'coming') {
      // Some inits fail, of which nothing is told.
      if (this.#random() < 0.2) this.#modules.delete(name);
      else module.state = 'live';
    } else if (module.state === 'live' && !module.isTold) {
      module.isTold = true;
      this.#send('add', name);
    } else if (module.state === 'live') Object.assign(module, { state: 'going', isTold: false });
    else if (!module.isTold) {
      module.isTold = true;
      this.#send('remove', name);
    } else if (module.state === 'going') this.#modules.delete(name);
  }

  #send(action: 'add' | 'remove', module: string): void {
    const truth = this.truth.get(module);
    if (truth !== undefined) truth[action === 'add' ? 'added' : 'removed']++;
    this.#sequence++;
    if (this.#queue.length < this.#capacity && !this.#isCongested)
      this.#queue.push({ action, module, sequence: this.#sequence });
    else if (!this.#isCongested) {
      this.#isCongested = true;
      this.#hasError = true;
    }
  }
}

function exhausted(): KmodError {
  const cause = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  return new KmodError('ERR_KMOD_PROC', '/proc/modules cannot be read: EMFILE', { cause });
}
