import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { cacheDirectory, publishDirectory } from '../../vm/packages/cache-directory.ts';
import { asCacheError } from '../../vm/packages/cache-failure.ts';
import { isProcessAlive, isStale, withLock } from '../../vm/packages/lock-file.ts';
import { runTool } from '../../vm/packages/tool-process.ts';
import { createMergedRoot, unpackPackages } from '../../vm/packages/unpack.ts';

const directory = mkdtempSync(join(tmpdir(), 'kmodctl-cache-test-'));
test.after.always(() => {
  rmSync(directory, { recursive: true, force: true });
});

function startTimeOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Pid of a process that has just ended. */
async function endedPid(): Promise<number> {
  const child = spawn('true');
  const { pid = 0 } = child;
  await new Promise((resolve) => child.once('exit', resolve));
  return pid;
}

test('cache folder: own variable, XDG, home', (t) => {
  t.is(cacheDirectory({ KMODCTL_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a');
  t.is(cacheDirectory({ KMODCTL_CACHE: '', XDG_CACHE_HOME: '/b' }), '/b/kmodctl');
  t.regex(cacheDirectory({ XDG_CACHE_HOME: 'relative' }), /\/\.cache\/kmodctl$/);
});

test('lock: work of one process at a time, in turn, and the file is gone after', async (t) => {
  const path = join(directory, 'turns.lock');
  let inside = 0;
  const order: number[] = [];
  const work = async (name: number): Promise<void> =>
    withLock(path, {}, async () => {
      t.is(++inside, 1);
      await delay(20);
      order.push(name);
      inside--;
    });
  await Promise.all([work(1), work(2), work(3)]);
  t.is(order.length, 3);
  t.false(existsSync(path));
});

test('lock: released when the work fails', async (t) => {
  const path = join(directory, 'failing.lock');
  const work = withLock(path, {}, async () => Promise.reject(new Error('no')));
  await t.throwsAsync(work, { message: 'no' });
  t.false(existsSync(path));
});

test('lock: a holder that is alive is waited for and named; a signal ends the waiting', async (t) => {
  const path = join(directory, 'held.lock');
  const holder = spawn('sleep', ['60']);
  const { pid = 0 } = holder;
  const owner = `${pid} ${startTimeOf(pid)}`;
  writeFileSync(path, owner);
  t.false(isStale(owner));
  const lines: string[] = [];
  const waiting = withLock(
    path,
    { log: (line) => lines.push(line), signal: AbortSignal.timeout(250) },
    async () => {},
  );
  await t.throwsAsync(waiting, { code: 'ERR_KMOD_VM_ABORTED' });
  t.deepEqual(lines, [`waiting for process ${pid}, which holds ${path}`]);
  holder.kill('SIGKILL');
  await withLock(path, {}, async () => {
    t.regex(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} `));
  });
});

test('lock: taken over from a process that is gone, or whose pid is another process now', async (t) => {
  const gone = await endedPid();
  for (const owner of [`${gone} 12345`, `${process.ppid} 1`, 'rubbish', '']) {
    const path = join(directory, `stale-${owner.replace(' ', '-')}.lock`);
    writeFileSync(path, owner);
    let ran = false;
    await withLock(path, { log: (line) => t.fail(line), signal: AbortSignal.timeout(5000) }, async () => {
      ran = true;
    });
    t.true(ran, owner);
  }
});

test('lock: no process of pid 0, -1 or NaN', (t) => {
  t.deepEqual([0, -1, Number.NaN].map(isProcessAlive), [false, false, false]);
  t.true(isProcessAlive(1));
});

test('publish: complete or not at all, and abandoned attempts are removed', async (t) => {
  const target = join(directory, 'published');
  const abandoned = `${target}.partial-${await endedPid()}-00000000`;
  mkdirSync(abandoned);
  const failing = publishDirectory(target, async (partial) => {
    writeFileSync(join(partial, 'half'), '');
    t.false(existsSync(target));
    throw new Error('stopped');
  });
  await t.throwsAsync(failing, { message: 'stopped' });
  t.false(existsSync(abandoned));
  for (const content of ['first', 'second']) {
    await publishDirectory(target, async (partial) => writeFileSync(join(partial, 'file'), content));
    t.is(readFileSync(join(target, 'file'), 'utf8'), content);
  }
  t.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('published')),
    ['published'],
  );
});

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test('failures to write: no room, no permission, and what is none of both', (t) => {
  t.like(asCacheError(withCode('ENOSPC'), '/c'), { code: 'ERR_KMOD_VM_NO_ROOM' });
  t.like(asCacheError(withCode('EROFS'), '/c'), {
    code: 'ERR_KMOD_VM_PACKAGES',
    message: 'No permission to write in /c. Set KMODCTL_CACHE to a folder of your own.',
  });
  const other = withCode('EIO');
  t.is(asCacheError(other, '/c'), other);
});

test('programs: a missing one is named with its package, an exit code is a result, a signal ends it', async (t) => {
  const environment = { PATH: directory };
  await t.throwsAsync(runTool('zstd', [], { environment }), {
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /Debian's package zstd has it/,
  });
  await t.throwsAsync(runTool('apt-get', [], { environment }), {
    message: /takes apt and dpkg.*KMODCTL_VM_KERNEL/,
  });
  t.deepEqual(await runTool('sh', ['-c', 'echo out; echo err >&2; exit 3']), {
    stdout: 'out\n',
    stderr: 'err\n',
    exitCode: 3,
  });
  const endless = runTool('sleep', ['60'], { signal: AbortSignal.timeout(50) });
  await t.throwsAsync(endless, { code: 'ERR_KMOD_VM_ABORTED', message: 'Aborted while sleep ran' });
});

test('unpacking: files of /lib land in /usr/lib, links stay, documentation is left out', async (t) => {
  const content = join(directory, 'content');
  for (const name of ['DEBIAN', 'lib/modules/1', 'sbin', 'usr/share/doc/x'])
    mkdirSync(join(content, name), { recursive: true });
  writeFileSync(
    join(content, 'DEBIAN/control'),
    'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: none <none@example.org>\nDescription: x\n',
  );
  writeFileSync(join(content, 'lib/modules/1/modules.order'), 'x');
  writeFileSync(join(content, 'usr/share/doc/x/copyright'), 'x');
  symlinkSync('/bin/kmod', join(content, 'sbin/depmod'));
  const file = join(directory, 'x_1_all.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', content, file], { stdio: 'ignore' });
  const root = join(directory, 'root');
  await createMergedRoot(root);
  await unpackPackages([file], root);
  t.deepEqual(readdirSync(root).sort(), ['bin', 'lib', 'lib64', 'sbin', 'usr']);
  t.true(existsSync(join(root, 'usr/lib/modules/1/modules.order')));
  t.deepEqual(readdirSync(join(root, 'usr/sbin')), ['depmod']);
  t.false(existsSync(join(root, 'usr/share/doc/x')));
  t.false(existsSync(file));
  writeFileSync(file, 'no package');
  await t.throwsAsync(unpackPackages([file], root), {
    code: 'ERR_KMOD_VM_PACKAGES',
    message: /unpacking .*x_1_all\.deb/,
  });
});
