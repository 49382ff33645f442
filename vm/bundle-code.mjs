/**
 * Makes the code of the bundles in dist/cli: runs each in this process on a small tree of modules, so that what most runs need
 * is compiled, and writes what V8 made of it beside the bundle.
 *
 *   node vm/bundle-code.mjs BUNDLE...
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleLoader, codeFile } from '../dist/src/cli/bundle-loader.js';
import { subcommands } from '../dist/src/cli/kmodctl-subcommands.js';
import { RELEASE, writeSample } from './bundle-sample.mjs';

/** In milliseconds. A command that goes on until it is stopped has done by then what is wanted of it here. */
const LONGEST_RUN = 300;

const folder = fileURLToPath(new URL('../dist/cli', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'kmodctl-code-'));
try {
  writeSample(root);
  for (const bundle of process.argv.slice(2)) await makeCode(bundle);
} finally {
  rmSync(root, { recursive: true });
}
process.exit();

async function makeCode(bundle) {
  const scripts = new Map();
  const load = bundleLoader({
    require: createRequire(import.meta.url),
    folder,
    codeOf: () => undefined,
    onScript: (file, script) => scripts.set(file, script),
  });
  const { run } = load(`./${bundle}.cjs`);
  for (const argv of runs(bundle)) await Promise.race([run(argv, io()), timeUp()]);
  for (const [file, script] of scripts) writeFileSync(codeFile(file, process), script.createCachedData());
}

function timeUp() {
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_RUN).unref();
  });
}

/** Command lines as they are usual, as far as they change nothing outside of the sample. */
function runs(bundle) {
  if (bundle === 'main') return mainRuns().map((argv) => ['node', '/kmodctl', ...argv]);
  const name = bundle.replace(/^kmodctl-/, '');
  if (name === bundle) return toolRuns(name).map((argv) => ['node', `/${name}`, ...argv]);
  return commandRuns(name).map((argv) => ['node', '/kmodctl', name, ...argv]);
}

function toolRuns(name) {
  const place = ['-d', root, '-S', RELEASE];
  const file = join(root, 'lib/modules', RELEASE, 'kernel/alpha.ko');
  switch (name) {
    case 'modprobe':
      return [
        ['-n', '-v', ...place, 'alpha', 'debug=1'],
        ['-n', ...place, 'pci:v00008086d0000153Asv00001028sd000005A3bc02sc00i00'],
        ['-q', ...place, '--', 'alpha'],
        ['-a', ...place, 'beta', 'delta'],
        ['-r', ...place, 'zeta'],
        ['--help'],
      ];
    case 'insmod':
      return [[file, 'debug=1']];
    case 'rmmod':
      return [['alpha']];
    case 'modinfo':
      return [['-b', root, '-k', RELEASE, 'alpha'], [file]];
    case 'depmod':
      return [['-n', '-b', root, RELEASE]];
    default:
      return [[]];
  }
}

/** With operands of the kind that the command's manual names, as text and as JSON. */
function commandRuns(name) {
  const { options, manual } = subcommands[name];
  const place = [
    ...(options.includes('root') ? ['-d', root] : []),
    ...(options.includes('release') ? ['-S', RELEASE] : []),
  ];
  const json = options.includes('json') ? [['--json']] : [];
  return [[], ...json].flatMap((form) =>
    operandsOf(name, manual).map((words) => [...place, ...form, ...words]),
  );
}

function operandsOf(name, { operands }) {
  switch (name) {
    case 'config':
      return [['show'], ['explain', 'alpha'], ['lint']];
    case 'helper':
      return [['status']];
    default:
  }
  switch (operands) {
    case 'module-and-parameters':
      return [['alpha'], ['delta', 'debug=1'], ['nothing']];
    case 'modules':
      return [['alpha'], ['beta', 'delta']];
    case 'loaded':
      return [['zeta']];
    default:
      return [[]];
  }
}

function mainRuns() {
  return [
    ['help'],
    ['__complete', 'kmodctl '],
    ['__complete', 'kmodctl load --'],
    ['__complete', 'modprobe a'],
  ];
}

function refuse() {
  throw Object.assign(new Error('not now'), { code: 'EPERM', errno: -1 });
}

function io() {
  return {
    stdout: () => {},
    stderr: () => {},
    env: {},
    workingDirectory: root,
    root,
    kernel: { root },
    release: RELEASE,
    syscalls: {
      initModule: refuse,
      initModuleSync: refuse,
      finitModule: () => {},
      finitModuleSync: () => {},
      deleteModule: refuse,
      deleteModuleSync: refuse,
    },
  };
}
