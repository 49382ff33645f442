import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { moduleCandidate } from '../../src/depmod/module-candidates.ts';
import { ModuleList } from '../../src/depmod/module-list.ts';
import { type ScanReview, reviewScan } from '../../src/depmod/scan-completeness.ts';
import { KmodError } from '../../src/errors/kmod-error.ts';
import { RELEASE, SmallTree, TREE } from './depmod-comparison.ts';
import { provider } from './small-modules.ts';

const args = ['-C', '/dev/null', '-b', 'BASE', RELEASE];

/** Judges a scan of `a.ko` and `b.ko` in which `b.ko` failed. */
function review(
  error: Error,
  more: Partial<ScanReview> = {},
): { reports: readonly string[]; refusal: unknown } {
  const reports: string[] = [];
  const modules = ModuleList.of(
    ['/m/a.ko', '/m/b.ko'].map((path) => moduleCandidate(path, '/m')),
    '/m',
  );
  const scan = { symbols: [], modules: [], failures: [{ index: 1, error }], problems: [], readCount: 2 };
  try {
    reviewScan({
      modules,
      scan,
      unreadable: [],
      compat: false,
      report: ({ text }) => reports.push(text),
      ...more,
    });
    return { reports, refusal: undefined };
  } catch (refusal) {
    return { reports, refusal };
  }
}

test('a module that cannot be read at all is a refusal that names it and the reason', (t) => {
  const error = new KmodError('ERR_KMOD_COMPRESSION_LIBRARY', 'Install liblzma5.');
  const { reports, refusal } = review(error);
  t.deepEqual(reports, ['failed to load symbols from /m/b.ko: Install liblzma5.']);
  t.like(refusal, {
    code: 'ERR_KMOD_SCAN_INCOMPLETE',
    cause: error,
    message:
      '/m/b.ko could not be read, and indexes without it would be wrong: Install liblzma5. The old indexes stay as they are.',
  });
  t.is(review(error, { compat: true }).refusal, undefined);
});

test('an I/O error is told in the words of the C library', (t) => {
  const cause = Object.assign(new Error('EIO'), { errno: -5, code: 'EIO' });
  const { reports, refusal } = review(new KmodError('ERR_KMOD_MODULE_FILE', 'Cannot be read.', { cause }));
  t.deepEqual(reports, ['failed to load symbols from /m/b.ko: Input/output error']);
  t.like(refusal, { code: 'ERR_KMOD_SCAN_INCOMPLETE' });
});

test('a damaged module is no refusal as long as another one is sound', (t) => {
  const error = new KmodError('ERR_KMOD_MODULE_CORRUPT', 'Damaged.', { errno: -8 });
  t.deepEqual(review(error), {
    reports: ['failed to load symbols from /m/b.ko: Exec format error'],
    refusal: undefined,
  });
});

test('a folder that cannot be read is a refusal', (t) => {
  const unreadable = [{ kind: 'unreadable', path: '/m/extra', depth: 0, mode: 0, error: undefined }] as const;
  const error = new KmodError('ERR_KMOD_MODULE_CORRUPT', 'Damaged.', { errno: -8 });
  t.like(review(error, { unreadable }).refusal, { code: 'ERR_KMOD_SCAN_INCOMPLETE' });
  t.is(review(error, { unreadable, compat: true }).refusal, undefined);
});

test('files of which none is a module: nothing is published', async (t) => {
  const tree = new SmallTree({ 'kernel/a.ko': 'no module', 'kernel/b.ko': '', 'modules.order': '' });
  t.teardown(() => tree.remove());
  const { exitCode, stderr, files } = await tree.run(args);
  t.is(exitCode, 1);
  t.regex(stderr, /depmod: FATAL: none of the 2 module files is sound/);
  t.deepEqual(files, {});
  t.is((await tree.run(['--compat=kmod', ...args])).exitCode, 0);
});

test('a folder that is no longer there when it is to be read', async (t) => {
  const tree = new SmallTree({ 'kernel/a.ko': provider('a') });
  t.teardown(() => tree.remove());
  mkdirSync(join(tree.base, 'other'));
  const { exitCode, stderr } = await tree.run(['-C', '/dev/null', '-b', 'BASE/other', RELEASE]);
  t.is(exitCode, 1);
  t.is(
    stderr,
    `depmod: ERROR: could not open directory ${tree.base}/other/${TREE}: No such file or directory
depmod: FATAL: could not search modules: No such file or directory
`,
  );
});
