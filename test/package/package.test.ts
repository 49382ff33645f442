import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { packageRoot } from '../../src/native/load-binding.ts';
import { runChild, runOrThrow } from '../native/child-process.ts';
import {
  headersEnvironment,
  installTarball,
  type PackedProject,
  packProject,
  scratchFolder,
} from './packed-project.ts';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly gypfile: boolean;
}

const root = packageRoot();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const prebuiltFolder = `prebuilds/linux-${process.arch}`;

let packed: PackedProject;
let consumer: string;
/** An installation without any binary, made with npm's usual permission to run install scripts. */
let bare: string;
let bareTarball: string;

test.before(async (t) => {
  t.timeout(240_000, 'compiles the addon, and installs the package twice');
  packed = await packProject();
  consumer = await installTarball(packed.tarball, 'consumer', '--ignore-scripts');
  const sources = scratchFolder('without-binary');
  await runOrThrow('tar', ['-xf', packed.tarball, '-C', sources]);
  rmSync(join(sources, 'package', 'prebuilds'), { recursive: true });
  bareTarball = join(sources, 'bare.tgz');
  await runOrThrow('tar', ['-czf', bareTarball, '-C', sources, 'package']);
  bare = await installTarball(bareTarball, 'bare');
});

test('nothing is compiled or run by an installation, and nothing keeps the package off a platform', (t) => {
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
    t.is(manifest.scripts[script], undefined, script);
  t.is(manifest.gypfile, false); // else npm would compile for the sake of binding.gyp
  for (const field of ['os', 'cpu', 'libc', 'optionalDependencies', 'bundleDependencies'])
    t.false(field in manifest, field);
  t.deepEqual(Object.keys(manifest.dependencies), ['node-gyp-build']);
  // npm never installs these by itself.
  t.deepEqual(
    Object.keys(manifest.peerDependencies).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional !== true,
    ),
    [],
  );
  const installed = join(bare, 'node_modules', 'kmodctl');
  t.false(existsSync(join(installed, 'build')));
  t.deepEqual(
    readdirSync(join(bare, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['kmodctl', 'node-gyp-build'],
  );
});

test('the tarball has what is needed to run and to compile, and nothing else', (t) => {
  const prebuilt = packed.files.filter((path) => path.startsWith('prebuilds/'));
  t.is(prebuilt.length, 1);
  t.regex(prebuilt[0] ?? '', new RegExp(`^${prebuiltFolder}/kmodctl\\.(glibc|musl)\\.node$`));
  for (const path of [
    'binding.gyp',
    'LICENSE',
    'package.json',
    'dist/lib/syscalls.js',
    'dist/src/syscalls.d.ts',
  ])
    t.true(packed.files.includes(path), path);
  for (const name of readdirSync(join(root, 'native'))) t.true(packed.files.includes(`native/${name}`), name);
  const surplus = packed.files.filter(
    (path) => /(^|\/)(test|bench|build|node_modules)\//.test(path) || /(?<!\.d)\.ts$/.test(path),
  );
  t.deepEqual(surplus, []);
  t.deepEqual(
    packed.files.filter((path) => /^dist\/(?!lib\/).*\.js$/.test(path) && !existsSync(sourceOf(path))),
    [],
    'left over in dist from a source that is gone',
  );
});

function sourceOf(path: string): string {
  return join(root, path.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
}

test('publint has nothing to say', async (t) => {
  const end = await runChild(join(root, 'node_modules', '.bin', 'publint'), ['--strict', packed.tarball]);
  t.is(end.code, 0, end.stdout + end.stderr);
});

test('the prebuilt addon runs on the oldest C and C++ libraries promised', async (t) => {
  const file = prebuiltFile();
  const symbols = await runOrThrow('objdump', ['-T', file]);
  const newest = (library: string): string =>
    [...symbols.matchAll(new RegExp(`\\(${library}_([\\d.]+)\\)`, 'g'))]
      .map(([, version = '']) => version)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .at(-1) ?? '';
  t.true(atMost(newest('GLIBC'), '2.34'), newest('GLIBC'));
  t.true(atMost(newest('GLIBCXX'), '3.4.22'), newest('GLIBCXX'));
  t.notRegex(symbols, /\.debug/);
  // Neither debug information nor the C++ library may be in it; a third of it is what depmod does in C++.
  const { byteLength } = readFileSync(file);
  t.true(byteLength < 500_000, `${byteLength} bytes`);
});

function prebuiltFile(): string {
  const path = packed.files.find((each) => each.startsWith('prebuilds/')) ?? '';
  return join(packed.copy, path);
}

function atMost(version: string, limit: string): boolean {
  return version !== '' && version.localeCompare(limit, 'en', { numeric: true }) <= 0;
}

const refusedCall = `
import { readFileSync } from 'node:fs';
import { deleteModuleSync } from 'kmodctl/syscalls';
let error;
try { deleteModuleSync('no such module'); } catch (caught) { error = caught; }
const mapped = /\\S+\\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? null;
const { code, syscall, message } = error;
console.log(JSON.stringify({ code, syscall, message, mapped }));
`;

interface RefusedCall {
  readonly code: string;
  readonly syscall?: string;
  readonly message: string;
  readonly mapped: string | null;
}

async function callFrom(folder: string): Promise<RefusedCall> {
  const args = ['--input-type=module', '--eval', refusedCall];
  return JSON.parse(await runOrThrow(process.execPath, args, { cwd: folder })) as RefusedCall;
}

test('the installed package makes its calls through the prebuilt addon', async (t) => {
  const installed = join(consumer, 'node_modules', 'kmodctl');
  t.false(existsSync(join(installed, 'build')));
  const { syscall, mapped } = await callFrom(consumer);
  t.is(syscall, 'delete_module');
  t.true(mapped?.startsWith(join(installed, prebuiltFolder)), String(mapped));
});

test('without a binary a call says where it looked and what to do', async (t) => {
  const { code, message, mapped } = await callFrom(bare);
  t.is(code, 'ERR_KMOD_NATIVE_LOAD');
  t.is(mapped, null);
  const installed = join(bare, 'node_modules', 'kmodctl');
  t.true(message.includes(`linux-${process.arch}, Node ${process.version}`), message);
  t.true(message.includes(join(installed, 'prebuilds')), message);
  t.true(message.includes(`remedy: (cd '${installed}' && npm install`), message);
});

test('the remedy that a missing binary names does mend it', async (t) => {
  t.timeout(240_000, 'fetches the tools and compiles the addon');
  const folder = await installTarball(bareTarball, 'mended');
  const { message } = await callFrom(folder);
  const [, remedy = ''] = /remedy: ([^]*rebuild\))/.exec(message) ?? [];
  await runOrThrow('sh', ['-c', remedy], { cwd: folder, env: headersEnvironment(), timeout: 110_000 });
  const { syscall, mapped } = await callFrom(folder);
  t.is(syscall, 'delete_module');
  t.is(mapped?.slice(folder.length), '/node_modules/kmodctl/build/Release/kmodctl.node');
  t.deepEqual(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['kmodctl', 'node-gyp-build'],
  );
});

test('a broken binary is named with the reason', async (t) => {
  const folder = await installTarball(packed.tarball, 'broken', '--ignore-scripts');
  const prebuilt = join(folder, 'node_modules', 'kmodctl', prebuiltFolder);
  for (const name of readdirSync(prebuilt)) writeFileSync(join(prebuilt, name), 'not a library');
  const { code, message } = await callFrom(folder);
  t.is(code, 'ERR_KMOD_NATIVE_LOAD');
  t.regex(message, /\.node: (file too short|invalid ELF header)/);
});

test('the command line works from an installation, and reads without a binary', async (t) => {
  for (const folder of [consumer, bare]) {
    const program = join(folder, 'node_modules', '.bin', 'kmodctl');
    const version = await runOrThrow(program, ['--version']);
    t.regex(version, /^kmodctl \d+\.\d+\.\d+\n$/);
    t.regex(await runOrThrow(program, ['--help']), /^Usage: kmodctl COMMAND/);
    const listing = await runChild(program, ['lsmod']);
    if (existsSync('/proc/modules')) t.regex(listing.stdout, /^Module +Size +Used by\n/);
    else t.regex(listing.stderr, /could not open \/proc\/modules: No such file or directory/);
    const linked = join(folder, 'lsmod');
    symlinkSync(program, linked);
    t.deepEqual(await runChild(linked, []), listing);
  }
});

test('the published types compile under strict settings, library declarations included', async (t) => {
  const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');
  const names = subpaths.map((path, index) => [`entry${index}`, path.replace(/^\./, 'kmodctl')] as const);
  writeFileSync(
    join(consumer, 'consumer.ts'),
    [
      ...names.map(([name, path]) => `import * as ${name} from '${path}';`),
      `import { finitModule, type ModuleCalls, ModuleSystemError } from 'kmodctl/syscalls';`,
      `export const entries: readonly object[] = [${names.map(([name]) => name).join(', ')}];`,
      'export const promise: Promise<void> = finitModule(3, "a=1", 0, { path: "/a.ko" });',
      'export const errno = (error: ModuleSystemError): number => error.errno;',
      'export const calls = (given: ModuleCalls): void => given.deleteModuleSync("a");',
      '// @ts-expect-error a path is not a descriptor',
      'export const wrong = finitModule("/a.ko");',
      '',
    ].join('\n'),
  );
  const settings = {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    files: ['consumer.ts'],
  };
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(settings));
  const end = await runChild(join(root, 'node_modules', '.bin', 'tsc'), ['-p', consumer], { cwd: consumer });
  t.is(end.code, 0, end.stdout + end.stderr);
  t.true(names.length >= 3);
});

test('every export can be imported from the installation without loading the addon', async (t) => {
  const subpaths = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'kmodctl'));
  const script = `
    import { readFileSync } from 'node:fs';
    for (const path of ${JSON.stringify(subpaths)})
      await import(path, path.endsWith('.json') ? { with: { type: 'json' } } : undefined);
    console.log(/\\.node$/m.test(readFileSync('/proc/self/maps', 'utf8')));`;
  const args = ['--no-warnings', '--input-type=module', '--eval', script];
  t.is(await runOrThrow(process.execPath, args, { cwd: consumer }), 'false\n');
});
