/** What runs in the guest: loads and unloads while watches look on. */
import type { WatchRecord } from '../../../src/index.ts';

/** What one watch told. */
export interface Told {
  /** `+name` and `-name`, in order, with `?` behind where a scan found it. */
  readonly changes: readonly string[];
  readonly overruns: number;
  /** Names that the watch has at the end. */
  readonly modules: readonly string[];
  /** Whether the numbers of the kernel's messages about each module only rise. On 6.12 those about several need not. */
  readonly isRising: boolean;
}

/** What a storm came to. */
export interface Storm {
  /** A watch with its usual buffer, and one with the smallest that there is. */
  readonly usual: Told;
  readonly tiny: Told;
  /** Loads by name; as many unloads, but one less for the last name. */
  readonly loads: Readonly<Record<string, number>>;
  readonly loaded: readonly string[];
  readonly milliseconds: number;
}

/**
 * Loads and unloads modules, all at once on threads, then one with the event loop blocked, under the eyes of two watches.
 *
 * @param files image by name of the module
 * @param cycles loads and unloads of each on threads, and of the first one in a row
 * @param longestMs how long the watches may take to tell of all
 */
export async function storm(
  files: Readonly<Record<string, string>>,
  cycles: number,
  blocked: number,
  longestMs = 120_000,
): Promise<Storm> {
  const { readFileSync, writeFileSync } = await import('node:fs');
  const { setTimeout: delay } = await import('node:timers/promises');
  const { lsmod, watch } = await import('kmodctl');
  const { deleteModule, deleteModuleSync, initModule, initModuleSync } = await import('kmodctl/syscalls');
  // An unload waits for all processors to have been elsewhere; this way it asks them to.
  writeFileSync('/sys/kernel/rcu_expedited', '1');
  const images = Object.entries(files).map(([name, file]) => [name, readFileSync(file)] as const);
  const loads = Object.fromEntries(images.map(([name]) => [name, 0]));
  const count = (name: string): void => {
    loads[name] = (loads[name] ?? 0) + 1;
  };
  const collector = (bufferBytes?: number) => {
    const watcher = watch({ requests: false, bufferBytes });
    const changes: string[] = [];
    const numbers = new Map<string, number>();
    let isRising = true;
    let overruns = 0;
    const reading = (async () => {
      for await (const record of watcher as AsyncIterable<WatchRecord>) {
        if (record.type === 'overrun') overruns++;
        if (record.type !== 'added' && record.type !== 'removed') continue;
        const { type, module, seen, sequence } = record;
        if (sequence !== null) {
          isRising &&= sequence > (numbers.get(module) ?? 0);
          numbers.set(module, sequence);
        }
        changes.push(`${type === 'added' ? '+' : '-'}${module}${seen === 'scan' ? '?' : ''}`);
      }
    })();
    const end = async (): Promise<Told> => {
      const modules = watcher.modules.toSorted();
      await watcher.close();
      await reading;
      return { changes, overruns, modules, isRising };
    };
    return { watcher, end };
  };
  const usual = collector();
  const tiny = collector(1);
  const listed = (): readonly string[] =>
    lsmod()
      .map(({ name }) => name)
      .toSorted();
  // Watches tell in turns: with thousands of changes to tell of they are done some time after the last one.
  const settled = async (): Promise<void> => {
    const end = performance.now() + longestMs;
    const now = listed().join();
    while (
      [usual, tiny].some(({ watcher }) => watcher.modules.toSorted().join() !== now) &&
      performance.now() < end
    )
      await delay(100);
    await delay(300);
  };
  const started = performance.now();
  await Promise.all(
    images.map(async ([name, image]) => {
      for (let cycle = 0; cycle < cycles; cycle++) {
        await initModule(image, '');
        count(name);
        await deleteModule(name);
      }
    }),
  );
  const [[first, image] = ['', Buffer.alloc(0)]] = images;
  for (let cycle = 0; cycle < blocked; cycle++) {
    initModuleSync(image, '');
    count(first);
    deleteModuleSync(first);
  }
  await settled();
  // What is replaced while nobody looks, and while messages are lost, is told all the same.
  const [last, lastImage] = images.at(-1) ?? ['', Buffer.alloc(0)];
  initModuleSync(lastImage, '');
  count(last);
  await settled();
  const fillBuffer = (): void => {
    for (let cycle = 0; cycle < 5; cycle++) {
      initModuleSync(image, '');
      count(first);
      deleteModuleSync(first);
    }
  };
  fillBuffer();
  deleteModuleSync(last);
  initModuleSync(lastImage, '');
  count(last);
  const milliseconds = performance.now() - started;
  // What the list holds cannot tell here whether all is told: the module was there before, too.
  await delay(1000);
  await settled();
  const loaded = listed();
  const result = { usual: await usual.end(), tiny: await tiny.end(), loads, loaded, milliseconds };
  deleteModuleSync(last);
  return result;
}
