import test from 'ava';

import { RecordQueue, withoutPairs } from '../../src/kernel/watch/record-queue.ts';
import type { WatchRecord } from '../../src/kernel/watch/watch-record.ts';

const time = new Date(0);
const record = (text: string): WatchRecord => {
  const module = text.slice(1);
  const seen = { module, seen: 'event', sequence: 1, time } as const;
  return text.startsWith('+')
    ? { type: 'added', initial: false, details: null, ...seen }
    : { type: 'removed', ...seen };
};
const textOf = (each: WatchRecord): string =>
  each.type === 'added' ? `+${each.module}` : each.type === 'removed' ? `-${each.module}` : each.type;

test('a reader gets what came before it asked and what comes after, then the end', async (t) => {
  const queue = new RecordQueue();
  queue.push(record('+a'));
  t.is(textOf((await queue.next()).value ?? record('+?')), '+a');
  const waiting = [queue.next(), queue.next(), queue.next()];
  queue.push(record('-a'));
  queue.push(record('+b'));
  queue.end();
  queue.push(record('+c'));
  const results = await Promise.all(waiting);
  t.deepEqual(
    results.map(({ value, done }) => [value && textOf(value), done]),
    [
      ['-a', false],
      ['+b', false],
      [undefined, true],
    ],
  );
  t.true((await queue.next()).done);
});

test('what is waiting when it ends is still read', async (t) => {
  const queue = new RecordQueue();
  queue.push(record('+a'));
  queue.end();
  t.false((await queue.next()).done);
  t.true((await queue.next()).done);
});

test('of what cancels itself out nothing is left, of the rest the last', (t) => {
  const notice: WatchRecord = { type: 'notice', code: 'polling', text: '', time };
  const all = ['+a', '+b', '-a', '-b', '+b', '-c', '+c', '-d', '+d', '-d'].map(record);
  t.deepEqual([notice, ...withoutPairs([notice, ...all]).slice(1)].map(textOf), ['notice', '+b', '-d']);
});

test('requests that nobody reads do not pile up, and the newest are kept', async (t) => {
  const queue = new RecordQueue(10);
  const request = { wait: true, requester: { comm: 'x', pid: 1 }, callSite: 'x', name: 'x', time } as const;
  const outcome = {
    outcome: 'not-found',
    module: null,
    afterMs: null,
    evidence: '',
    name: 'x',
    time,
  } as const;
  queue.push(record('+b'));
  for (let number = 1; number <= 1000; number++) {
    queue.push({ type: 'request', request: number, ...request });
    queue.push({ type: 'outcome', request: number, ...outcome });
  }
  queue.end();
  const read: WatchRecord[] = [];
  for (let { value } = await queue.next(); value !== undefined; { value } = await queue.next())
    read.push(value);
  const overruns = read.filter((each) => each.type === 'overrun');
  t.true(read.length < 25, `${read.length} wait`);
  t.deepEqual(read.filter(({ type }) => type === 'added').map(textOf), ['+b']);
  t.is(read.length - overruns.length + overruns.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0), 2001);
  t.like(
    read.findLast(({ type }) => type === 'request'),
    { request: 1000 },
  );
});

test('a reader that is always a little behind loses nothing, however long that lasts', async (t) => {
  const queue = new RecordQueue(100);
  for (const each of ['+a', '-a']) queue.push(record(each));
  for (let count = 0; count < 10_000; count++) {
    queue.push(record(count % 2 === 0 ? '+a' : '-a'));
    const { value } = await queue.next();
    if (textOf(value ?? record('+?')) !== (count % 2 === 0 ? '+a' : '-a')) t.fail(`${count}: ${value?.type}`);
  }
  t.pass();
});

test('nothing is read any more of one that was abandoned', async (t) => {
  const queue = new RecordQueue();
  queue.push(record('+a'));
  queue.push(record('+b'));
  await queue.next();
  queue.abandon();
  queue.push(record('+c'));
  t.deepEqual(await queue.next(), { value: undefined, done: true });
});

test('a reader that is too slow loses pairs, never the last state, and is told', async (t) => {
  const queue = new RecordQueue(10);
  queue.push(record('+x'));
  await queue.next();
  for (let count = 0; count < 1000; count++) for (const each of ['+a', '-a']) queue.push(record(each));
  queue.push(record('+b'));
  queue.end();
  const there = new Set(['x']);
  let dropped = 0;
  for (;;) {
    const { value } = await queue.next();
    if (value === undefined) break;
    if (value.type === 'overrun') dropped += value.dropped ?? 0;
    else if (value.type === 'added') {
      t.false(there.has(value.module));
      there.add(value.module);
    } else if (value.type === 'removed') t.true(there.delete(value.module));
  }
  t.deepEqual([...there], ['x', 'b']);
  t.true(dropped > 1900, `${dropped}`);
});
