import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { checkIndexes } from '../../src/depmod/check.ts';
import { finishPublication, publishIndexes } from '../../src/depmod/publish.ts';
import { lockRun } from '../../src/depmod/run-lock.ts';
import { packageRoot } from '../../src/native/load-binding.ts';
import { type ChildEnd, runChild, runOrThrow } from '../native/child-process.ts';
import { foundSet, leftovers, publishedSet } from './published-set.ts';

const scratch = mkdtempSync(join(tmpdir(), 'kmodctl-publish-'));
const library = join(scratch, 'fault-injection.so');
const stage = fileURLToPath(new URL('./publish-stage.js', import.meta.url));
let folders = 0;

test.before(async () => {
  const source = join(packageRoot(), 'test/depmod/fault-injection.c');
  await runOrThrow('cc', [
    '-shared',
    '-fPIC',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-o',
    library,
    source,
    '-ldl',
  ]);
});

test.after.always(() => {
  rmSync(scratch, { recursive: true });
});

function newFolder(): string {
  const folder = join(scratch, `folder-${++folders}`);
  mkdirSync(folder);
  return folder;
}

/** Something that happens to a run at one of its system calls. */
interface Fault {
  readonly kind: 'count' | 'kill' | 'crash' | 'full' | 'broken';
  readonly at: number;
  /** Whether the addon is there; without it all is done by the process itself. */
  readonly native: boolean;
}

async function publishWith(folder: string, letter: string, { kind, at, native }: Fault): Promise<ChildEnd> {
  return await runChild(process.execPath, [stage, folder, letter], {
    env: {
      LD_PRELOAD: library,
      FAULT_FOLDER: folder,
      FAULT_KIND: kind,
      FAULT_AT: String(at),
      // A folder without a binary: loading the addon fails.
      ...(!native && { KMODCTL_PREBUILD: scratch, PREBUILDS_ONLY: '1' }),
    },
  });
}

async function countCalls(native: boolean): Promise<readonly string[]> {
  const folder = newFolder();
  publishIndexes(folder, publishedSet('a'));
  const { stderr } = await publishWith(folder, 'b', { kind: 'count', at: 0, native });
  return [...stderr.matchAll(/fault-injection \d+ (\w+)/g)].map(([, name = '']) => name);
}

for (const native of [true, false])
  test(`all or nothing, whatever happens at whichever system call, ${native ? 'with' : 'without'} the addon`, async (t) => {
    t.timeout(300_000);
    const calls = await countCalls(native);
    const renames = calls.filter((name) => name === (native ? 'renameat' : 'rename'));
    t.is(renames.length, 4, calls.join(' '));
    for (const name of ['mkdir', 'create', 'write', 'fsync', native ? 'unlinkat' : 'rmdir'])
      t.true(calls.includes(name), `${name} in ${calls.join(' ')}`);
    const runs = calls.flatMap((name, index) =>
      (['kill', 'crash', 'full', 'broken'] as const).map(async (kind) => {
        const folder = newFolder();
        const label = `${kind} at call ${index + 1}, ${name}, of ${calls.join(' ')}`;
        publishIndexes(folder, publishedSet('a'));
        const end = await publishWith(folder, 'b', { kind, at: index + 1, native });
        const isDone = foundSet(folder, 'ours') === 'b';
        t.true(isDone || foundSet(folder, 'ours') === 'a', `${label}: ${foundSet(folder, 'ours')}`);
        if (kind === 'kill' || kind === 'crash') t.is(end.signal, 'SIGKILL', label);
        else {
          // A failure that did not matter is none.
          if (end.code !== 0) t.regex(end.stderr, /^ERR_KMOD_PUBLISH: /, label);
          t.is(end.code === 0, isDone && leftovers(folder).length === 0, `${label}: ${end.stderr}`);
          if (!isDone) t.deepEqual(leftovers(folder), [], label);
        }
        if (native && kind === 'kill') {
          // The process that moves the files goes on: other readers, too, find one set in the end.
          await untilGone(join(folder, '.depmod-commit'));
          t.true(['a', 'b'].includes(foundSet(folder, 'plain')), `${label}: ${foundSet(folder, 'plain')}`);
        }
        publishIndexes(folder, publishedSet('c'));
        const after = [foundSet(folder, 'plain'), foundSet(folder, 'ours'), leftovers(folder)];
        t.deepEqual(after, ['c', 'c', []], label);
      }),
    );
    await Promise.all(runs);
  });

async function untilGone(path: string): Promise<void> {
  for (let wait = 0; existsSync(path) && wait < 200; wait++) await sleep(10);
}

