/** What runs in the guest: requests by the kernel while they are watched. */
import type { OutcomeRecord, RequestRecord, WatchRecord } from '../../../src/index.ts';

/** What was told, and what the trace looked like. */
export interface Requested {
  /** Types and subjects, in the order in which they were told. */
  readonly order: readonly string[];
  readonly requests: readonly RequestRecord[];
  readonly outcomes: readonly OutcomeRecord[];
  /** Processes that asked, in the order of the requests. */
  readonly pids: readonly number[];
  /** Instances of the trace: with one of a dead process, while open, after the end, after a killed program, and then a new one. */
  readonly instances: readonly string[];
  /** How often the trace was read in a second in which nothing was asked for. */
  readonly idleReads: number;
}

/** Has the kernel ask for file systems by mounting them. */
export async function request(types: readonly string[]): Promise<Requested> {
  const { spawnSync } = await import('node:child_process');
  const { default: fs, mkdirSync, readdirSync } = await import('node:fs');
  const { syncBuiltinESMExports } = await import('node:module');
  const { setTimeout: delay } = await import('node:timers/promises');
  const { watch } = await import('kmodctl');
  const folder = '/sys/kernel/tracing/instances';
  const instances: string[] = [];
  const look = (): void => {
    instances.push(
      readdirSync(folder)
        .map((name) => name.replaceAll(String(process.pid), 'PID'))
        .toSorted()
        .join(' '),
    );
  };
  mkdirSync(`${folder}/kmodctl-999999`);
  // As left by a former process with this one's number, or by a thread of this one.
  mkdirSync(`${folder}/kmodctl-${process.pid}`);
  mkdirSync(`${folder}/other`);
  look();
  const watcher = watch({ requests: true, details: false });
  look();
  const records: WatchRecord[] = [];
  const reading = (async () => {
    for await (const record of watcher as AsyncIterable<WatchRecord>) records.push(record);
  })();
  const { readSync } = fs;
  let idleReads = 0;
  fs.readSync = ((...values: Parameters<typeof readSync>) => {
    idleReads++;
    return readSync(...values);
  }) as typeof readSync;
  syncBuiltinESMExports();
  await delay(1000);
  fs.readSync = readSync;
  syncBuiltinESMExports();
  const pids: number[] = [];
  for (const type of types) {
    pids.push(spawnSync('mount', ['-t', type, 'none', '/mnt']).pid);
    await delay(300);
  }
  await delay(700);
  await watcher.close();
  await reading;
  look();
  const killed = `require('/usr/lib/node_modules/kmodctl/dist/lib/index.js').watch({ requests: true }); process.kill(process.pid, 'SIGKILL')`;
  const { pid } = spawnSync(process.execPath, ['-e', killed]);
  instances.push(
    readdirSync(folder)
      .map((name) => name.replaceAll(String(pid), 'KILLED'))
      .toSorted()
      .join(' '),
  );
  const left = `require('/usr/lib/node_modules/kmodctl/dist/lib/index.js').watch({ requests: true }); process.exit()`;
  spawnSync(process.execPath, ['-e', left]);
  look();
  return {
    order: records.map((record) =>
      [
        record.type,
        'module' in record && record.type !== 'outcome' ? record.module : 'name' in record ? record.name : '',
      ]
        .join(' ')
        .trim(),
    ),
    requests: records.filter((record) => record.type === 'request'),
    outcomes: records.filter((record) => record.type === 'outcome'),
    pids,
    instances,
    idleReads,
  };
}
