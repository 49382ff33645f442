import { inGuest, loadedNames, MODULES } from './in-guest.ts';

const SLOW = `${MODULES}/kmodctl_slow.ko`;

inGuest('a slow init does not block the event loop', { testModules: ['kmodctl_slow'] }, async (t, { vm }) => {
  const seen = await vm.evaluate(async (file) => {
    const { openSync, readFileSync } = await import('node:fs');
    const { finitModule } = await import('kmodctl/syscalls');
    let ticks = 0;
    let state = '';
    const timer = setInterval(() => {
      ticks++;
      if (ticks === 10) state = readFileSync('/sys/module/kmodctl_slow/initstate', 'utf8').trim();
    }, 20);
    await finitModule(openSync(file, 'r'), 'init_ms=1500');
    clearInterval(timer);
    return { ticks, state };
  }, SLOW);
  t.true(seen.ticks > 15, `${seen.ticks} ticks`);
  t.is(seen.state, 'coming');
});

inGuest(
  'closing the descriptor after the call has begun does no harm',
  { testModules: ['kmodctl_slow'] },
  async (t, { vm }) => {
    await vm.evaluate(async (file) => {
      const { closeSync, openSync } = await import('node:fs');
      const { finitModule } = await import('kmodctl/syscalls');
      const fd = openSync(file, 'r');
      const pending = finitModule(fd, 'init_ms=200');
      closeSync(fd);
      openSync('/dev/null', 'r'); // takes the number
      await pending;
    }, SLOW);
    t.true((await loadedNames(vm)).includes('kmodctl_slow'));
  },
);

/** A program for the guest: starts calls, and then ends in one of several ways. */
const program = `
  import { openSync } from 'node:fs';
  import { Worker, isMainThread, workerData } from 'node:worker_threads';
  const [count, ending] = isMainThread ? [Number(process.argv[2]), process.argv[3]] : workerData;
  const start = async () => {
    const { finitModule } = await import('kmodctl/syscalls');
    const fd = openSync('${SLOW}', 'r');
    for (let i = 0; i < count; i++) finitModule(fd, 'init_ms=1000').catch(() => {});
  };
  if (!isMainThread || ending !== 'terminate') await start();
  if (isMainThread && ending === 'exit') setTimeout(() => process.exit(7), 100);
  if (isMainThread && ending === 'throw') setTimeout(() => { throw new Error('on purpose'); }, 100);
  if (isMainThread && ending === 'terminate') {
    const worker = new Worker(new URL(import.meta.url), { workerData: [count, ending] });
    worker.once('message', async () => { await worker.terminate(); console.log('terminated'); });
  }
  if (!isMainThread) {
    const { parentPort } = await import('node:worker_threads');
    setTimeout(() => parentPort.postMessage('started'), 100);
    setInterval(() => {}, 1000);
  }`;

for (const count of [0, 1, 50]) {
  inGuest(
    `a process ends cleanly with ${count} real calls in flight`,
    { testModules: ['kmodctl_slow'] },
    async (t, { vm }) => {
      const path = '/usr/lib/node_modules/ending.mjs';
      await vm.writeFile(path, program);
      const expected = { exit: 7, throw: 1, terminate: 0, return: 0 };
      for (const [ending, exitCode] of Object.entries(expected)) {
        const result = await vm.run(['node', path, String(count), ending]);
        t.like(result, { exitCode, signal: null }, `${ending}: ${result.stderr}`);
        if (ending === 'terminate') t.is(result.stdout, 'terminated\n');
      }
      // The kernel finishes what it has begun: after every ending the module is there or was refused as a double.
      t.is((await loadedNames(vm)).includes('kmodctl_slow'), count > 0);
    },
  );
}

inGuest(
  '10,000 loads and unloads: memory and descriptors do not grow',
  {
    testModules: ['kmodctl_small'],
    timeouts: { command: 400_000 },
    // Unloading waits for RCU grace periods, 20 ms of sleep a time: without them this takes 1 minute and not 5.
    commandLine: ['rcupdate.rcu_expedited=1'],
    on: ['6.1'],
  },
  async (t, { vm }) => {
    const usage = await vm.evaluate(async (file) => {
      const { openSync, readFileSync, readdirSync } = await import('node:fs');
      const calls = await import('kmodctl/syscalls');
      const fd = openSync(file, 'r');
      const measure = (): { resident: number; descriptors: number } => ({
        resident: Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]),
        descriptors: readdirSync('/proc/self/fd').length,
      });
      const cycles = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          if (i % 10 === 0) {
            await calls.finitModule(fd);
            await calls.deleteModule('kmodctl_small');
          } else {
            calls.finitModuleSync(fd);
            calls.deleteModuleSync('kmodctl_small');
          }
        }
      };
      await cycles(1000);
      const before = measure();
      await cycles(10_000);
      return { before, after: measure() };
    }, `${MODULES}/kmodctl_small.ko`);
    t.log(
      `resident ${usage.before.resident} -> ${usage.after.resident} kB, descriptors ${usage.before.descriptors} -> ${usage.after.descriptors}`,
    );
    t.is(usage.after.descriptors, usage.before.descriptors);
    t.true(
      usage.after.resident < usage.before.resident + 8192,
      `${usage.before.resident} -> ${usage.after.resident} kB`,
    );
  },
);
