import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { KmodError } from '../errors/kmod-error.ts';
import type { NativeBinding } from './binding.ts';

let loaded: NativeBinding | undefined;

/**
 * The addon, loaded at the first call and never before: commands that only read files do not pay for it and work
 * where it is missing.
 *
 * @throws KmodError `ERR_KMOD_PLATFORM` off Linux, `ERR_KMOD_NATIVE_LOAD` where no binary fits
 */
export function nativeBinding(): NativeBinding {
  loaded ??= load();
  return loaded;
}

/** The folder of this package: works for the compiled ESM files and for the bundled CLI alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isPackageRoot(folder)) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new KmodError('ERR_KMOD_NATIVE_LOAD', 'The folder of the package kmodctl was not found.');
    folder = parent;
  }
  return folder;
}

function isPackageRoot(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && /"name":\s*"kmodctl"/.test(readFileSync(file, 'utf8'));
}

function load(): NativeBinding {
  if (process.platform !== 'linux')
    throw new KmodError(
      'ERR_KMOD_PLATFORM',
      `The addon (module system calls; unpacking of xz and zstd) exists on Linux only, this is ${process.platform}. Reading module trees, indexes and configuration works here.`,
    );
  const root = packageRoot();
  try {
    const require = createRequire(join(root, 'package.json'));
    const find = require('node-gyp-build') as (folder: string) => NativeBinding;
    return find(root);
  } catch (cause) {
    throw new KmodError('ERR_KMOD_NATIVE_LOAD', loadFailureText(root, cause), { cause, path: root });
  }
}

// The tools go to a folder of their own: installed into the package's folder, npm would bring all that its development
// needs, and installed beside it, among global packages, it would remove the others.
function loadFailureText(root: string, cause: unknown): string {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return [
    `The addon of kmodctl could not be loaded for ${process.platform}-${process.arch}, Node ${process.version}: ${reason}`,
    `  looked in: ${join(root, 'build/Release')}, ${join(root, 'prebuilds')}`,
    `  remedy: (cd '${root}' && npm install --prefix build-tools node-addon-api@8 node-gyp@12 &&`,
    '    NODE_PATH=$PWD/build-tools/node_modules build-tools/node_modules/.bin/node-gyp rebuild)',
    '  which needs python3, make and a C++17 compiler.',
  ].join('\n');
}
