/**
 * Makes the code of the bundles in dist/cli: runs a tool in this process on a small tree of modules, so that what most runs need
 * is compiled, and writes what V8 made of it beside the bundles.
 *
 *   node vm/bundle-code.mjs TOOL
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleLoader, codeFile } from '../dist/src/cli/bundle-loader.js';
import { writeIndex } from '../dist/src/index-files/index-writer.js';

const RELEASE = '6.99.0';
const folder = fileURLToPath(new URL('../dist/cli', import.meta.url));
const [, , tool = ''] = process.argv;

const root = mkdtempSync(join(tmpdir(), 'kmodctl-code-'));
const modules = join(root, 'lib/modules', RELEASE);
try {
  writeTree();
  const scripts = new Map();
  const load = bundleLoader({
    require: createRequire(import.meta.url),
    folder,
    codeOf: () => undefined,
    onScript: (file, script) => scripts.set(file, script),
  });
  const { run } = load(`./${tool}.cjs`);
  for (const argv of runs(tool)) await run(['node', `/${tool}`, ...argv], io());
  for (const [file, script] of scripts) writeFileSync(codeFile(file, process), script.createCachedData());
} finally {
  rmSync(root, { recursive: true });
}

/** Command lines as they are usual, as far as they change nothing. */
function runs(name) {
  const place = ['-d', root, '-S', RELEASE];
  const file = join(modules, 'kernel/alpha.ko');
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

function put(path, content) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
}

function writeTree() {
  const index = (name, entries) =>
    put(
      `lib/modules/${RELEASE}/modules.${name}.bin`,
      writeIndex(entries.map(([key, value], priority) => ({ key, value, priority }))),
    );
  index('dep', [
    ['alpha', 'kernel/alpha.ko: kernel/beta.ko kernel/gamma.ko.xz'],
    ['beta', 'kernel/beta.ko: kernel/gamma.ko.xz'],
    ['gamma', 'kernel/gamma.ko.xz:'],
    ['delta', 'kernel/delta.ko:'],
  ]);
  index('builtin', [['epsilon', '']]);
  index('alias', [
    ['pci:v00008086d0000153Asv*sd*bc*sc*i*', 'alpha'],
    ['pci:v00008086d0000153Bsv*sd*bc*sc*i*', 'beta'],
    ['crypto-delta', 'delta'],
    ['fs-[ab]*', 'beta'],
  ]);
  index('builtin.alias', [['platform:epsilon', 'epsilon']]);
  index('symbols', [['symbol:alpha', 'alpha']]);
  for (const name of ['alpha.ko', 'beta.ko', 'delta.ko'])
    put(`lib/modules/${RELEASE}/kernel/${name}`, '\x7fELF\x02\x01\x01\0\0\0\0\0');
  put(`lib/modules/${RELEASE}/kernel/gamma.ko.xz`, Buffer.from('fd377a585a000001', 'hex'));
  put(
    `lib/modules/${RELEASE}/modules.softdep`,
    '# soft\nsoftdep alpha pre: crypto-delta\nsoftdep beta post: epsilon\n',
  );
  put(`lib/modules/${RELEASE}/modules.weakdep`, '# weak\nweakdep alpha delta\n');
  put(`lib/modules/${RELEASE}/modules.devname`, '# devices\nbtrfs-control btrfs-control c10:234\n');
  put(`lib/modules/${RELEASE}/modules.order`, 'kernel/alpha.ko\n');
  put(
    'etc/modprobe.d/some.conf',
    '# text\noptions alpha debug=1\nblacklist omega\nalias other alpha\noptions beta a=1 \\\n b=2\n',
  );
  put('proc/cmdline', 'root=/dev/sda ro quiet alpha.first=1\n');
  put('proc/modules', 'zeta 16384 0 - Live 0x0000000000000000\neta 16384 1 zeta, Live 0x0000000000000000\n');
  for (const name of ['zeta', 'eta']) put(`sys/module/${name}/initstate`, 'live\n');
  put('sys/module/compression', 'xz\n');
}