test('signals that can be caught do not stop the moves either', async (t) => {
  const folder = newFolder();
  publishIndexes(folder, publishedSet('a'));
  const calls = await countCalls(false);
  t.true(calls.indexOf('rename') > 0);
  // The signal is sent by the library in place of SIGKILL.
  for (const [index, name] of calls.entries()) {
    if (name !== 'rename') continue;
    const letter = String.fromCodePoint(0x41 + index);
    const end = await runChild(process.execPath, [stage, folder, letter], {
      env: {
        LD_PRELOAD: library,
        FAULT_FOLDER: folder,
        FAULT_KIND: 'terminate',
        FAULT_AT: String(index + 1),
        KMODCTL_PREBUILD: scratch,
        PREBUILDS_ONLY: '1',
      },
    });
    t.is(end.signal, 'SIGTERM', `call ${index + 1}`);
    t.is(foundSet(folder, 'plain'), letter);
    t.deepEqual(leftovers(folder), []);
  }
});

test('two programs at a time: one set, and nothing left behind', async (t) => {
  t.timeout(120_000);
  const folder = newFolder();
  const letters = Array.from('abcdefghijkl');
  const ends = await Promise.all(
    letters.map((letter) => runChild(process.execPath, [stage, folder, letter])),
  );
  for (const end of ends) t.is(end.code, 0, end.stderr);
  t.true(letters.includes(foundSet(folder, 'plain')), foundSet(folder, 'plain'));
  t.deepEqual(leftovers(folder), []);
});

test('what a killed run has left is finished, or removed', (t) => {
  const folder = newFolder();
  publishIndexes(folder, publishedSet('a'));
  publishIndexes(join(folder, 'elsewhere'), publishedSet('b'));
  renameSync(join(folder, 'elsewhere'), join(folder, '.depmod-commit'));
  rmSync(join(folder, '.depmod-commit/modules.alias')); // moved already
  writeFileSync(join(folder, 'modules.alias'), publishedSet('b')[2]?.content ?? '');
  t.true(foundSet(folder, 'plain').startsWith('mixed'));
  t.is(foundSet(folder, 'ours'), 'b');
  t.true(finishPublication(folder));
  t.is(foundSet(folder, 'plain'), 'b');
  t.deepEqual(leftovers(folder), []);
  t.false(finishPublication(folder));

  const [, namespace = ''] = /\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid')) ?? [];
  const startTime = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ')[19] ?? '';
  const dead = `.depmod-4194304.1.${namespace}.abc`;
  const reused = `.depmod-${process.pid}.1.${namespace}.abc`;
  const alive = `.depmod-${process.pid}.${startTime}.${namespace}.abc`;
  const [foreign, old] = ['.depmod-1.1.77.abc', '.depmod-1.1.77.def'];
  const other = '.depmod-notes';
  for (const name of [dead, reused, alive, foreign, old, other]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'modules.dep'), '');
  }
  utimesSync(join(folder, old), 1e9, 1e9);
  publishIndexes(folder, publishedSet('c'));
  t.deepEqual(leftovers(folder).toSorted(), [alive, foreign, other].toSorted());
  t.is(foundSet(folder, 'plain'), 'c');
});

test('modes do not depend on the umask, other files stay, and the folder is made', (t) => {
  const folder = join(newFolder(), 'lib/modules/1.2');
  const before = process.umask(0o077);
  try {
    publishIndexes(folder, publishedSet('a'));
    writeFileSync(join(folder, 'modules.order'), 'kernel/a.ko\n');
    publishIndexes(folder, publishedSet('b'));
  } finally {
    process.umask(before);
  }
  t.is(statSync(join(folder, 'modules.dep')).mode & 0o7777, 0o644);
  t.is(readFileSync(join(folder, 'modules.order'), 'latin1'), 'kernel/a.ko\n');
  t.deepEqual(readdirSync(folder).toSorted(), [
    'modules.alias',
    'modules.dep',
    'modules.dep.bin',
    'modules.order',
  ]);
});

