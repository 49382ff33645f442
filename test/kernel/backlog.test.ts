import test from 'ava';

import { Backlog, type UntoldChange } from '../../src/kernel/watch/backlog.ts';

const change = (type: 'added' | 'removed', module: string, sequence: number): UntoldChange => ({
  type,
  module,
  seen: 'event',
  sequence,
});

test('what is to be told keeps its order, also while more comes', (t) => {
  const backlog = new Backlog();
  let [pushed, taken] = [0, 0];
  for (let round = 0; round < 300; round++) {
    for (let count = 0; count < 50; count++) backlog.push(change('added', 'loop', pushed++));
    for (let count = 0; count < 30; count++) t.like(backlog.shift(), { sequence: taken++ });
  }
  for (; taken < pushed; taken++) {
    t.false(backlog.isEmpty);
    t.like(backlog.shift(), { sequence: taken });
  }
  t.true(backlog.isEmpty);
  t.is(backlog.shift(), undefined);
  backlog.push(change('added', 'loop', pushed));
  t.like(backlog.shift(), { sequence: pushed });
});

test('of each module it is known whether it goes again', (t) => {
  const backlog = new Backlog();
  backlog.push(change('added', 'loop', 1), change('removed', 'loop', 2), change('added', 'dummy', 3));
  backlog.push({ type: 'overrun', where: 'kernel', dropped: null, time: new Date() });
  backlog.push(change('removed', 'loop', 4));
  t.deepEqual([backlog.removalsOf('loop'), backlog.removalsOf('dummy')], [2, 0]);
  backlog.shift();
  backlog.shift();
  t.is(backlog.removalsOf('loop'), 1);
  backlog.clear();
  t.deepEqual([backlog.removalsOf('loop'), backlog.isEmpty], [0, true]);
});
