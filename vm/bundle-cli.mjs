/**
 * Bundles the library into dist/lib, and the command line into dist/cli: main.cjs with all of it, one file for each tool and each of kmodctl's own commands
 * with that alone, and kmodctl.cjs, which starts them.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { ownCommands } from './bundle-commands.mjs';
import { bundleInParts } from './bundle-parts.mjs';

/** The tools, with the parts that not every run of them needs. */
const tools = {
  depmod: {},
  insmod: {},
  ksyms: {},
  lsmod: {},
  modinfo: {},
  modprobe: {
    'modprobe-help': ['src/cli/modprobe-help.ts'],
    'modprobe-run': [
      'src/cli/insert-failure.ts',
      'src/cli/modprobe-request.ts',
      'src/errors/argument.ts',
      'src/errors/errno.ts',
      'src/execute/file-owner.ts',
      'src/execute/load-run.ts',
      'src/execute/task-schedule.ts',
      'src/native/load-binding.ts',
      'src/native/module-calls.ts',
      'src/native/standard-descriptors.ts',
      'src/native/system-log.ts',
    ],
    'modprobe-removal': ['src/cli/modprobe-remove.ts'],
    'modprobe-rules': [
      'src/cli/modprobe-rules.ts',
      'src/plan/modules-conf/load-plan.ts',
      'src/plan/modules-conf/unload-plan.ts',
    ],
    'modprobe-shows': [
      'src/cli/configuration-dump.ts',
      'src/config/line-remedy.ts',
      'src/index-files/index-dump.ts',
      'src/cli/modprobe-symbols.ts',
    ],
  },
  rmmod: {},
};

/** What the package exports, and the worker that it starts. */
const library = ['src/index.ts', 'src/syscalls.ts', 'src/config.ts', 'src/api/depmod-worker.ts'];

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // All ASCII: otherwise Node would decode it, into a text of twice the size.
  charset: 'ascii',
  legalComments: 'none',
  external: ['node-gyp-build'],
  // What is shorter is compiled sooner; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
};

/** What Node gives a module besides the global names. */
const LOCALS = 'exports,require,module,__filename,__dirname';

const program = {
  ...common,
  define: { KMODCTL_VERSION: JSON.stringify(version), 'import.meta.url': 'bundleUrl' },
  inject: ['vm/bundle-url.mjs'],
  // As a script a bundle is the function that `bundleLoader` calls, without a copy of the text; Node itself can require it all the same.
  banner: { js: `(run=>typeof module=='object'?run(${LOCALS}):run)(function(${LOCALS}){` },
  footer: { js: '})' },
  plugins: [{ name: 'importer', setup: leaveImporterOut }],
};

const commands = ownCommands(root);
removeOldBundles();
await Promise.all([
  build({ ...program, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli/main.cjs' }),
  ...commands.map((command) =>
    build({
      ...program,
      stdin: {
        contents: commandSource(command),
        resolveDir: `${root}/src/cli`,
        sourcefile: `${command.name}-program.ts`,
      },
      outfile: `dist/cli/kmodctl-${command.name}.cjs`,
    }),
  ),
  ...Object.entries(tools).map(([name, parts]) =>
    bundleInParts(program, { name, source: toolSource(name), folder: 'src/cli', parts }),
  ),
  build({ ...common, entryPoints: ['src/native/dynamic-import.ts'], outfile: 'dist/cli/dynamic-import.cjs' }),
  build({
    ...common,
    entryPoints: ['src/cli/entry.ts'],
    outfile: 'dist/cli/kmodctl.cjs',
    define: {
      KMODCTL_VERSION: JSON.stringify(version),
      KMODCTL_COMMANDS: JSON.stringify(commands.map(({ name }) => name)),
      'import.meta.url': '__filename',
    },
    banner: { js: '#!/usr/bin/env node' },
  }),
]);
chmodSync(`${root}/dist/cli/kmodctl.cjs`, 0o755);
await makeCode();
await bundleLibrary();

/** Hundreds of files, each with a module of its own, would take a tenth of a second and ten megabytes to import. */
async function bundleLibrary() {
  const outdir = `${root}/dist/lib`;
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: Object.fromEntries(library.map((file) => [basename(file, '.ts'), file])),
    outdir,
    format: 'esm',
    splitting: true,
    chunkNames: 'shared-[hash]',
    define: { KMODCTL_VERSION: JSON.stringify(version) },
  });
}

/** It has a bundle of its own (`src/cli/bundle-loader.ts` says why). */
function leaveImporterOut(bundler) {
  bundler.onResolve({ filter: /\/dynamic-import\.ts$/ }, ({ kind }) =>
    kind === 'import-statement' ? { path: './dynamic-import.cjs', external: true } : undefined,
  );
}

/** What is there of commands that are no more, or was compiled for other text, is for nobody. */
function removeOldBundles() {
  const folder = `${root}/dist/cli`;
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (/\.(?:cjs|code)$/.test(file)) rmSync(`${folder}/${file}`);
}

/** Compiled code goes beside the bundles that it is of. */
async function makeCode() {
  const names = [...Object.keys(tools), ...commands.map(({ name }) => `kmodctl-${name}`), 'main'];
  await promisify(execFile)(process.execPath, [`${root}/vm/bundle-code.mjs`, ...names], { env: {} });
}

function toolSource(name) {
  const command = `run${name[0].toUpperCase()}${name.slice(1)}`;
  return `import { ${command} } from './${name}.ts';
    import { toolProgram } from './tool-program.ts';
    export const run = toolProgram('${name}', ${command});
    export * from './tool-program.ts';`;
}

function commandSource({ name, exported, file }) {
  return `import { ${exported} } from '${file}';
    import { commandProgram } from './command-program.ts';
    export const run = commandProgram('${name}', ${exported});
    export * from './tool-program.ts';`;
}