test('a file that is right already is kept, with a new time', (t) => {
  const folder = newFolder();
  publishIndexes(folder, publishedSet('a'));
  const path = join(folder, 'modules.dep');
  const inode = (name: string): number => statSync(join(folder, name)).ino;
  const before = { dep: inode('modules.dep'), bin: inode('modules.dep.bin') };
  utimesSync(path, 1e9, 1e9);
  publishIndexes(folder, publishedSet('a'));
  t.deepEqual({ dep: inode('modules.dep'), bin: inode('modules.dep.bin') }, before);
  t.true(Date.now() - statSync(path).mtimeMs < 60_000);
  publishIndexes(folder, [...publishedSet('a'), { name: 'modules.new', content: Buffer.from('x') }]);
  t.is(inode('modules.dep'), before.dep);
  // The file by which readers know a new set.
  t.not(inode('modules.dep.bin'), before.bin);
  t.is(readFileSync(join(folder, 'modules.new'), 'latin1'), 'x');
  // Not one that is somebody else's too, has another mode, or is a link.
  linkSync(path, join(folder, 'second'));
  publishIndexes(folder, publishedSet('a'));
  t.not(inode('modules.dep'), before.dep);
  chmodSync(path, 0o600);
  publishIndexes(folder, publishedSet('a'));
  t.is(statSync(path).mode & 0o7777, 0o644);
  renameSync(path, join(folder, 'third'));
  symlinkSync('third', path);
  publishIndexes(folder, publishedSet('a'));
  t.is(foundSet(folder, 'plain'), 'a');
  t.false(lstatSync(path).isSymbolicLink());
});

test('what is in the way is told of before anything is changed', (t) => {
  const folder = newFolder();
  publishIndexes(folder, publishedSet('a'));
  rmSync(join(folder, 'modules.alias'));
  mkdirSync(join(folder, 'modules.alias'));
  const refused = t.throws(() => publishIndexes(folder, publishedSet('b')), { code: 'ERR_KMOD_PUBLISH' });
  t.regex(refused?.message ?? '', /modules\.alias is a folder\. The old ones are as they were\./);
  t.true(readFileSync(join(folder, 'modules.dep'), 'latin1').startsWith('a '));
  t.deepEqual(leftovers(folder), []);
  rmSync(join(folder, 'modules.alias'), { recursive: true });
  writeFileSync(join(folder, '.depmod-commit'), 'not a folder');
  t.throws(() => publishIndexes(folder, publishedSet('b')), {
    code: 'ERR_KMOD_PUBLISH',
    message: /Not a directory/,
  });
  rmSync(join(folder, '.depmod-commit'));
  const file = join(folder, 'modules.dep');
  t.throws(() => publishIndexes(file, publishedSet('b')), { code: 'ERR_KMOD_PUBLISH' });
  t.true(readFileSync(file, 'latin1').startsWith('a '));
});

test('a check names what is not as it should be', (t) => {
  const folder = newFolder();
  const wanted = [...publishedSet('a'), { name: 'modules.empty', content: Buffer.alloc(0) }];
  const names = wanted.map(({ name }) => name);
  const sound = { isCurrent: true, differing: [], missing: [], isInterrupted: false };
  t.deepEqual(checkIndexes(folder, wanted), { ...sound, isCurrent: false, missing: names });
  publishIndexes(folder, wanted);
  t.deepEqual(checkIndexes(folder, wanted), sound);
  writeFileSync(join(folder, 'modules.dep'), readFileSync(join(folder, 'modules.dep')).subarray(1));
  rmSync(join(folder, 'modules.empty'));
  t.deepEqual(checkIndexes(folder, wanted), {
    isCurrent: false,
    differing: ['modules.dep'],
    missing: ['modules.empty'],
    isInterrupted: false,
  });
  publishIndexes(join(folder, 'x'), wanted);
  renameSync(join(folder, 'x'), join(folder, '.depmod-commit'));
  t.deepEqual(checkIndexes(folder, wanted), { ...sound, isCurrent: false, isInterrupted: true });
  t.is(leftovers(folder).length, 1);
});

test('of two runs on a folder the second waits for the first', async (t) => {
  const folder = newFolder();
  const program = `
    const { lockRun } = await import(${JSON.stringify(new URL('../../src/depmod/run-lock.js', import.meta.url))});
    const release = lockRun(${JSON.stringify(folder)}, { onWait: () => process.stdout.write('waits ') });
    process.stdout.write('has it');
    release();
  `;
  const release = lockRun(folder);
  const waits: string[] = [];
  const onWait = (): number => waits.push('waits');
  t.throws(() => lockRun(folder, { patience: 10, onWait }), {
    code: 'ERR_KMOD_PUBLISH',
    message: /Another depmod is at work/,
  });
  t.deepEqual(waits, ['waits']);
  const second = runChild(process.execPath, ['--input-type=module', '-e', program]);
  await sleep(500);
  release();
  t.is((await second).stdout.replace('waits ', ''), 'has it');
  lockRun(folder)();
  lockRun(join(folder, 'missing'))();
});
