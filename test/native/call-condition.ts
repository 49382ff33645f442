/**
 * A child process for the tests of single module calls under conditions that cannot be had in the test's own process.
 * Argument: the condition's name. Prints one JSON value.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import * as syscalls from '../../src/syscalls.ts';

const { deleteModule, deleteModuleSync, finitModule, finitModuleSync, initModule, initModuleSync } = syscalls;

type Facts = Readonly<Record<string, unknown>>;

async function refusal(call: () => unknown): Promise<Facts> {
  try {
    await call();
    return { succeeded: true };
  } catch (error) {
    const { code, errno, syscall, path, module, name, message } = error as NodeJS.ErrnoException & {
      module?: string;
    };
    return { name, code, errno, syscall, path, module, message };
  }
}

function addonIsMapped(): boolean {
  return readFileSync('/proc/self/maps', 'utf8').includes('.node\n');
}

/** Threads that are inside a call, with the signals that they block as a bit mask. */
function callThreads(): bigint[] {
  return readdirSync('/proc/self/task')
    .map((thread) => readFileSync(`/proc/self/task/${thread}/status`, 'utf8'))
    .filter((status) => status.startsWith('Name:\tkmodctl-call\n'))
    .map((status) => BigInt(`0x${/^SigBlk:\t(\w+)/m.exec(status)?.[1] ?? '0'}`));
}

function resources(): { descriptors: number; residentKib: number; threads: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const number = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    residentKib: number('VmRSS'),
    threads: number('Threads'),
  };
}

/** Six refused calls a round. */
async function refuse(rounds: number): Promise<void> {
  const fd = openSync('/dev/null', 'r');
  const image = new Uint8Array(64);
  for (let round = 0; round < rounds; round++) {
    const calls = [finitModule(fd), initModule(image), deleteModule('kmodctl_test')];
    await refusal(() => finitModuleSync(fd));
    await refusal(() => initModuleSync(image));
    await refusal(() => deleteModuleSync('kmodctl_test'));
    await Promise.allSettled(calls);
  }
  closeSync(fd);
}

const conditions: Readonly<Record<string, () => unknown>> = {
  /** Importing the package and refusing arguments must not load the addon; a call does. */
  async lazy() {
    const afterImport = addonIsMapped();
    const codes = [];
    for (const call of [
      () => finitModuleSync(-1),
      () => initModule(new Uint8Array(1), 'a\0b'),
      () => deleteModuleSync('a\0b'),
      () => syscalls.obsoleteCalls.queryModule('a', -1),
    ])
      codes.push((await refusal(call))['code']);
    const afterArguments = addonIsMapped();
    await refusal(() => deleteModuleSync('kmodctl_no_such_module'));
    return { afterImport, codes, afterArguments, afterCall: addonIsMapped() };
  },

  async 'other-platform'() {
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    const refused = await Promise.all([
      refusal(() => finitModule(0)),
      refusal(() => deleteModuleSync('a')),
      refusal(() => syscalls.obsoleteCalls.createModule('a', 1)),
    ]);
    return { refused, addon: addonIsMapped() };
  },

  /** The number of a descriptor goes to another file while the call is in flight. */
  async 'reused-descriptor'() {
    const fd = openSync(process.execPath, 'r');
    const call = refusal(() => finitModule(fd));
    closeSync(fd);
    const other = openSync('/dev/null', 'r');
    return { sameNumber: other === fd, size: statSync(process.execPath).size, ...(await call) };
  },

  async 'changed-image'() {
    const image = new Uint8Array(100).fill(7);
    const call = refusal(() => initModule(image));
    image.fill(9);
    structuredClone(image, { transfer: [image.buffer] });
    return { length: image.length, ...(await call) };
  },

  async 'no-descriptor'() {
    const fd = openSync('/dev/null', 'r');
    await refusal(() => finitModule(fd)); // loads the addon while there are descriptors
    const opened = [];
    try {
      for (;;) opened.push(openSync('/dev/null', 'r'));
    } catch {
      // none left
    }
    const refused = await refusal(() => finitModule(fd));
    for (const each of opened) closeSync(each);
    return refused;
  },

  async 'no-memory'() {
    const image = new Uint8Array(2 ** 30);
    await refusal(() => deleteModule('kmodctl_test'));
    const used = Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
    execFileSync('prlimit', ['--pid', String(process.pid), `--as=${(used + 200_000) * 1024}`]);
    return refusal(() => initModule(image));
  },

  /** The kernel's one errno for descriptors closed, write-only, path-only, and fit for reading. */
  async 'descriptor-errors'() {
    const O_PATH = 0o10000000;
    const open = [
      openSync('/dev/null', 'w'),
      openSync('/dev/null', O_PATH),
      openSync('/dev/null', 'r'),
      openSync('/dev/null', 'r+'),
    ];
    const closed = 900;
    const refused = [];
    for (const fd of [closed, ...open])
      refused.push(await refusal(() => finitModule(fd)), await refusal(() => finitModuleSync(fd)));
    return refused;
  },

  /** By the end of the call the number is closed; an error must not take that for the reason. */
  async 'descriptor-closed-later'() {
    const fd = openSync('/dev/null', 'w');
    const call = refusal(() => finitModule(fd));
    closeSync(fd);
    return call;
  },

  'no-thread': async () =>
    Promise.all([
      refusal(() => finitModule(0)),
      refusal(() => initModule(new Uint8Array(1))),
      refusal(() => deleteModule('kmodctl_test')),
    ]),

  async threads() {
    const calls = Array.from({ length: 3 }, () => refusal(() => deleteModule('kmodctl_test')));
    await delay(50);
    const masks = callThreads();
    await Promise.all(calls);
    const blocked = (signal: number): boolean[] =>
      masks.map((mask) => (mask & (1n << BigInt(signal - 1))) !== 0n);
    return { interrupt: blocked(2), child: blocked(17), segmentationFault: blocked(11) };
  },

  answers: async () =>
    Promise.all([
      refusal(() => finitModule(0, '', 0, { path: '/a/b.ko', module: 'b' })),
      refusal(() => finitModuleSync(0, '', 0, { path: '/a/b.ko', module: 'b' })),
      refusal(() => initModule(new Uint8Array(1), '', { module: 'b' })),
      refusal(() => initModuleSync(new Uint8Array(1), '', { module: 'b' })),
      refusal(() => deleteModule('b')),
      refusal(() => deleteModuleSync('b')),
    ]),

  async 'many-refusals'() {
    await refuse(1_000);
    const levels = [];
    for (let window = 0; window <= 4; window++) {
      if (window > 0) await refuse(1_000);
      await delay(1_500); // threads that have finished wait a second for another call
      globalThis.gc?.();
      levels.push(resources());
    }
    return levels;
  },
};

const condition = conditions[process.argv[2] ?? ''];
if (!condition) throw new Error(`no condition ${process.argv[2]}`);
process.stdout.write(`${JSON.stringify(await condition())}\n`);
