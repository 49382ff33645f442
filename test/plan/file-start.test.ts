import { chmodSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';

import test from 'ava';

import { readFileStart } from '../../src/plan/file-start.ts';
import { FixtureRoot } from '../fixtures/fixture-root.ts';

const settled = 1100;

test('the start of a file is that of the file as it is now', async (t) => {
  const root = new FixtureRoot();
  t.teardown(() => {
    root.remove();
  });
  const start = (): string => readFileStart(path).toString();
  const path = root.write('a.ko', 'first content');
  t.is(start(), 'first co');
  writeFileSync(path, 'other content');
  t.is(start(), 'other co', 'changed right after it was read');
  await new Promise((done) => setTimeout(done, settled));
  t.is(start(), 'other co');
  t.is(start(), 'other co');
  writeFileSync(path, 'third content');
  t.is(start(), 'third co', 'changed after a while');
  await new Promise((done) => setTimeout(done, settled));
  t.is(start(), 'third co');
  renameSync(root.write('b.ko', 'fifth content'), path);
  t.is(start(), 'fifth co', 'another file in its place');
  writeFileSync(path, 'sixth content');
  utimesSync(path, 0, 0);
  t.is(start(), 'sixth co', 'whatever its time says');
  await new Promise((done) => setTimeout(done, settled));
  t.is(start(), 'sixth co');
  writeFileSync(path, 'ab');
  t.is(start(), 'ab');
  rmSync(path);
  t.throws(start, { code: 'ENOENT' });
  root.write('a.ko', 'seventh');
  chmodSync(path, 0o600);
  t.is(start(), 'seventh');
});
