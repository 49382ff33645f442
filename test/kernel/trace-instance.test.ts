import { readdirSync } from 'node:fs';

import test from 'ava';

import { makeInstance, removeInstance, removeLeftInstances } from '../../src/kernel/watch/trace-instance.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

test('instances that nobody has open are removed, also those under the number of a process that lives', (t) => {
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  const names = (): readonly string[] =>
    readdirSync(`${root.path}/instances`)
      .map((name) => name.replace(String(process.pid), 'PID'))
      .toSorted();
  // A folder with something in it cannot be removed, as an instance that is open cannot.
  root.write('instances/kmodctl-1-2/open', '');
  root.write('instances/kmodctl-x/open', '');
  makeInstance(root.path);
  const second = makeInstance(root.path);
  t.deepEqual(names(), ['kmodctl-1-2', 'kmodctl-PID', 'kmodctl-PID-2', 'kmodctl-x']);
  removeLeftInstances(root.path);
  t.deepEqual(names(), ['kmodctl-1-2', 'kmodctl-x']);
  removeInstance(second);
  t.regex(makeInstance(root.path), new RegExp(`/instances/kmodctl-${process.pid}$`));
});
