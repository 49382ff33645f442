import { ok, strictEqual } from 'node:assert';

import { parseModuleEvent } from '../../src/kernel/uevent.ts';
import { TraceLines } from '../../src/kernel/watch/trace-lines.ts';

/** A message of the socket for uevents, and the text of a trace in two pieces: nothing is thrown, and no name has a slash. */
export function fuzz(data: Buffer): void {
  const event = parseModuleEvent(data);
  if (event !== undefined) {
    ok(!event.module.includes('/') && event.module !== '' && event.module !== '..');
    ok(data.includes(`${event.action}@/module/`, 0, 'latin1'));
  }
  const text = data.toString('latin1');
  const half = text.length >> 1;
  const whole = new TraceLines().push(text);
  const lines = new TraceLines();
  const pieces = [lines.push(text.slice(0, half)), lines.push(text.slice(half))];
  const found = pieces.flatMap(({ requests }) => requests);
  // A line that is longer than any of the kernel's may be cut.
  if (text.split('\n').every((line) => line.length < 1000))
    strictEqual(JSON.stringify(found), JSON.stringify(whole.requests));
  for (const { comm, pid } of found) ok(comm.length <= 16 && pid >= 0);
}
