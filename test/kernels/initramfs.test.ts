import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ArchiveTree } from '../../vm/initramfs/archive-tree.ts';
import { writeArchive } from '../../vm/initramfs/archive-writer.ts';
import { cpioHeader } from '../../vm/initramfs/cpio.ts';
import { addExtraFiles } from '../../vm/initramfs/extra-files.ts';
import { moduleClosure, parseModulesDep } from '../../vm/initramfs/module-closure.ts';
import { parseLdd } from '../../vm/initramfs/node-runtime.ts';
import { packagePart } from '../../vm/initramfs/package-part.ts';

const directory = mkdtempSync(join(tmpdir(), 'kmodctl-initramfs-test-'));
test.after.always(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Unpacked {
  readonly mode: number;
  readonly time: number;
  readonly device: readonly [number, number];
  readonly data: Buffer;
}

/** Reads one or more archives in a row as the kernel does, independently of the writer. */
function readArchives(bytes: Buffer): Map<string, Unpacked> {
  const entries = new Map<string, Unpacked>();
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 0) {
      at += 4;
      continue;
    }
    if (bytes.toString('latin1', at, at + 6) !== '070701') throw new Error(`no magic at ${at}`);
    const start = at;
    const field = (index: number): number =>
      Number.parseInt(bytes.toString('latin1', start + 6 + index * 8, start + 14 + index * 8), 16);
    const nameLength = field(11);
    const path = bytes.toString('utf8', at + 110, at + 110 + nameLength - 1);
    const dataStart = (at + 110 + nameLength + 3) & ~3;
    const data = bytes.subarray(dataStart, dataStart + field(6));
    at = (dataStart + field(6) + 3) & ~3;
    if (path !== 'TRAILER!!!')
      entries.set(path, { mode: field(1), time: field(5), device: [field(9), field(10)], data });
  }
  return entries;
}

let archives = 0;

async function archive(...trees: ArchiveTree[]): Promise<Buffer> {
  const path = join(directory, `archive-${archives++}.cpio`);
  const output = await open(path, 'w');
  for (const tree of trees) await writeArchive(output, tree);
  await output.close();
  return readFileSync(path);
}

function sample(): ArchiveTree {
  const tree = new ArchiveTree();
  tree.mergedLinks();
  tree.data('/etc/name', 'guest\n');
  tree.data('/init', '#!/bin/sh\n', 0o755);
  tree.data('/lib/x86_64-linux-gnu/libé.so', new Uint8Array(3));
  tree.link('/sbin/modprobe', '/usr/bin/kmodctl');
  tree.directory('/tmp', 0o1777);
  tree.set('/dev/console', { kind: 'device', mode: 0o600, device: [5, 1] });
  return tree;
}

test('archive: every kind of entry, merged folders, folders before what they hold', async (t) => {
  const entries = readArchives(await archive(sample()));
  t.deepEqual(
    [...entries.keys()],
    [
      'bin dev dev/console etc etc/name init lib lib64 sbin tmp usr usr/bin usr/lib usr/lib/x86_64-linux-gnu',
      'usr/lib/x86_64-linux-gnu/libé.so usr/lib64 usr/sbin usr/sbin/modprobe',
    ].flatMap((line) => line.split(' ')),
  );
  t.is(entries.get('init')?.mode, 0o100755);
  t.is(entries.get('tmp')?.mode, 0o041777);
  t.is(entries.get('sbin')?.data.toString(), 'usr/sbin');
  t.is(entries.get('usr/sbin/modprobe')?.mode, 0o120777);
  t.deepEqual(entries.get('dev/console'), { mode: 0o020600, time: 0, device: [5, 1], data: Buffer.alloc(0) });
  t.deepEqual(entries.get('usr/lib/x86_64-linux-gnu/libé.so')?.data, Buffer.alloc(3));
  t.true([...entries.values()].every(({ time }) => time === 0));
});

