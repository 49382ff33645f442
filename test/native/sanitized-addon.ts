import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { packageRoot } from '../../src/native/load-binding.ts';
import { withLock } from '../../vm/packages/lock-file.ts';
import { runOrThrow } from './child-process.ts';

const root = packageRoot();
const folder = join(root, 'build-asan');

/**
 * The addon, compiled with AddressSanitizer in a folder of its own; compiled again only when its sources, or the Node
 * that it is for, have changed.
 *
 * @returns the folder for KMODCTL_PREBUILD, the variable by which node-gyp-build finds it instead of the shipped one
 */
export async function sanitizedAddon(): Promise<string> {
  // Several test files want it, at the same time where AVA runs them so.
  await withLock(join(root, 'build', 'sanitized-addon.lock'), {}, compileIfStale);
  return folder;
}

async function compileIfStale(): Promise<void> {
  const fingerprint = sourcesHash();
  const stamp = join(folder, 'sources.sha256');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const each of ['binding.gyp', 'package.json', 'native'])
    cpSync(join(root, each), join(folder, each), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const tool = join(root, 'node_modules', '.bin', 'node-gyp');
  const args = ['rebuild', '--jobs=max', ...headersArgument(), '--', '-Dkmodctl_sanitize=address'];
  await runOrThrow(tool, args, { cwd: folder, timeout: 250_000 });
  writeFileSync(stamp, fingerprint);
}

/** The compiler's AddressSanitizer library; it has to be preloaded, because node itself is not compiled with it. */
export async function sanitizerLibrary(): Promise<string> {
  return (await runOrThrow('cc', ['-print-file-name=libasan.so'])).trim();
}

function sourcesHash(): string {
  const hash = createHash('sha256').update(process.version);
  const native = readdirSync(join(root, 'native')).map((name) => join('native', name));
  for (const each of ['binding.gyp', ...native]) hash.update(each).update(readFileSync(join(root, each)));
  return hash.digest('hex');
}

// Headers beside the running Node need no download.
function headersArgument(): string[] {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}
