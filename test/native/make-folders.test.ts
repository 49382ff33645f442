import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { makeFolders } from '../../src/native/make-folders.ts';
import { runCli } from '../fixtures/cli-session.ts';
import { FixtureRoot, RELEASE } from '../fixtures/fixture-root.ts';

test('folders are made with those above them, and those that are there stay', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'kmodctl-folders-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  for (const name of ['a', 'a/b/c', 'a/b/c', 'a/', 'x/../y/z'].map((below) => `${base}/${below}`)) {
    makeFolders(name, 0o750);
    t.true(statSync(name).isDirectory(), name);
  }
  t.is(statSync(`${base}/a/b`).mode & 0o777, 0o750);
  writeFileSync(`${base}/file`, '');
  symlinkSync('/nowhere', `${base}/link`);
  t.throws(() => makeFolders(`${base}/file`), { code: 'EEXIST' });
  t.throws(() => makeFolders(`${base}/file/x`), { code: 'ENOTDIR' });
  t.throws(() => makeFolders(`${base}/link/x`), { code: 'EEXIST' });
  t.throws(() => makeFolders(''), { code: 'ENOENT' });
});

// Node's own recursive mkdirSync never comes back from these.
test('where the kernel makes no folders depmod and static-nodes end, with the old files and an error', async (t) => {
  t.throws(() => makeFolders('/proc/nosuch'), { code: 'ENOENT' });
  t.throws(() => makeFolders('/proc/nosuch/x'), { code: 'ENOENT' });
  const root = new FixtureRoot();
  t.teardown(() => root.remove());
  root.writeTree({ modules: {} });
  root.write(`lib/modules/${RELEASE}/modules.devname`, 'a b c1:2\n');
  for (const argv of [
    ['depmod', '-b', root.path, '-o', '/proc/nosuch', RELEASE],
    ['kmodctl', 'static-nodes', '-d', root.path, '-S', RELEASE, '-o', '/proc/nosuch/x'],
  ]) {
    const { exitCode, stderr } = await runCli(root, argv);
    t.is(exitCode, 1, argv.join(' '));
    t.regex(stderr, /No such file or directory/);
  }
});
