/**
 * Bundles the command line into dist/cli: main.cjs with all of it, one file for each tool with that alone, and kmodctl.cjs,
 * which starts them.
 */
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const tools = ['depmod', 'insmod', 'ksyms', 'lsmod', 'modinfo', 'modprobe', 'rmmod'];

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
  // What is shorter is compiled sooner; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};

const program = {
  ...common,
  define: { KMODCTL_VERSION: JSON.stringify(version), 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

await Promise.all([
  build({ ...program, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli/main.cjs' }),
  ...tools.map((name) =>
    build({
      ...program,
      stdin: { contents: toolSource(name), resolveDir: `${root}/src/cli`, sourcefile: `${name}-program.ts` },
      outfile: `dist/cli/${name}.cjs`,
    }),
  ),
  build({
    ...common,
    entryPoints: ['src/cli/entry.ts'],
    outfile: 'dist/cli/kmodctl.cjs',
    define: { KMODCTL_VERSION: JSON.stringify(version), 'import.meta.url': '__filename' },
    banner: { js: '#!/usr/bin/env node' },
  }),
]);
chmodSync(`${root}/dist/cli/kmodctl.cjs`, 0o755);

function toolSource(name) {
  const command = `run${name[0].toUpperCase()}${name.slice(1)}`;
  return `import { ${command} } from './${name}.ts';
    import { toolProgram } from './tool-program.ts';
    export const run = toolProgram('${name}', ${command});
    export * from './tool-program.ts';`;
}