test('archive: the same bytes whatever the order of insertion, in blocks of 512', async (t) => {
  const forward = new ArchiveTree();
  const backward = new ArchiveTree();
  const names = ['/a/b', '/a', '/z', '/a-b', '/a.c/d'];
  for (const name of names) forward.data(`${name}/f`, name);
  for (const name of names.toReversed()) backward.data(`${name}/f`, name);
  const bytes = await archive(forward);
  t.deepEqual(bytes, await archive(backward));
  t.is(bytes.length % 512, 0);
});

test('archive: files of the host, of every length around the padding and the buffer', async (t) => {
  const tree = new ArchiveTree();
  const lengths = [0, 1, 2, 3, 4, 5, 511, 512, 1_048_575, 1_048_576, 1_048_577, 2_500_001];
  for (const length of lengths) {
    const source = join(directory, `source-${length}`);
    writeFileSync(source, Buffer.alloc(length, `${length} `));
    tree.file(`/f/${length}`, source, 0o640);
  }
  const entries = readArchives(await archive(tree));
  for (const length of lengths) {
    t.is(entries.get(`f/${length}`)?.mode, 0o100640);
    t.true(entries.get(`f/${length}`)?.data.equals(Buffer.alloc(length, `${length} `)), `${length} bytes`);
  }
});

test('archives in a row: later entries win', async (t) => {
  const second = new ArchiveTree();
  second.data('/etc/name', 'other\n');
  t.is(
    readArchives(await archive(sample(), second))
      .get('etc/name')
      ?.data.toString(),
    'other\n',
  );
});

test('archive: what cannot be written is refused', async (t) => {
  t.throws(() => cpioHeader({ path: 'x', mode: 0o100644, size: 2 ** 32, inode: 1 }), {
    instanceOf: RangeError,
  });
  const tree = new ArchiveTree();
  t.throws(() => tree.data('/', ''), { instanceOf: TypeError });
  tree.file('/x', join(directory, 'missing'));
  await t.throwsAsync(archive(tree), { code: 'ENOENT' });
});

function keyOf(
  ...parameters: Parameters<typeof addExtraFiles> extends [unknown, infer Files] ? [Files] : never
): string {
  return addExtraFiles(new ArchiveTree(), ...parameters);
}

test('extra files: every form, and a key that follows contents, modes and paths but not their order', async (t) => {
  const source = join(directory, 'extra');
  writeFileSync(source, 'host', { mode: 0o750 });
  const tree = new ArchiveTree();
  addExtraFiles(tree, {
    '/a': 'text',
    '/b': new Uint8Array([1]),
    '/c': { content: 'run', mode: 0o755 },
    '/d': { source },
    '/e': { target: '/a' },
  });
  const entries = readArchives(await archive(tree));
  const shown = [...entries].map(([path, { mode, data }]) => [path, mode, data.toString('latin1')]);
  t.deepEqual(shown, [
    ['a', 0o100644, 'text'],
    ['b', 0o100644, '\x01'],
    ['c', 0o100755, 'run'],
    ['d', 0o100750, 'host'],
    ['e', 0o120777, '/a'],
  ]);
  t.is(keyOf({ '/a': 'x', '/b': 'y' }), keyOf({ '/b': 'y', '/a': 'x' }));
  const keys = [
    { '/a': 'x' },
    { '/a': 'y' },
    { '/b': 'x' },
    { '/a': { content: 'x', mode: 0o600 } },
    { '/a': { target: 'x' } },
    {},
  ].map((files) => keyOf(files));
  t.is(new Set(keys).size, keys.length);
  const before = keyOf({ '/d': { source } });
  writeFileSync(source, 'longer than before');
  t.not(keyOf({ '/d': { source } }), before);
  t.throws(() => keyOf({ relative: '' }), { instanceOf: TypeError, message: /absolute path/ });
});

const dependencies = `kernel/fs/btrfs/btrfs.ko.xz: kernel/crypto/xor.ko.xz kernel/lib/raid6/raid6_pq.ko.xz
kernel/crypto/xor.ko.xz:
kernel/lib/raid6/raid6_pq.ko.xz:
kernel/net/8021q/8021q.ko: kernel/net/802/garp.ko
kernel/net/802/garp.ko: kernel/net/llc/llc.ko
kernel/net/llc/llc.ko:
kernel/drivers/char/hw_random/virtio-rng.ko.zst:
kernel/a/circle-a.ko: kernel/a/circle_b.ko
kernel/a/circle_b.ko: kernel/a/circle-a.ko

a line of another form
`;

