import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import test from 'ava';

import { packageRoot } from '../../src/native/load-binding.ts';
import { type ChildEnd, runChild, runOrThrow } from './child-process.ts';
import { nodeBinary, supportedMajors } from './node-versions.ts';

const program = fileURLToPath(new URL('./unpack-stage.js', import.meta.url));
const addon = join(packageRoot(), 'build', 'Release', 'kmodctl.node');

const folder = mkdtempSync(join(tmpdir(), 'kmodctl-unpack-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

async function stage(name: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  return JSON.parse(await runOrThrow(process.execPath, ['--expose-gc', program, name], { env })) as unknown;
}

interface Refused {
  readonly code: string;
  readonly message: string;
}
type Refusals = Readonly<Record<string, readonly (Refused | 'unpacked')[]>>;

const gzip = 'gzip';
const xz = 'xz, CRC32';
const zstd = 'zstd with content size';

test('addon and libraries are loaded when they are needed, and not before', async (t) => {
  t.deepEqual(await stage('lazy'), [
    [],
    [],
    ['kmodctl.node'],
    ['kmodctl.node', 'liblzma'],
    ['kmodctl.node', 'liblzma', 'libzstd'],
  ]);
});

const expected = {
  [xz]: /^a\.ko is compressed with xz, and the library liblzma\.so\.5 .* could not be loaded: (.*)\. Install the package liblzma5 \(Debian, Ubuntu\) or xz-libs \(Fedora\)\.$/,
  [zstd]:
    /^a\.ko is compressed with zstd, and the library libzstd\.so\.1 .* could not be loaded: (.*)\. Install the package libzstd1 \(Debian, Ubuntu\) or libzstd \(Fedora\)\.$/,
};

const missing = test.macro(async (t, env: () => Promise<Record<string, string>>, reason: RegExp) => {
  const refused = (await stage('refusals', await env())) as Refusals;
  t.deepEqual(refused[gzip], ['unpacked', 'unpacked', 'unpacked']);
  for (const [name, words] of Object.entries(expected)) {
    t.is(refused[name]?.length, 3);
    for (const one of refused[name] ?? []) {
      const { code, message } = one as Refused;
      t.is(code, 'ERR_KMOD_COMPRESSION_LIBRARY');
      t.regex(words.exec(message)?.[1] ?? message, reason);
    }
  }
});

/** An addon that asks for libraries which no machine has. */
async function addonWithoutLibraries(): Promise<Record<string, string>> {
  const place = join(folder, 'absent', 'build', 'Release');
  mkdirSync(place, { recursive: true });
  const changed = readFileSync(addon, 'latin1')
    .replaceAll('liblzma.so.5\0', 'libabsent1.5\0')
    .replaceAll('libzstd.so.1\0', 'libabsent2.1\0');
  writeFileSync(join(place, 'kmodctl.node'), changed, 'latin1');
  return { KMODCTL_PREBUILD: join(folder, 'absent') };
}

/** Files under the libraries' names that are none. */
async function brokenLibraries(): Promise<Record<string, string>> {
  const place = join(folder, 'broken');
  mkdirSync(place, { recursive: true });
  for (const name of ['liblzma.so.5', 'libzstd.so.1']) writeFileSync(join(place, name), 'not a library');
  return { LD_LIBRARY_PATH: place };
}

/** Libraries that lack the functions. */
async function emptyLibraries(): Promise<Record<string, string>> {
  const place = join(folder, 'empty');
  mkdirSync(place, { recursive: true });
  const source = join(place, 'empty.c');
  writeFileSync(source, 'int lzma_stream_decoder_of_old, ZSTD_of_old;\n');
  for (const name of ['liblzma.so.5', 'libzstd.so.1'])
    await runOrThrow('cc', ['-shared', '-fPIC', '-o', join(place, name), source]);
  return { LD_LIBRARY_PATH: place };
}

test('a library that is not there', missing, addonWithoutLibraries, /libabsent[12].*No such file/);
test('a library that is damaged', missing, brokenLibraries, /broken\/lib.*: file too short/);
test('a library without the functions', missing, emptyLibraries, /undefined symbol: (lzma|ZSTD)_/);

test('without the addon its own error comes through, and gzip still works', async (t) => {
  const place = join(folder, 'no-addon');
  mkdirSync(join(place, 'build', 'Release'), { recursive: true });
  writeFileSync(join(place, 'build', 'Release', 'kmodctl.node'), 'not an addon');
  const refused = (await stage('refusals', { KMODCTL_PREBUILD: place })) as Refusals;
  t.deepEqual(refused[gzip], ['unpacked', 'unpacked', 'unpacked']);
  for (const name of [xz, zstd])
    for (const one of refused[name] ?? []) {
      t.is((one as Refused).code, 'ERR_KMOD_NATIVE_LOAD');
      t.regex((one as Refused).message, /^The addon of kmodctl could not be loaded .*file too short\n/);
    }
});

test('no memory is lost, and a bomb takes no more than its limit', async (t) => {
  t.deepEqual(await stage('memory'), { grown: false, refused: 'ERR_KMOD_TOO_LARGE', bounded: true });
});

async function endOf(major: number, name: string): Promise<ChildEnd> {
  return await runChild(await nodeBinary(major), [program, name]);
}

for (const major of supportedMajors) {
  // Since 22.15 Node has a libzstd in itself, with which the system's must not get mixed up.
  test(`Node ${major}: unpacks with all libraries`, async (t) => {
    const { stdout, stderr } = await endOf(major, 'refusals');
    const all = ['unpacked', 'unpacked', 'unpacked'];
    t.deepEqual([JSON.parse(stdout), stderr], [{ [gzip]: all, [xz]: all, [zstd]: all }, '']);
  });

  test(`Node ${major}: workers are terminated while they unpack`, async (t) => {
    const { code, stdout, stderr } = await endOf(major, 'terminate');
    t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '{"terminated":60}\n', stderr: '' });
  });

  test(`Node ${major}: the process exits while files are unpacked`, async (t) => {
    const { code, stdout, stderr } = await endOf(major, 'exit');
    t.deepEqual({ code, stdout, stderr }, { code: 7, stdout: '"leaving"\n', stderr: '' });
  });
}
