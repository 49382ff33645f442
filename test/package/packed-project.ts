import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';

import { packageRoot } from '../../src/native/load-binding.ts';
import { runOrThrow } from '../native/child-process.ts';

/** The package as its users get it. */
export interface PackedProject {
  /** Copy of the checkout with a freshly built `prebuilds`. */
  readonly copy: string;
  /** The file that `npm pack` made of it. */
  readonly tarball: string;
  /** Paths inside the tarball, without the leading `package/`. */
  readonly files: readonly string[];
}

const scratch = mkdtempSync(join(tmpdir(), 'kmodctl-package-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A new folder below this test's own, which is removed at the end. */
export function scratchFolder(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

/** Tests of the documentation put their files there, and take them away, meanwhile. */
const PASSING = 'dist/test/snippets';

/** Builds the prebuilt addon in a copy of the project (prebuildify takes the file out of build/Release), and packs it. */
export async function packProject(): Promise<PackedProject> {
  const root = packageRoot();
  const copy = scratchFolder('project');
  const left = new Set(['.git', 'node_modules', 'build', 'build-asan', 'prebuilds']);
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => !left.has(topLevel(relative(root, path))) && relative(root, path) !== PASSING,
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const prebuildify = join(root, 'node_modules', '.bin', 'prebuildify');
  const args = ['--napi', '--strip', '--tag-libc', '-t', process.versions.node];
  await runOrThrow(prebuildify, args, { cwd: copy, env: headersEnvironment(), timeout: 110_000 });
  const packed = JSON.parse(
    await runOrThrow('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
      cwd: copy,
    }),
  ) as [{ filename: string; files: { path: string }[] }];
  const [{ filename, files }] = packed;
  return { copy, tarball: join(scratch, filename), files: files.map(({ path }) => path) };
}

/** Installs a tarball into a new, empty project; answers that project's folder. */
export async function installTarball(tarball: string, name: string, ...options: string[]): Promise<string> {
  const folder = scratchFolder(name);
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const args = [
    'install',
    '--prefix',
    folder,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...options,
    tarball,
  ];
  await runOrThrow('npm', args, { cwd: folder, timeout: 110_000 });
  return folder;
}

/** Every file below a folder, as paths relative to it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function topLevel(path: string): string {
  return path.split(sep)[0] ?? '';
}

/** For node-gyp: headers beside the running Node need no download. */
export function headersEnvironment(): Record<string, string> {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? { npm_config_nodedir: prefix } : {};
}
