/** The program of a thread that helps with a scan; started by `scan-crew.ts`. */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import { NO_FILE, ROW_FILE, ROW_WIDTH } from './contribution-columns.ts';
import { DONE, READY, type ScanShare, scanShare, type ScanWork, STARTING, WORKING } from './scan-share.ts';

/** What a thread is started with. */
export interface WorkerSetUp {
  readonly control: Int32Array;
  readonly state: Int32Array;
  readonly port: MessagePort;
}

function work({ control, state, port }: WorkerSetUp): void {
  Atomics.wait(control, READY, 0);
  if (Atomics.compareExchange(state, 0, STARTING, WORKING) !== STARTING) return;
  const task = receiveMessageOnPort(port)?.message as ScanWork;
  port.postMessage(withoutTroubled(scanShare(task, control)));
  Atomics.store(state, 0, DONE);
  Atomics.notify(state, 0);
  port.close();
}

// The main thread reads those files again, to have the errors as they are.
function withoutTroubled({ columns, failures, problems }: ScanShare): ScanShare {
  const troubled = new Set([...failures, ...problems].map(({ index }) => index));
  const { rows } = columns.columns;
  for (let row = 0; row < rows.length; row += ROW_WIDTH)
    if (troubled.has(rows[row + ROW_FILE] as number)) rows[row + ROW_FILE] = NO_FILE;
  return { columns, failures: [], problems: [] };
}

work(workerData as WorkerSetUp);
