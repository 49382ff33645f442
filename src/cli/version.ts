import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageRoot } from '../native/load-binding.ts';

/** Put in by the bundler; absent when the single files run. */
declare const KMODCTL_VERSION: string | undefined;

/** The package's version. */
export function packageVersion(): string {
  if (typeof KMODCTL_VERSION === 'string') return KMODCTL_VERSION;
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** What the tools print for `--version`: like kmod a line for the version and one for what it can do. */
export function toolVersionText(): string {
  return `kmodctl version ${packageVersion()}\n+ZSTD +XZ +ZLIB\n`;
}
