/** Bundles the command line into dist/cli: main.cjs with all of it, depmod.cjs with that alone, kmodctl.cjs that starts them. */
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'utf8',
  legalComments: 'none',
  external: ['node-gyp-build'],
  logLevel: 'warning',
};

const program = {
  ...common,
  define: { KMODCTL_VERSION: JSON.stringify(version), 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

await Promise.all([
  build({ ...program, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli/main.cjs' }),
  build({ ...program, entryPoints: ['src/cli/depmod-main.ts'], outfile: 'dist/cli/depmod.cjs' }),
  build({
    ...common,
    entryPoints: ['src/cli/entry.ts'],
    outfile: 'dist/cli/kmodctl.cjs',
    minifySyntax: true,
    define: { KMODCTL_VERSION: JSON.stringify(version), 'import.meta.url': '__filename' },
    banner: { js: '#!/usr/bin/env node' },
  }),
]);
chmodSync(`${root}/dist/cli/kmodctl.cjs`, 0o755);