function closure(t: ExecutionContext, names: readonly string[] | 'all', expected: readonly string[]): void {
  const paths = moduleClosure(parseModulesDep(dependencies), names);
  t.deepEqual(
    paths.map((path) => path.slice(path.lastIndexOf('/') + 1)),
    [...expected],
  );
}

test('modules with what they need, sorted by path', (t) => {
  closure(t, ['btrfs'], ['xor.ko.xz', 'btrfs.ko.xz', 'raid6_pq.ko.xz']);
  closure(t, ['8021q'], ['garp.ko', '8021q.ko', 'llc.ko']);
  closure(t, ['virtio_rng'], ['virtio-rng.ko.zst']);
  closure(t, ['virtio-rng', 'virtio_rng'], ['virtio-rng.ko.zst']);
  closure(t, ['circle_a'], ['circle-a.ko', 'circle_b.ko']);
  closure(t, ['unknown', 'constructor', ''], []);
  t.is(moduleClosure(parseModulesDep(dependencies), 'all').length, 9);
});

test("libraries in ldd's output", (t) => {
  const text = `	linux-vdso.so.1 (0x00007f40bcc65000)
	libstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007f40bca00000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f40bc73e000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f40bcc67000)
`;
  t.deepEqual(parseLdd(text), [
    '/lib/x86_64-linux-gnu/libstdc++.so.6',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
  t.throws(() => parseLdd('\tlibfoo.so.1 => not found\n'), {
    code: 'ERR_KMOD_VM_KERNEL',
    message: /libfoo\.so\.1/,
  });
});

test("the package's part: code without declarations, links, and a hash that follows the contents", (t) => {
  const root = join(directory, 'package');
  const put = (path: string, text = ''): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('package.json', '{"name":"kmodctl"}');
  for (const path of [
    'dist/lib/index.js',
    'dist/cli/modprobe.1-x64.code',
    'dist/src/index.js',
    'dist/src/index.d.ts',
    'dist/src/index.js.map',
    'dist/vm/a/b.js',
    'dist/test/x.js',
  ])
    put(path);
  put('dist/cli/kmodctl.cjs');
  put('vm/guest/init');
  put('node_modules/node-gyp-build/package.json', '{"name":"node-gyp-build","main":"index.js"}');
  put('node_modules/node-gyp-build/index.js');
  t.throws(() => packagePart(root), { code: 'ERR_KMOD_VM_BUILD', message: /npm run build:native/ });
  put('prebuilds/linux-x64/kmodctl.glibc.node');
  const prebuilt = packagePart(root);
  put('build/Release/kmodctl.node');
  const { tree, hash } = packagePart(root);
  const place = 'usr/lib/node_modules/kmodctl/';
  const files = tree
    .entries()
    .flatMap(([path, { kind }]) => (kind === 'data' ? path.replace(place, '') : []));
  t.deepEqual(files, [
    'init',
    'build/Release/kmodctl.node',
    'dist/cli/kmodctl.cjs',
    'dist/cli/modprobe.1-x64.code',
    'dist/lib/index.js',
    'dist/src/index.js',
    'dist/vm/a/b.js',
    'node_modules/node-gyp-build/index.js',
    'node_modules/node-gyp-build/package.json',
    'package.json',
  ]);
  const links = tree.entries().flatMap(([path, { kind }]) => (kind === 'link' ? path : []));
  t.deepEqual(links, [
    'usr/bin/kmodctl',
    // Without modprobe, which the kernel would start at boot: init makes that link.
    ...['depmod', 'insmod', 'ksyms', 'lsmod', 'modinfo', 'rmmod'].map((name) => `usr/sbin/${name}`),
  ]);
  t.is(packagePart(root).hash, hash);
  t.not(prebuilt.hash, hash);
  put('dist/cli/modprobe.1-x64.code', 'compiled anew, of the same text');
  t.is(packagePart(root).hash, hash);
  put('dist/src/index.js', '1');
  t.not(packagePart(root).hash, hash);
});
